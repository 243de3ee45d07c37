"""Routes: each reads a request, checks who asks, carries out one operation, and answers in JSON."""

import asyncio
import hashlib
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final, Literal, TypeVar

import msgspec
from aiohttp import hdrs, web
from msgspec import Struct

from unisono import __version__
from unisono.admin_settings import AdminScope
from unisono.domain.addresses import block_of
from unisono.domain.errors import (
    Internal,
    Invalid,
    Malformed,
    NotFound,
    Unavailable,
    UnisonoError,
    Unsupported,
)
from unisono.gateways.hosting.address import Network, address_of
from unisono.gateways.hosting.reading import read_body
from unisono.gateways.hosting.refusal import refuse
from unisono.gateways.rest.events import tell_events
from unisono.gateways.rest.guard import Guard
from unisono.gateways.rest.health import Health
from unisono.gateways.rest.lines import tell
from unisono.gateways.rest.openapi import encoded
from unisono.gateways.rest.operations import (
    APP_HEADER,
    KEY_HEADER,
    KEY_PATTERN,
    Asked,
    CarryOut,
    Desk,
    Desks,
    InEvents,
    InLines,
    Operation,
)
from unisono.gateways.rest.shapes import Alive
from unisono.gateways.rest.table import OPERATIONS
from unisono.ports.requests import Request
from unisono.ports.telemetry import Telemetry
from unisono.wire.weight import check_weight

WORK_DEADLINE_S: Final = 30.0
_KEY: Final = re.compile(KEY_PATTERN)
REASON_MAX_CHARS: Final = 200
"""A reason may quote what was asked; it is not to become an echo of it."""

Shape = TypeVar("Shape", bound=Struct)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class RestOptions(Struct, frozen=True):
    """Who may see what. `is_from_here` says if a peer is on this machine, by its address and headers.

    `trusted_proxies` are believed from which address a request comes. `body_s` is how long the body of a request may
    take to come, a part of a long answer to be taken; `body_bytes` how large such a body may be.
    """

    guard: Guard
    metrics_access: Literal["loopback", "key", "anyone", "nobody"]
    exposition: Callable[[str], tuple[bytes, str]]
    is_from_here: Callable[[str, Mapping[str, str]], bool]
    trusted_proxies: tuple[Network, ...]
    body_s: float
    body_bytes: int


