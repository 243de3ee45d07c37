"""A WebSocket from its handshake to its close, the same for every door that speaks over one."""

from collections.abc import Awaitable, Callable, Sequence

from aiohttp import web
from msgspec import Struct

from unisono.domain.errors import UnisonoError, Unsupported
from unisono.gateways.hosting.closing import CLOSE_DEADLINE_S, Goodbye, close
from unisono.gateways.hosting.connection import Connection, SayBye
from unisono.gateways.hosting.incoming import Incoming, Socket
from unisono.gateways.hosting.lobby import Lobby
from unisono.gateways.hosting.refusal import refuse
from unisono.ports.link import Encoder


class Guest(Struct, frozen=True):
    """A peer that was let in: what is needed to speak with it."""

    incoming: Incoming
    connection: Connection
    address: str


class Manner(Struct, frozen=True):
    """How a door speaks on a socket.

    `label` names the door in metrics; `protocols` are the subprotocols the handshake answers with, if offered.
    `say_bye` gives the last frame before a close, and `goodbye` the close itself; `serve` is the talk in between.
    `silence_s` is how long a peer may be silent, where that is not two heartbeats.
    """

    label: str
    protocols: Sequence[str]
    encoder: Encoder
    say_bye: SayBye
    goodbye: Callable[[UnisonoError | None], Goodbye]
    serve: Callable[[Guest], Awaitable[None]]
    frame_bytes: int
    silence_s: float | None = None


class Host:
    """Lets peers in, serves their connections, and closes them."""

    def __init__(self, lobby: Lobby) -> None:
        self._lobby = lobby

    async def receive(self, request: web.Request, choose: Callable[[web.Request], Manner]) -> web.StreamResponse:
        """Check a handshake, then serve the connection until it closes.

        `choose` says how to speak with the peer, or raises a `UnisonoError`, which refuses the handshake.
        """
        try:
            self._lobby.check_origin(request)
            manner = choose(request)
            address = self._lobby.address_of(request)
            with self._lobby.admission.connection(address):
                return await self._serve(request, manner, address)
        except UnisonoError as fault:
            self._lobby.telemetry.count("connections_refused", label=fault.code)
            return refuse(fault)

    async def _serve(self, request: web.Request, manner: Manner, address: str) -> web.StreamResponse:
        socket: Socket = web.WebSocketResponse(
            timeout=CLOSE_DEADLINE_S,
            autoclose=False,
            autoping=False,
            protocols=manner.protocols,
            compress=False,
            # The library refuses from this size on.
            max_msg_size=manner.frame_bytes + 1,
            decode_text=False,
        )
        if not socket.can_prepare(request).ok:
            raise Unsupported(what="request", reason="a WebSocket handshake is needed here")
        await socket.prepare(request)
        transport = request.transport
        if transport is None:
            return socket
        ending: UnisonoError | None = None
        try:
            with self._lobby.connected(
                transport,
                label=manner.label,
                encoder=manner.encoder,
                say_bye=manner.say_bye,
                silence_s=manner.silence_s,
            ) as connection:
                try:
                    await manner.serve(Guest(self._incoming(socket, connection), connection, address))
                finally:
                    ending = connection.ending
        finally:
            await close(socket, transport, manner.goodbye(ending))
            if transport.get_write_buffer_size() > 0:
                transport.abort()
        return socket

    def _incoming(self, socket: Socket, connection: Connection) -> Incoming:
        return Incoming(socket, connection, self._lobby.strays(connection), self._lobby.telemetry)
