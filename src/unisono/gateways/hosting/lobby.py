"""What every connection goes through, whatever carries it: whose page asks, from where, and who counts it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from aiohttp import hdrs
from msgspec import Struct

from unisono.domain.errors import OriginRefused
from unisono.domain.rates import Rate
from unisono.gateways.hosting.address import Network, address_of
from unisono.gateways.hosting.admission import Admission
from unisono.gateways.hosting.connection import Connection, SayBye
from unisono.gateways.hosting.opening import Opening
from unisono.gateways.hosting.outbox import Flusher, Sink
from unisono.gateways.hosting.registry import Registry
from unisono.gateways.hosting.strays import Strays
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


class Lobby:
    """Looks at who comes, and keeps the book of who is there."""

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
        self.options = options
        self.admission = admission
        self.telemetry = telemetry
        self._registry = registry
        self._flusher = flusher
        self._clock = clock

    def check_origin(self, request: Opening) -> str | None:
        """Give the origin of the page that asks, if it is a page.

        Raises:
            OriginRefused: It is not to be let in.
        """
        origin = request.headers.get(hdrs.ORIGIN)
        if origin is None or origin in self.options.origins:
            return origin
        if not self.options.is_same_origin(origin, request.host):
            # A header may hold any bytes; a fault is told in JSON.
            raise OriginRefused(origin=origin[:200].encode("ascii", "replace").decode())
        return origin

    def address_of(self, request: Opening) -> str:
        """Give the address of the peer, behind the proxies that are trusted."""
        return address_of(request, self.options.trusted_proxies)

    @contextmanager
    def connected(
        self, sink: Sink, *, label: str, encoder: Encoder, say_bye: SayBye, silence_s: float | None = None
    ) -> Iterator[Connection]:
        """Have a connection in the books while inside; after it its bye was written. `label` names its door."""
        connection = Connection(
            sink,
            encoder=encoder,
            say_bye=say_bye,
            flusher=self._flusher,
            outbox_bytes=self.options.outbox_bytes,
            clock=self._clock,
            silence_s=silence_s,
        )
        self._registry.add(connection)
        self.telemetry.count("connections_opened", label=label)
        try:
            yield connection
        finally:
            self._registry.discard(connection)
            connection.say_bye()
            ending = connection.ending
            self.telemetry.count("connections_closed", label="gone" if ending is None else ending.code)

    def strays(self, connection: Connection) -> Strays:
        """Give what counts the frames of a connection that are no commands."""
        return Strays(connection, self.options.pace.strays, self.admission, self._clock)