class RestDoor:
    """Serves operators, health checks and Prometheus."""

    def __init__(self, desks: Desks, options: RestOptions, health: Health, telemetry: Telemetry) -> None:
        self._desks: Final = desks
        self._options: Final = options
        self._health: Final = health
        self._telemetry: Final = telemetry

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Register the paths. Unknown ones below /v1 are refused in JSON as well."""
        handlers: dict[str, dict[str, Handler]] = {}
        for operation in OPERATIONS:
            handlers.setdefault(operation.path, {})[operation.method] = self._operator_only(operation)
        handlers["/v1/openapi.json"] = {"GET": self._openapi}
        handlers |= {"/healthz": {"GET": self._healthz}, "/readyz": {"GET": self._readyz}}
        handlers["/metrics"] = {"GET": self._metrics}
        for path, by_method in sorted(handlers.items(), key=_place):
            resource = router.add_resource(path)
            for method, handler in by_method.items():
                resource.add_route(method, self._counted(handler))
            resource.add_route("*", self._counted(_wrong_method(tuple(by_method))))
        router.add_route("*", "/v1/{rest:.*}", self._counted(_unknown_path))

    def _counted(self, handler: Handler) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            try:
                response = await handler(request)
            except UnisonoError as fault:
                response = refuse(fault)
            except Exception as problem:  # noqa: BLE001  The request's task ends here; aiohttp would answer in HTML.
                self._telemetry.fault("rest_failed", problem=type(problem).__name__, path=request.path)
                response = refuse(Internal())
            self._telemetry.count("rest_requests", label=str(response.status))
            return response

        return handle

    def _operator_only(self, operation: Operation) -> Handler:
        carry_out = operation.carry_out

        async def handle(request: web.Request) -> web.StreamResponse:
            app = request.headers.get(APP_HEADER, self._desks.main)
            by = self._check_key(request, operation.scope, app)
            self._desks.rate.spend(by)
            path, query = _convert(request.match_info, operation.params), _convert(request.query, operation.query)
            body = await self._body(request) if operation.bodies else b""
            shaped = _shaped(body, operation.bodies) if operation.bodies else None
            asked = Asked(by, path, query, shaped, _under_key(request, by, body), self._address(request))
            if operation.needs_key and asked.request is None:
                raise Invalid(field=KEY_HEADER, reason="needed, so that it can be gone on with")
            desk = self._desks.of(app)
            if isinstance(carry_out, InLines):
                return await tell(request, carry_out.lines(desk, asked), self._options.body_s)
            if isinstance(carry_out, InEvents):
                return await tell_events(request, carry_out.name, carry_out.news(desk, asked), self._options.body_s)
            try:
                async with asyncio.timeout(WORK_DEADLINE_S):
                    answer = await self._answer(desk, operation, carry_out, asked)
            except TimeoutError:
                raise Unavailable(deadline_s=int(WORK_DEADLINE_S)) from None
            return web.Response(body=answer, content_type="application/json")

        return handle

    async def _answer(self, desk: Desk, operation: Operation, carry_out: CarryOut, asked: Asked) -> bytes:
        """Carry out an operation, or give what it gave when it was asked for under the same key."""
        request = None if operation.keeps_answer else asked.request
        if request is None:
            return msgspec.json.encode(await carry_out(desk, asked))
        earlier = await desk.requests.begin(request)
        if earlier is not None:
            return earlier
        answer = msgspec.json.encode(await carry_out(desk, asked))
        await desk.requests.finish(request, answer)
        return answer

    async def _body(self, request: web.Request) -> bytes:
        if request.content_type != "application/json":
            raise Unsupported(what="content type", known="application/json")
        return await read_body(request, limit_bytes=self._options.body_bytes, within_s=self._options.body_s)

    async def _healthz(self, request: web.Request) -> web.Response:
        del request
        return _json(Alive(version=__version__))

    async def _readyz(self, request: web.Request) -> web.Response:
        del request
        readiness = await self._health.readiness()
        return _json(readiness, status=200 if readiness.is_ready else 503)

    async def _metrics(self, request: web.Request) -> web.Response:
        self._check_metrics_access(request)
        text, content_type = self._options.exposition(request.headers.get(hdrs.ACCEPT, ""))
        return web.Response(body=text, headers={hdrs.CONTENT_TYPE: content_type})

    def _check_metrics_access(self, request: web.Request) -> None:
        access = self._options.metrics_access
        if access == "nobody":
            raise NotFound()
        if access == "anyone":
            return
        headers = {name.lower(): value for name, value in request.headers.items()}
        if access == "loopback" and self._options.is_from_here(request.remote or "", headers):
            return
        self._check_key(request, "metrics", self._desks.main)

    def _check_key(self, request: web.Request, scope: AdminScope, app: str) -> str:
        # By address before any key is looked at: else they could be tried without end.
        self._desks.rate.spend(block_of(self._address(request)))
        return self._options.guard.check(request.headers.get(hdrs.AUTHORIZATION), scope, app)

    def _address(self, request: web.Request) -> str:
        return address_of(request, self._options.trusted_proxies)

    async def _openapi(self, request: web.Request) -> web.Response:
        del request
        return web.Response(body=encoded(), content_type="application/json")


def _place(handler: tuple[str, object]) -> list[tuple[bool, str]]:
    """Give where a path stands among all: what names a thing of its own is looked at before what any name fits."""
    return [(part.startswith("{"), part) for part in handler[0].split("/")]


def _under_key(request: web.Request, by: str, body: bytes) -> Request | None:
    """Give the key under which something is changed, of its admin key's own, and a digest of all that is asked."""
    key = request.headers.get(KEY_HEADER)
    if key is None or request.method == hdrs.METH_GET:
        return None
    if _KEY.fullmatch(key) is None:
        raise Invalid(field=KEY_HEADER, reason="1 to 128 visible characters of ASCII")
    said = hashlib.sha256(f"{request.method} {request.raw_path}\n".encode("utf-8", "surrogateescape") + body)
    return Request(f"{by}/{key}", said.digest())


def _convert(params: Mapping[str, str], shape: type[Shape]) -> Shape:
    try:
        return msgspec.convert(dict(params), shape, strict=False)
    except msgspec.ValidationError as problem:
        raise Invalid(reason=str(problem)[:REASON_MAX_CHARS]) from None


def _shaped(body: bytes, shapes: Sequence[type[Struct]]) -> Struct:
    """Read a body in its shape; where there are several, in that whose first field it has."""
    check_weight(body, is_text=True)
    try:
        fields = msgspec.json.decode(body, type=dict[str, object])
        shape = next((shape for shape in shapes if len(shapes) == 1 or shape.__struct_fields__[0] in fields), None)
        if shape is None:
            raise Invalid(needs=" or ".join(shape.__struct_fields__[0] for shape in shapes))
        return msgspec.convert(_whole(fields), shape)
    except msgspec.ValidationError as problem:
        raise Invalid(reason=str(problem)[:REASON_MAX_CHARS]) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Malformed(reason="not JSON") from None


def _whole(value: object) -> object:
    """Give 5 for 5.0, however deep: JSON makes no difference between them, and a schema's `integer` takes both."""
    if isinstance(value, dict):
        return {name: _whole(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_whole(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _wrong_method(allowed: tuple[str, ...]) -> Handler:
    async def handle(request: web.Request) -> web.Response:
        del request
        response = refuse(Unsupported(what="method", known=", ".join(allowed)))
        response.set_status(405)
        response.headers[hdrs.ALLOW] = ", ".join(allowed)
        return response

    return handle


async def _unknown_path(request: web.Request) -> web.Response:
    del request
    return refuse(NotFound())


def _json(answer: Struct, *, status: int = 200) -> web.Response:
    return web.Response(body=msgspec.json.encode(answer), status=status, content_type="application/json")
