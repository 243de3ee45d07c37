"""A WebSocket from its handshake to its close, the same for every door that speaks over one."""

from collections.abc import Awaitable, Callable, Sequence

from aiohttp import hdrs, web
from msgspec import Struct

from unisono.domain.errors import OriginRefused, UnisonoError, Unsupported
from unisono.domain.rates import Rate
from unisono.gateways.hosting.address import Network, peer_address
from unisono.gateways.hosting.admission import Admission
from unisono.gateways.hosting.closing import CLOSE_DEADLINE_S, Goodbye, close
from unisono.gateways.hosting.connection import Connection, SayBye
from unisono.gateways.hosting.incoming import Incoming, Socket
from unisono.gateways.hosting.outbox import Flusher
from unisono.gateways.hosting.refusal import refuse
from unisono.gateways.hosting.registry import Registry
from unisono.ports.clock import Clock
from unisono.ports.link import Encoder
from unisono.ports.telemetry import Telemetry


class Pace(Struct, frozen=True):
    """How long a greeting may take, in seconds, and how many requests of a connection are worked on at a time.

    `strays` is the rate of frames that are no command carried out: pings, what cannot be read, what is refused for its
    number. Beyond it the connection ends.
    """

    greeting_s: float
    requests_in_flight: int
    strays: Rate


class DoorOptions(Struct, frozen=True):
    """What an operator sets about connections. Sizes in bytes."""

    origins: frozenset[str]
    is_same_origin: Callable[[str, str], bool]
    trusted_proxies: tuple[Network, ...]
    outbox_bytes: int
    frame_bytes: int
    pace: Pace


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
    """Lets peers in, counts and watches their connections, and closes them."""

    def __init__(
        self,
        options: DoorOptions,
        *,
        admission: Admission,
        registry: Registry,
        flusher: Flusher,
        clock: Clock,
        telemetry: Telemetry,
    ) -> None:
        self._options = options
        self._admission = admission
        self._registry = registry
        self._flusher = flusher
        self._clock = clock
        self._telemetry = telemetry

    async def receive(self, request: web.Request, choose: Callable[[web.Request], Manner]) -> web.StreamResponse:
        """Check a handshake, then serve the connection until it closes.

        `choose` says how to speak with the peer, or raises a `UnisonoError`, which refuses the handshake.
        """
        try:
            self._check_origin(request)
            manner = choose(request)
            # A proxy may add a header of its own below the one that the peer wrote.
            forwarded_for = ",".join(request.headers.getall(hdrs.X_FORWARDED_FOR, ())) or None
            address = peer_address(request.remote, forwarded_for, self._options.trusted_proxies)
            with self._admission.connection(address):
                return await self._serve(request, manner, address)
        except UnisonoError as fault:
            self._telemetry.count("connections_refused", label=fault.code)
            return refuse(fault)

    def _check_origin(self, request: web.Request) -> None:
        origin = request.headers.get(hdrs.ORIGIN)
        if origin is None or origin in self._options.origins:
            return
        if not self._options.is_same_origin(origin, request.host):
            # A header may hold any bytes; a fault is told in JSON.
            raise OriginRefused(origin=origin[:200].encode("ascii", "replace").decode())

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
        connection = Connection(
            transport,
            encoder=manner.encoder,
            say_bye=manner.say_bye,
            flusher=self._flusher,
            outbox_bytes=self._options.outbox_bytes,
            clock=self._clock,
            silence_s=manner.silence_s,
        )
        self._registry.add(connection)
        self._telemetry.count("connections_opened", label=manner.label)
        try:
            await manner.serve(Guest(self._incoming(socket, connection), connection, address))
        finally:
            self._registry.discard(connection)
            connection.say_bye()
            ending = connection.ending
            self._telemetry.count("connections_closed", label="gone" if ending is None else ending.code)
            await close(socket, transport, manner.goodbye(ending))
            if transport.get_write_buffer_size() > 0:
                transport.abort()
        return socket

    def _incoming(self, socket: Socket, connection: Connection) -> Incoming:
        return Incoming(
            socket,
            connection,
            strays=self._options.pace.strays,
            admission=self._admission,
            clock=self._clock,
            telemetry=self._telemetry,
        )
