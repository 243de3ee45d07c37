"""Rate limits per user or address: a bounded table of token buckets."""

from collections import OrderedDict
from typing import Final

from unisono.domain.errors import RateLimited
from unisono.domain.rates import Bucket, Rate, full, take
from unisono.ports.clock import Clock

TABLE_LIMIT: Final = 100_000
"""Buckets kept. The longest unused goes first: by then it is nearly always full again."""


class RateLimiter:
    """Lets each key have a rate of its own."""

    def __init__(self, rate: Rate, clock: Clock, *, limit: int = TABLE_LIMIT) -> None:
        self._rate = rate
        self._clock = clock
        self._limit = limit
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def spend(self, key: str, amount: float = 1.0) -> None:
        """Count one request of a key, or one that costs as much as several.

        Raises:
            RateLimited: Too many; says when there is room again.
        """
        now_s = self._clock.monotonic_s()
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = full(self._rate, now_s)
            if len(self._buckets) > self._limit:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end(key)
        wait_s = take(bucket, self._rate, now_s, amount)
        if wait_s > 0.0:
            raise RateLimited(retry_after_ms=int(wait_s * 1000) + 1)

    def give_back(self, key: str) -> None:
        """Count a request no more: nothing came of it."""
        if (bucket := self._buckets.get(key)) is not None:
            bucket.tokens += 1.0
