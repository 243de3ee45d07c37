"""A bus that lies, for tests: it drops, repeats, delays and reorders hints by a seed.

A server that runs on it must still keep every promise, only later: what the bus hides is found in the log.
"""

import asyncio
import random
from collections.abc import Sequence

from unisono.domain.events import Passing
from unisono.domain.facts import PlacedFact
from unisono.domain.faults import BusFaults
from unisono.ports.bus import Bus, Listener, SignalListener


class FaultyBus:
    """Wraps a bus and spoils what is published through it. The same seed and hints give the same faults."""

    def __init__(self, inner: Bus, faults: BusFaults) -> None:
        self._inner = inner
        self._faults = faults
        self._chance = random.Random(faults.seed)  # noqa: S311  (faults, not secrets)

    def subscribe(self, listener: Listener, signal_listener: SignalListener | None = None) -> None:
        """Add listeners to the wrapped bus."""
        self._inner.subscribe(listener, signal_listener)

    def signal_nowait(self, signal: Passing) -> None:
        """Drop a signal, or pass it on, now or later; never twice: that is promised of every bus."""
        if self._chance.random() < self._faults.drop:
            return
        if self._chance.random() >= self._faults.delay:
            self._inner.signal_nowait(signal)
            return
        delay_s = self._chance.random() * self._faults.delay_max_s
        asyncio.get_running_loop().call_later(delay_s, self._inner.signal_nowait, signal)

    def publish_nowait(self, facts: Sequence[PlacedFact]) -> None:
        """Publish each fact never, once or twice, now or later."""
        for fact in facts:
            if self._chance.random() < self._faults.drop:
                continue
            times = 2 if self._chance.random() < self._faults.repeat else 1
            for _ in range(times):
                self._publish_one(fact)

    def _publish_one(self, fact: PlacedFact) -> None:
        if self._chance.random() >= self._faults.delay:
            self._inner.publish_nowait((fact,))
            return
        delay_s = self._chance.random() * self._faults.delay_max_s
        asyncio.get_running_loop().call_later(delay_s, self._inner.publish_nowait, (fact,))
