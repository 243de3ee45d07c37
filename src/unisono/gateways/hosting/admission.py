"""Who may come in at all: counted before anything is spent on a peer.

Each socket is a visitor from the moment it is accepted; one whose handshake is taken becomes a connection and is no
visitor any more. So both counts together bound the sockets of a node. Addresses are counted by their block
(`domain.addresses.block_of`): IPv6 by /64.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from msgspec import Struct

from unisono.app.rates import RateLimiter
from unisono.domain.addresses import block_of
from unisono.domain.errors import Draining, Overloaded, RateLimited, UnisonoError
from unisono.domain.rates import Rate, full, take
from unisono.ports.clock import Clock
from unisono.ports.telemetry import Telemetry


class AdmissionLimits(Struct, frozen=True):
    """Bounds on sockets and connections of this node. `handshakes_of_address` holds for each block of addresses."""

    visitors: int
    visitors_per_address: int
    connections: int
    connections_per_address: int
    handshakes_in_progress: int
    handshakes_per_s: int
    handshakes_of_address: Rate


class Admission:
    """Counts visitors, connections and handshakes. Telemetry hears of each refusal, by the setting's name."""

    def __init__(self, limits: AdmissionLimits, clock: Clock, telemetry: Telemetry) -> None:
        self._limits = limits
        self._clock = clock
        self._telemetry = telemetry
        self._rate = Rate(per_s=float(limits.handshakes_per_s), burst=limits.handshakes_per_s)
        self._bucket = full(self._rate, clock.monotonic_s())
        self._rate_of_address = RateLimiter(limits.handshakes_of_address, clock)
        self._visitors = _Places(limits.visitors, limits.visitors_per_address)
        self._connections = _Places(limits.connections, limits.connections_per_address)
        self._greeting = 0
        self.is_closed = False

    def close(self) -> None:
        """Let nobody in from now on."""
        self.is_closed = True

    @property
    def visitors(self) -> int:
        """Sockets that are no connection now."""
        return self._visitors.taken

    def enter_nowait(self, block: str | None) -> bool:
        """Count a socket that was just accepted, or say that there is no place for it.

        `block` is None for an address that many peers speak through: it has no bound of its own. Who got a place calls
        `leave` once, with the same block.
        """
        full_one = self._visitors.find_full(block)
        if full_one is None:
            self._visitors.take(block)
            return True
        self.note_refusal("limits.visitors" if full_one == "node" else "limits.visitors_per_address")
        return False

    def come_back(self, block: str | None) -> None:
        """Count a socket again that was left out while it served a connection, be there a place or not.

        Connections have a bound of their own, and each has one such socket.
        """
        self._visitors.take(block)

    def leave(self, block: str | None) -> None:
        """Count a socket no more: it is gone, or became a connection."""
        self._visitors.free(block)

    @contextmanager
    def connection(self, address: str) -> Iterator[None]:
        """Count a connection for as long as it lasts.

        Raises:
            Draining: The node is going down.
            RateLimited: Too many from this address, or too many new ones at once.
            Overloaded: The node is full.
        """
        block = block_of(address)
        self._check(block)
        self._connections.take(block)
        try:
            yield
        finally:
            self._connections.free(block)

    @contextmanager
    def greeting(self) -> Iterator[None]:
        """Count a login or resume while it is worked on.

        Raises:
            Overloaded: Too many at the same time.
        """
        if self._greeting >= self._limits.handshakes_in_progress:
            fault = Overloaded(what="handshakes", limit=self._limits.handshakes_in_progress, retry_after_ms=500)
            raise self._refusal("limits.handshakes_in_progress", fault)
        self._greeting += 1
        try:
            yield
        finally:
            self._greeting -= 1

    def note_refusal(self, limit: str) -> None:
        """Tell telemetry that a limit turned somebody away."""
        self._telemetry.count("limits_hit", label=limit)

    def _check(self, block: str) -> None:
        if self.is_closed:
            raise Draining(retry_after_ms=1000)
        limits = self._limits
        full_one = self._connections.find_full(block)
        if full_one == "block":
            fault = RateLimited(what="connections from one address", limit=limits.connections_per_address)
            raise self._refusal("limits.connections_per_address", fault)
        if full_one == "node":
            full_node = Overloaded(what="connections", limit=limits.connections, retry_after_ms=5000)
            raise self._refusal("limits.connections", full_node)
        try:
            # First: what one address is refused is not to be taken from what all have together.
            self._rate_of_address.spend(block)
        except RateLimited as fault:
            raise self._refusal("rates.handshakes_per_s", fault) from None
        wait_s = take(self._bucket, self._rate, self._clock.monotonic_s())
        if wait_s > 0.0:
            too_many = RateLimited(what="new connections", retry_after_ms=int(wait_s * 1000) + 1)
            raise self._refusal("limits.handshakes_per_s", too_many)

    def _refusal(self, limit: str, fault: UnisonoError) -> UnisonoError:
        self.note_refusal(limit)
        return fault


class _Places:
    """So many for all, and so many for each block of addresses."""

    __slots__ = ("_by_block", "_limit", "_limit_of_block", "taken")

    def __init__(self, limit: int, limit_of_block: int) -> None:
        self._limit: Final = limit
        self._limit_of_block: Final = limit_of_block
        self._by_block: Counter[str] = Counter()
        self.taken = 0

    def find_full(self, block: str | None) -> str | None:
        """Say whose places are all taken: those of the `block`, or else of the `node`."""
        if block is not None and self._by_block[block] >= self._limit_of_block:
            return "block"
        return "node" if self.taken >= self._limit else None

    def take(self, block: str | None) -> None:
        self.taken += 1
        if block is not None:
            self._by_block[block] += 1

    def free(self, block: str | None) -> None:
        self.taken -= 1
        if block is None:
            return
        self._by_block[block] -= 1
        if not self._by_block[block]:
            del self._by_block[block]
