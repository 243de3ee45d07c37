"""Files over HTTP, by links that tell all that a caller needs: nobody logs in here.

What a stranger uploaded is served from our own address, so nothing of it may run there: a browser takes the type that
is said and no other, shows images, sound and video alone, and those in a sandbox without scripts.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from typing import Final

from aiohttp import hdrs, web

from unisono.app.filing import Filing
from unisono.domain.errors import Internal, Malformed, NotFound, Timeout, UnisonoError, Unsupported
from unisono.domain.files import is_shown
from unisono.domain.ids import FileId
from unisono.gateways.files.ranges import disposition, wanted
from unisono.gateways.hosting.refusal import refuse
from unisono.ports.files import FileRecord
from unisono.ports.telemetry import Telemetry

PATH: Final = r"/files/{app}/{file:[0-9a-f]{32}}{ending:(\.[A-Za-z0-9]{1,8})?}"
METHODS: Final = "GET, HEAD, PUT"
ANY_ORIGIN: Final[Mapping[str, str]] = {
    # No cookie or key is asked for here: whoever has the link may, from whichever page.
    hdrs.ACCESS_CONTROL_ALLOW_ORIGIN: "*",
    hdrs.ACCESS_CONTROL_EXPOSE_HEADERS: "Content-Length, Content-Range, ETag",
    "Cross-Origin-Resource-Policy": "cross-origin",
}
PREFLIGHT: Final[Mapping[str, str]] = {
    hdrs.ACCESS_CONTROL_ALLOW_METHODS: METHODS,
    hdrs.ACCESS_CONTROL_ALLOW_HEADERS: "Cache-Control, Content-Type, If-None-Match, If-Range, Range, X-Requested-With",
    hdrs.ACCESS_CONTROL_MAX_AGE: "86400",
}
SAFE: Final[Mapping[str, str]] = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; img-src 'self'; media-src 'self'; sandbox",
    # A file is never changed, but it may be removed: then browsers still have it for as long as this.
    hdrs.CACHE_CONTROL: "private, max-age=3600",
}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class FilesDoor:
    """Serves the files of apps, by the name of the app. Each part of a body comes, or is taken, within `patience_s`."""

    def __init__(self, filings: Mapping[str, Filing], telemetry: Telemetry, patience_s: float) -> None:
        self._filings = filings
        self._telemetry = telemetry
        self._patience_s = patience_s

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Register the path."""
        resource = router.add_resource(PATH)
        for method, handler in (("GET", self._get), ("HEAD", self._get), ("PUT", self._put), ("OPTIONS", _preflight)):
            resource.add_route(method, self._counted(handler))
        resource.add_route("*", self._counted(_wrong_method))

    def _counted(self, handler: Handler) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            try:
                response = await handler(request)
            except UnisonoError as fault:
                response = refuse(fault)
            except Exception as defect:  # noqa: BLE001  (the request's task ends here; the library would answer in HTML)
                self._telemetry.defect("files_failed", defect)
                response = refuse(Internal())
            if isinstance(response, web.Response):
                response.headers.update(ANY_ORIGIN)
            self._telemetry.count("files_requests", label=str(response.status))
            return response

        return handle

    def _of(self, request: web.Request) -> tuple[Filing, FileId, tuple[str, str]]:
        filing = self._filings.get(request.match_info["app"])
        if filing is None:
            raise NotFound()
        given = request.query.get("until", ""), request.query.get("proof", "")
        return filing, FileId(request.match_info["file"]), given

    async def _put(self, request: web.Request) -> web.StreamResponse:
        filing, file, given = self._of(request)
        async with aclosing(self._chunks(request)) as chunks:
            await filing.put(file, given, chunks, request.content_length)
        return web.Response()

    async def _chunks(self, request: web.Request) -> AsyncGenerator[bytes, None]:
        while True:
            try:
                async with asyncio.timeout(self._patience_s):
                    chunk = await request.content.readany()
            except TimeoutError:
                raise Timeout(what="body", limit_s=int(self._patience_s)) from None
            except (web.RequestPayloadError, ConnectionError):
                raise Malformed(reason="body") from None
            if not chunk:
                return
            yield chunk

    async def _get(self, request: web.Request) -> web.StreamResponse:
        filing, file, given = self._of(request)
        record = await filing.find(file, given)
        if record.url is not None:
            raise NotFound()
        headers = _headers(record)
        if headers[hdrs.ETAG] in request.headers.get(hdrs.IF_NONE_MATCH, ""):
            return web.Response(status=304, headers=headers)
        part = wanted(request.headers, record.size, headers[hdrs.ETAG])
        if part is None:
            headers[hdrs.CONTENT_RANGE] = f"bytes */{record.size}"
            return web.Response(status=416, headers=headers)
        response = web.StreamResponse(status=200, headers=headers)
        if part.is_part:
            response.set_status(206)
            response.headers[hdrs.CONTENT_RANGE] = f"bytes {part.first}-{part.first + part.size - 1}/{record.size}"
        response.content_length = part.size
        if request.method == hdrs.METH_HEAD:
            return response
        async with aclosing(filing.read(file, part.first, part.size)) as parts:
            await self._send(request, response, parts)
        return response

    async def _send(
        self, request: web.Request, response: web.StreamResponse, parts: AsyncGenerator[bytes, None]
    ) -> None:
        """Send parts as they are read. What goes wrong in the middle cannot be told any more: the connection is cut."""
        try:
            async for part in parts:
                async with asyncio.timeout(self._patience_s):
                    if not response.prepared:
                        await response.prepare(request)
                    await response.write(part)
        except (UnisonoError, TimeoutError, ConnectionError):
            if not response.prepared:
                raise
            if request.transport is not None:
                request.transport.abort()


def _headers(record: FileRecord) -> dict[str, str]:
    return {
        **ANY_ORIGIN,
        **SAFE,
        hdrs.CONTENT_TYPE: record.type,
        hdrs.CONTENT_DISPOSITION: disposition(record.name, is_shown=is_shown(record.type)),
        hdrs.ACCEPT_RANGES: "bytes",
        hdrs.ETAG: f'"{record.id}"',
    }


async def _preflight(request: web.Request) -> web.StreamResponse:
    del request
    return web.Response(status=204, headers=PREFLIGHT)


async def _wrong_method(request: web.Request) -> web.StreamResponse:
    del request
    response = refuse(Unsupported(what="method", known=METHODS))
    response.set_status(405)
    response.headers[hdrs.ALLOW] = METHODS
    return response
