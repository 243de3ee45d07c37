"""How LeanCloud's clients are answered over HTTP: JSON, readable by pages of any origin, and faults as they know them.

No cookie is ever looked at: who asks shows a key or a token in a header, which no foreign page can send by itself.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import msgspec
from aiohttp import hdrs, web

from unisono.domain.errors import Internal, UnisonoError
from unisono.domain.ids import Json
from unisono.gateways.leancloud.refused import Refused
from unisono.ports.telemetry import Telemetry
from unisono.wire.codes import code_of
from unisono.wire.leancloud.codes import error_of

HEADERS: Final = (
    "X-LC-Id",
    "X-LC-Key",
    "X-LC-Sign",
    "X-LC-Session",
    "X-LC-IM-Session-Token",
    "X-LC-UA",
    "X-LC-Prod",
    "X-LC-Hook-Key",
    "Content-Type",
)
"""What clients send beside what every page may."""
PREFLIGHT_KEPT_S: Final = 86_400
BAD_REQUEST: Final = 400
STATUS: Final[dict[int, int]] = {4100: 404, 4102: 401, 4112: 401, 4302: 401, 4303: 404, 4401: 404, 4404: 404}
"""The status of a refusal that has a number of its own; of all others 400."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class HttpRefusal(Exception):
    """A request that is answered with a status, a number and a name that only HTTP has."""

    def __init__(self, status: int, error: str, code: int | None = None) -> None:
        """Keep what is answered. Without a number it is the status."""
        super().__init__(error)
        self.status: Final = status
        self.error: Final = error
        self.code: Final = status if code is None else code


def answered(value: Json, *, status: int = 200) -> web.Response:
    """Answer with a value."""
    return web.Response(body=msgspec.json.encode(value), status=status, content_type="application/json")


def told(problem: UnisonoError | Refused | HttpRefusal) -> web.Response:
    """Answer with what went wrong: `{code, error}`, and `detail` where there is more to say."""
    match problem:
        case HttpRefusal():
            return answered({"code": problem.code, "error": problem.error}, status=problem.status)
        case Refused():
            error, detail = problem.error, problem.detail
            status = STATUS.get(error.code, BAD_REQUEST)
        case _:
            error, detail, status = error_of(problem), problem.message, code_of(problem).status
    body: dict[str, Json] = {"code": error.code, "error": error.name}
    response = answered(body if detail is None else {**body, "detail": detail}, status=status)
    if isinstance(problem, UnisonoError) and problem.retry_after_ms is not None:
        response.headers[hdrs.RETRY_AFTER] = str(-(-problem.retry_after_ms // 1000))
    return response


def serve(router: web.UrlDispatcher, telemetry: Telemetry, path: str, by_method: dict[str, Handler]) -> None:
    """Register the handlers of a path, with the preflight of browsers and an answer to all other methods."""
    resource = router.add_resource(path)
    methods = (*by_method, hdrs.METH_OPTIONS)
    for method, handler in by_method.items():
        resource.add_route(method, _guarded(handler, telemetry))
    resource.add_route(hdrs.METH_OPTIONS, _guarded(_preflight(methods), telemetry))
    resource.add_route("*", _guarded(_wrong_method(methods), telemetry))


def _guarded(handler: Handler, telemetry: Telemetry) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        response: web.StreamResponse
        try:
            response = await handler(request)
        except (UnisonoError, Refused, HttpRefusal) as problem:
            response = told(problem)
        except Exception as problem:  # noqa: BLE001  (a request's task ends here; aiohttp would answer in HTML)
            telemetry.defect("leancloud_rest_failed", problem, path=request.path)
            response = told(Internal())
        response.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = "*"
        telemetry.count("rest_requests", label=str(response.status))
        return response

    return handle


def _preflight(methods: Sequence[str]) -> Handler:
    async def handle(request: web.Request) -> web.Response:
        del request
        headers = {
            hdrs.ACCESS_CONTROL_ALLOW_METHODS: ", ".join(methods),
            hdrs.ACCESS_CONTROL_ALLOW_HEADERS: ", ".join(HEADERS),
            hdrs.ACCESS_CONTROL_MAX_AGE: str(PREFLIGHT_KEPT_S),
        }
        return web.Response(status=204, headers=headers)

    return handle


def _wrong_method(methods: Sequence[str]) -> Handler:
    async def handle(request: web.Request) -> web.Response:
        del request
        response = told(HttpRefusal(405, "Method not allowed."))
        response.headers[hdrs.ALLOW] = ", ".join(methods)
        return response

    return handle


async def not_there(request: web.Request) -> web.Response:
    """Refuse a path that there is not."""
    del request
    raise HttpRefusal(404, "Not found.")
