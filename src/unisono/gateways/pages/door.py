"""Pages and scripts that the server brings along, as they were built into the package.

A name that carries a hash of what is in it is kept by browsers for ever: all under `/demo/`, and what the SDK loads
later. All else is asked for anew.
"""

import hashlib
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from gzip import compress
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

from aiohttp import hdrs, web
from msgspec import Struct

from unisono.domain.errors import NotFound, UnisonoError, Unsupported
from unisono.gateways.hosting.refusal import refuse
from unisono.ports.telemetry import Telemetry

TYPES: Final[Mapping[str, str]] = {
    "css": "text/css; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "json": "application/json",
    "map": "application/json",
    "svg": "image/svg+xml",
    "txt": "text/plain; charset=utf-8",
    "webmanifest": "application/manifest+json",
}
PAGE_HEADERS: Final[Mapping[str, str]] = {
    "Permissions-Policy": "camera=(self), microphone=(self), geolocation=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
SDK_HEADERS: Final[Mapping[str, str]] = {
    hdrs.ACCESS_CONTROL_ALLOW_ORIGIN: "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "X-Content-Type-Options": "nosniff",
}
METHODS: Final = "GET, HEAD"
ASK_ANEW: Final = "no-cache"
FOR_EVER: Final = "public, max-age=31536000, immutable"
HASHED: Final = re.compile(r"-[0-9a-f]{12}\.js(\.map)?$")
NAME_MAX_BYTES: Final = 255
"""Longer ones a file system refuses to look for."""
SMALL_BYTES: Final = 1024
"""What is not worth being compressed."""

Handler = Callable[[web.Request], Awaitable[web.Response]]


class Page(Struct, frozen=True):
    """A file as it is sent."""

    body: bytes
    packed: bytes | None
    tag: str
    type: str


def _policy(sources: Sequence[str]) -> str:
    """Tell browsers: nothing runs that did not come from here, nothing is fetched elsewhere, nobody frames it."""
    files = " ".join(["'self'", *sources])
    # The clock of a tab that holds the session while it is hidden is a worker that the SDK makes itself.
    return (
        f"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; connect-src {files};"
        f" font-src 'self'; img-src {files} blob: data:; manifest-src 'self'; media-src {files} blob:;"
        " script-src 'self'; style-src 'self'; worker-src 'self' blob:"
    )


class PagesDoor:
    """Serves what stands in the package under `web`: `sdk` at `/sdk/`, and where the demo is wanted that at `/`.

    Beside the demo are `examples` at `/examples/`. Pages may send files to origins in `sources` and show them.
    """

    def __init__(
        self, telemetry: Telemetry, *, has_demo: bool, sources: Sequence[str] = (), root: Traversable | None = None
    ) -> None:
        self._telemetry = telemetry
        self._has_demo = has_demo
        self._headers = {**PAGE_HEADERS, "Content-Security-Policy": _policy(sources)}
        self._root = files("unisono").joinpath("web") if root is None else root
        self._read: dict[tuple[str, str], Page] = {}

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Register the paths."""
        self._add(router, "/sdk/{name}", self._sdk)
        if self._has_demo:
            self._add(router, "/", self._index)
            self._add(router, "/demo/{name}", self._demo)
            self._add(router, "/examples/", self._examples)
            self._add(router, "/examples/{name}", self._examples)

    def _add(self, router: web.UrlDispatcher, path: str, handler: Handler) -> None:
        resource = router.add_resource(path)
        resource.add_route(hdrs.METH_GET, self._counted(handler))
        resource.add_route(hdrs.METH_HEAD, self._counted(handler))
        resource.add_route("*", self._counted(_wrong_method))

    def _counted(self, handler: Handler) -> Handler:
        async def handle(request: web.Request) -> web.Response:
            try:
                response = await handler(request)
            except UnisonoError as fault:
                response = refuse(fault)
            self._telemetry.count("pages_requests", label=str(response.status))
            return response

        return handle

    async def _index(self, request: web.Request) -> web.Response:
        return _answer(request, self._find("demo", "index.html"), self._headers, ASK_ANEW)

    async def _demo(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        # The page names scripts of this release; the names of those say what is in them.
        keeping = ASK_ANEW if name == "index.html" else FOR_EVER
        return _answer(request, self._find("demo", name), self._headers, keeping)

    async def _examples(self, request: web.Request) -> web.Response:
        name = request.match_info.get("name", "index.html")
        return _answer(request, self._find("examples", name), self._headers, ASK_ANEW)

    async def _sdk(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        keeping = FOR_EVER if HASHED.search(name) else ASK_ANEW
        return _answer(request, self._find("sdk", name), SDK_HEADERS, keeping)

    def _find(self, folder: str, name: str) -> Page:
        """Give a file, read once; the first one asks for some milliseconds of a start that nobody waits for.

        Raises:
            NotFound: There is none of this name.
        """
        found = self._read.get((folder, name))
        if found is None:
            kind = TYPES.get(name.rpartition(".")[2])
            file = self._root.joinpath(folder, name)
            if kind is None or "/" in name or len(name.encode()) > NAME_MAX_BYTES or not file.is_file():
                raise NotFound()
            found = self._read[folder, name] = _page(file.read_bytes(), kind)
        return found


def _page(body: bytes, kind: str) -> Page:
    packed = compress(body, 9, mtime=0) if len(body) > SMALL_BYTES else None
    return Page(body, packed, f'"{hashlib.sha256(body).hexdigest()[:32]}"', kind)


def _answer(request: web.Request, page: Page, headers: Mapping[str, str], keeping: str) -> web.Response:
    told = {**headers, hdrs.CACHE_CONTROL: keeping, hdrs.ETAG: page.tag, hdrs.VARY: hdrs.ACCEPT_ENCODING}
    if page.tag in request.headers.get(hdrs.IF_NONE_MATCH, ""):
        return web.Response(status=304, headers=told)
    told[hdrs.CONTENT_TYPE] = page.type
    if page.packed is not None and "gzip" in request.headers.get(hdrs.ACCEPT_ENCODING, ""):
        told[hdrs.CONTENT_ENCODING] = "gzip"
        return web.Response(body=page.packed, headers=told)
    return web.Response(body=page.body, headers=told)


async def _wrong_method(request: web.Request) -> web.Response:
    del request
    response = refuse(Unsupported(what="method", known=METHODS))
    response.set_status(405)
    response.headers[hdrs.ALLOW] = METHODS
    return response
