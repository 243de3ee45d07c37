"""Frames that are no command carried out: what no user's rate counts is counted for each connection."""

from typing import Final

from unisono.domain.errors import RateLimited
from unisono.domain.rates import Bucket, Rate, full, take
from unisono.gateways.hosting.admission import Admission
from unisono.gateways.hosting.connection import Connection
from unisono.ports.clock import Clock

STRAY_BYTES: Final = 16 * 1024
"""A stray frame costs one, and one more for each so many bytes: reading it takes as long."""


class Strays:
    """Those of one connection."""

    __slots__ = ("_admission", "_bucket", "_clock", "_connection", "_rate")

    def __init__(self, connection: Connection, rate: Rate, admission: Admission, clock: Clock) -> None:
        """End the connection when its client sends more of them than the rate."""
        self._connection = connection
        self._rate = rate
        self._admission = admission
        self._clock = clock
        self._bucket: Bucket | None = None

    def note(self, size_bytes: int = 0) -> None:
        """Count one."""
        now_s = self._clock.monotonic_s()
        if self._bucket is None:
            self._bucket = full(self._rate, now_s)
        wait_s = take(self._bucket, self._rate, now_s, 1.0 + size_bytes // STRAY_BYTES)
        if wait_s > 0.0 and self._connection.ending is None:
            self._admission.note_refusal("rates.strays_per_s")
            self._connection.end(RateLimited(what="frames that are no commands", retry_after_ms=int(wait_s * 1000) + 1))
