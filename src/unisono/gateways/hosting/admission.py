"""Who may connect at all: counted before anything is spent on a peer."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from msgspec import Struct

from unisono.domain.errors import Draining, Overloaded, RateLimited
from unisono.domain.rates import Rate, full, take
from unisono.ports.clock import Clock


class AdmissionLimits(Struct, frozen=True):
    """Bounds on connections of this node."""

    connections: int
    connections_per_address: int
    handshakes_in_progress: int
    handshakes_per_s: int


class Admission:
    """Counts connections and handshakes."""

    def __init__(self, limits: AdmissionLimits, clock: Clock) -> None:
        self._limits = limits
        self._clock = clock
        self._rate = Rate(per_s=float(limits.handshakes_per_s), burst=limits.handshakes_per_s)
        self._bucket = full(self._rate, clock.monotonic_s())
        self._by_address: Counter[str] = Counter()
        self._connections = 0
        self._greeting = 0
        self.is_closed = False

    def close(self) -> None:
        """Let nobody in from now on."""
        self.is_closed = True

    @contextmanager
    def connection(self, address: str) -> Iterator[None]:
        """Count a connection for as long as it lasts.

        Raises:
            Draining: The node is going down.
            RateLimited: Too many from this address, or too many new ones at once.
            Overloaded: The node is full.
        """
        self._check(address)
        self._connections += 1
        self._by_address[address] += 1
        try:
            yield
        finally:
            self._connections -= 1
            self._by_address[address] -= 1
            if not self._by_address[address]:
                del self._by_address[address]

    @contextmanager
    def greeting(self) -> Iterator[None]:
        """Count a login or resume while it is worked on.

        Raises:
            Overloaded: Too many at the same time.
        """
        if self._greeting >= self._limits.handshakes_in_progress:
            raise Overloaded(what="handshakes", limit=self._limits.handshakes_in_progress, retry_after_ms=500)
        self._greeting += 1
        try:
            yield
        finally:
            self._greeting -= 1

    def _check(self, address: str) -> None:
        if self.is_closed:
            raise Draining(retry_after_ms=1000)
        if self._by_address[address] >= self._limits.connections_per_address:
            raise RateLimited(what="connections from one address", limit=self._limits.connections_per_address)
        if self._connections >= self._limits.connections:
            raise Overloaded(what="connections", limit=self._limits.connections, retry_after_ms=5000)
        wait_s = take(self._bucket, self._rate, self._clock.monotonic_s())
        if wait_s > 0.0:
            raise RateLimited(what="new connections", retry_after_ms=int(wait_s * 1000) + 1)
