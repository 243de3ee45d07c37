"""The bus: hints that a stream moved. It may drop, repeat and reorder; the log is the truth.

It carries signals, too, of which nothing is kept anywhere: one that is lost is lost.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from unisono.domain.events import Passing
from unisono.domain.facts import PlacedFact

Listener = Callable[[Sequence[PlacedFact]], None]
SignalListener = Callable[[Passing], None]


class Bus(Protocol):
    """Hints of one app between the use cases and the fan-out of each node."""

    def publish_nowait(self, facts: Sequence[PlacedFact]) -> None:
        """Hint that facts were committed. Never waits, and a hint that is lost is no fault: the log has it."""

    def signal_nowait(self, signal: Passing) -> None:
        """Tell an event to all nodes, each once at most."""

    def subscribe(self, listener: Listener, signal_listener: SignalListener | None = None) -> None:
        """Have functions called, on the event loop, with what any node publishes, this one included."""
