"""The bus of a single process: a function call."""

from collections.abc import Sequence

from unisono.domain.facts import PlacedFact
from unisono.ports.bus import Listener


class LocalBus:
    """Hands each hint to every listener at once. Loses nothing; nobody may rely on that."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []

    def publish_nowait(self, facts: Sequence[PlacedFact]) -> None:
        """Call all listeners."""
        for listener in self._listeners:
            listener(facts)

    def subscribe(self, listener: Listener) -> None:
        """Add a listener."""
        self._listeners.append(listener)
