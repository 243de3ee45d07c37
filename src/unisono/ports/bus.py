"""The bus: hints that a stream moved. It may drop, repeat and reorder; the log is the truth."""

from collections.abc import Callable, Sequence
from typing import Protocol

from unisono.domain.facts import PlacedFact

Listener = Callable[[Sequence[PlacedFact]], None]


class Bus(Protocol):
    """Hints of one app between the use cases and the fan-out of each node."""

    def publish_nowait(self, facts: Sequence[PlacedFact]) -> None:
        """Hint that facts were committed. Never waits, and a hint that is lost is no fault: the log has it."""

    def subscribe(self, listener: Listener) -> None:
        """Have a function called, on the event loop, with what any node publishes, this one included."""
