"""A socket from the moment it is accepted: counted, given little time to say what it wants, answered in one form.

The HTTP library reads and answers; what is here is what it has no limit for.
"""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final, cast

from aiohttp import web
from aiohttp.http import WebSocketReader
from msgspec import Struct

from unisono.domain.addresses import block_of
from unisono.domain.errors import Internal, Malformed
from unisono.gateways.hosting.address import Network, is_among, peer_address
from unisono.gateways.hosting.admission import Admission
from unisono.gateways.hosting.masked import MaskedReader
from unisono.gateways.hosting.refusal import in_our_form, refuse
from unisono.ports.telemetry import Telemetry

KEEPALIVE_S: Final = 75.0
"""How long an HTTP connection may stay without a request after its last one. The library's own is an hour."""
BACKLOG: Final = 4096
"""Connections that may wait to be accepted: a whole fleet comes back at once after a restart."""
SHUTDOWN_S: Final = 1.0
"""How long requests under way may take when the node stops listening."""
_RESET: Final = struct.pack("ii", 1, 0)
"""SO_LINGER without a wait: closing sends a reset, and the kernel keeps nothing of the socket."""
_DEFECT: Final = 500


class Reception(Struct, frozen=True):
    """What visitors are received by. Of the proxies trusted, any number may be here.

    `patience_s` is the time for the first request's head, for what is left of a body, and for taking an answer.
    """

    admission: Admission
    telemetry: Telemetry
    trusted_proxies: tuple[Network, ...]
    patience_s: float


class Visitor(web.RequestHandler):
    """One socket. It is a visitor until it becomes a WebSocket, whose door counts it from then on."""

    __slots__ = ("_block", "_deadline", "_is_counted", "_reception")

    def __init__(self, server: web.Server, reception: Reception) -> None:
        super().__init__(
            server,
            loop=asyncio.get_running_loop(),
            keepalive_timeout=KEEPALIVE_S,
            lingering_time=reception.patience_s,
            # No door takes a compressed body: it would only be a small one that grows.
            auto_decompress=False,
            access_log=None,  # type: ignore[arg-type]  # the library's way to say that there is none
        )
        self._reception = reception
        self._block: str | None = None
        self._is_counted = False
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take a socket that was accepted, or reset it at once: an answer would cost more than it tells."""
        reception = self._reception
        peer = transport.get_extra_info("peername")
        address = peer_address(peer[0] if peer else None, None, ())
        self._block = None if is_among(address, reception.trusted_proxies) else block_of(address)
        if not reception.admission.enter_nowait(self._block):
            _reset(cast("asyncio.Transport", transport))
            return
        self._is_counted = True
        super().connection_made(transport)
        self._deadline = self._loop.call_later(reception.patience_s, self._expire)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Count the socket no more."""
        self._leave()
        super().connection_lost(exc)

    def note_request(self) -> None:
        """Take note that the head of a request is there: from now on others watch over the time."""
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    @contextmanager
    def serving_connection(self) -> Iterator[None]:
        """Be no visitor while inside: the socket waits for a connection, which is counted itself."""
        was_counted, self._is_counted = self._is_counted, False
        if was_counted:
            self._reception.admission.leave(self._block)
        try:
            yield
        finally:
            if was_counted and self.transport is not None:
                self._is_counted = True
                self._reception.admission.come_back(self._block)

    def set_parser(self, parser: WebSocketReader, data_received_cb: Callable[[], None] | None = None) -> None:
        """Become a WebSocket: the library does this when it has answered a handshake."""
        self._leave()
        super().set_parser(cast("WebSocketReader", MaskedReader(parser)), data_received_cb)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = _DEFECT,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what is no HTTP, and what a defect of ours left without an answer. The connection ends."""
        del message
        # A peer that vanishes in the middle of its handshake is no defect; the library ends such a connection silently.
        if self.transport is None or isinstance(exc, ConnectionError) or request.writer.output_size > 0:
            raise ConnectionError("nobody to answer")
        telemetry = self._reception.telemetry
        if status >= _DEFECT:
            telemetry.defect("http_failed", exc or RuntimeError())
        response = refuse(Internal() if status >= _DEFECT else Malformed(reason="HTTP request"))
        telemetry.count("connections_refused", label="internal" if status >= _DEFECT else "malformed")
        response.force_close()
        return response

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Send an answer. A peer that does not take it in time is left."""
        answer = in_our_form(resp) if isinstance(resp, web.HTTPException) else resp
        try:
            async with asyncio.timeout(self._reception.patience_s):
                return await super().finish_response(request, answer, start_time)
        except TimeoutError:
            self._expire()
            return answer, True

    def _leave(self) -> None:
        self.note_request()
        if self._is_counted:
            self._is_counted = False
            self._reception.admission.leave(self._block)

    def _expire(self) -> None:
        self._reception.admission.note_refusal("limits.greeting_s")
        if self.transport is not None:
            _reset(self.transport)


@contextmanager
def serving_connection(request: web.Request) -> Iterator[None]:
    """Have the socket of a request count as its connection's while inside."""
    if isinstance(request.protocol, Visitor):
        with request.protocol.serving_connection():
            yield
    else:
        yield


@asynccontextmanager
async def receiving(application: web.Application, reception: Reception, host: str, port: int) -> AsyncIterator[int]:
    """Serve an application's doors to visitors while inside; gives the port.

    Raises:
        OSError: The address is taken.
    """
    application.middlewares.append(_note_request)
    runner = web.AppRunner(application, handle_signals=False, shutdown_timeout=SHUTDOWN_S)
    await runner.setup()
    server = cast("web.Server", runner.server)
    try:
        listener = await asyncio.get_running_loop().create_server(
            lambda: Visitor(server, reception), host, port, backlog=BACKLOG
        )
        try:
            yield listener.sockets[0].getsockname()[1]
        finally:
            listener.close()
    finally:
        await runner.cleanup()


@web.middleware
async def _note_request(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    if isinstance(request.protocol, Visitor):
        request.protocol.note_request()
    return await handler(request)


def _reset(transport: asyncio.Transport) -> None:
    raw = transport.get_extra_info("socket")
    if raw is not None:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    transport.abort()
