"""The handshake: what is checked before a peer gets a WebSocket, and what it finds there."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import cache, partial
from typing import Final

from aiohttp import WSCloseCode, hdrs, web
from msgspec import Struct

from unisono.app.node import Node
from unisono.domain.commands import Login
from unisono.domain.errors import OriginRefused, UnisonoError, Unsupported
from unisono.gateways.hosting.address import Network, peer_address
from unisono.gateways.hosting.admission import Admission
from unisono.gateways.hosting.connection import Connection
from unisono.gateways.hosting.frames import CLOSE, frame
from unisono.gateways.hosting.outbox import Flusher
from unisono.gateways.hosting.refusal import refuse
from unisono.gateways.hosting.registry import Registry
from unisono.gateways.websocket.dialogue import CLOSING, TURN_FRAMES, Dialogue, Pace, Socket
from unisono.gateways.websocket.encoder import NativeEncoder
from unisono.ports.identity import Credential
from unisono.wire.codes import code_of
from unisono.wire.native import JSON, SUBPROTOCOLS, codec_of

PATH: Final = "/v1/connect"
CLOSE_DEADLINE_S: Final = 2.0
"""How long a peer may take to answer a close before the transport goes down anyway."""
CLOSE_REASON_MAX_BYTES: Final = 123
"""RFC 6455, section 5.5: a control frame holds 125 bytes, two of them the code."""
AFTERMATH_FRAMES: Final = 1024
"""Frames that are read and dropped while the close of a peer is awaited; more stay unread until the connection is cut.

The library's own wait reads without end and without a turn for anybody else: 0.5 s for 2 MB of pings.
"""


class DoorOptions(Struct, frozen=True):
    """What an operator sets about connections. Sizes in bytes."""

    origins: frozenset[str]
    is_same_origin: Callable[[str, str], bool]
    trusted_proxies: tuple[Network, ...]
    outbox_bytes: int
    frame_bytes: int
    pace: Pace


class WebSocketDoor:
    """Serves the native protocol on one path."""

    def __init__(
        self, node: Node, options: DoorOptions, *, admission: Admission, registry: Registry, flusher: Flusher
    ) -> None:
        self._node = node
        self._options = options
        self._admission = admission
        self._registry = registry
        self._flusher = flusher

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Register the path."""
        router.add_get(PATH, self.handle)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Check a handshake, then serve the connection until it closes."""
        options = self._options
        try:
            self._check_origin(request)
            encoder = _encoder(_subprotocol(request))
            # A proxy may add a header of its own below the one that the peer wrote.
            forwarded_for = ",".join(request.headers.getall(hdrs.X_FORWARDED_FOR, ())) or None
            address = peer_address(request.remote, forwarded_for, options.trusted_proxies)
            with self._admission.connection(address):
                return await self._serve(request, encoder, address)
        except UnisonoError as fault:
            self._node.parts.telemetry.count("connections_refused", label=fault.code)
            return refuse(fault)

    def _check_origin(self, request: web.Request) -> None:
        origin = request.headers.get(hdrs.ORIGIN)
        if origin is None or origin in self._options.origins:
            return
        if not self._options.is_same_origin(origin, request.host):
            # A header may hold any bytes; a fault is told in JSON.
            raise OriginRefused(origin=origin[:200].encode("ascii", "replace").decode())

    async def _serve(self, request: web.Request, encoder: NativeEncoder, address: str) -> web.StreamResponse:
        options = self._options
        socket: Socket = web.WebSocketResponse(
            timeout=CLOSE_DEADLINE_S,
            autoclose=False,
            autoping=False,
            protocols=SUBPROTOCOLS,
            compress=False,
            # The library refuses from this size on.
            max_msg_size=options.frame_bytes + 1,
            decode_text=False,
        )
        if not socket.can_prepare(request).ok:
            raise Unsupported(what="request", reason="a WebSocket handshake is needed here")
        await socket.prepare(request)
        transport = request.transport
        if transport is None:
            return socket
        connection = Connection(
            transport,
            encoder=encoder,
            say_bye=encoder.bye,
            flusher=self._flusher,
            outbox_bytes=options.outbox_bytes,
            clock=self._node.parts.clock,
        )
        self._registry.add(connection)
        count = self._node.parts.telemetry.count
        count("connections_opened", label="websocket")
        try:
            dialogue = Dialogue(self._node, socket, connection, encoder, admission=self._admission, pace=options.pace)
            await dialogue.run(partial(_credential, request, address), address)
        finally:
            self._registry.discard(connection)
            connection.say_bye()
            ending = connection.ending
            count("connections_closed", label="gone" if ending is None else ending.code)
            await _close(socket, connection, transport)
            if transport.get_write_buffer_size() > 0:
                transport.abort()
        return socket


@cache
def _encoder(subprotocol: str) -> NativeEncoder:
    # One for all connections of a codec: the fan-out writes a fact once for each encoder.
    return NativeEncoder(codec_of(subprotocol))


def _subprotocol(request: web.Request) -> str:
    """Give the first subprotocol offered that is ours; JSON when none is offered at all.

    Raises:
        Unsupported: Some are offered, but none of ours.
    """
    offered = [name.strip() for name in request.headers.get(hdrs.SEC_WEBSOCKET_PROTOCOL, "").split(",")]
    if offered == [""]:
        return JSON
    for name in offered:
        if name in SUBPROTOCOLS:
            return name
    raise Unsupported(what="subprotocol", known=", ".join(SUBPROTOCOLS))


def _credential(request: web.Request, address: str, command: Login) -> Credential:
    return Credential(
        token=command.token,
        wish=command.user,
        device=command.device.id,
        platform=command.device.platform,
        tab=command.tab,
        headers={name.lower(): value for name, value in request.headers.items()},
        query=dict(request.query),
        cookies=dict(request.cookies),
        address=address,
        path=request.path,
    )


async def _close(socket: Socket, connection: Connection, transport: asyncio.Transport) -> None:
    """Say goodbye as RFC 6455 has it, give the peer a while for its answer, and close the transport."""
    if transport.is_closing():
        return
    code, reason = int(WSCloseCode.OK), ""
    if (fault := connection.ending) is not None:
        code, reason = code_of(fault).close, fault.message
    # Cut between two characters: a reason that is no UTF-8 is an offence of its own.
    text = reason.encode()[:CLOSE_REASON_MAX_BYTES].decode(errors="ignore")
    transport.write(frame(code.to_bytes(2, "big") + text.encode(), CLOSE))
    with suppress(TimeoutError):
        async with asyncio.timeout(CLOSE_DEADLINE_S):
            await _wait_for_close(socket)
    transport.close()


async def _wait_for_close(socket: Socket) -> None:
    for number in range(AFTERMATH_FRAMES):
        message = await socket.receive()
        if message.type in CLOSING:
            return
        if number % TURN_FRAMES == 0:
            await asyncio.sleep(0)
    # What is not taken from it makes the library stop reading.
    await asyncio.sleep(CLOSE_DEADLINE_S)
