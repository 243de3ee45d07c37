"""The bus of a single process: a function call."""

from collections.abc import Sequence

from unisono.domain.events import Passing
from unisono.domain.facts import PlacedFact
from unisono.ports.bus import Listener, SignalListener


class LocalBus:
    """Hands each hint to every listener at once. Loses nothing; nobody may rely on that."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []
        self._signal_listeners: list[SignalListener] = []

    def publish_nowait(self, facts: Sequence[PlacedFact]) -> None:
        """Call all listeners."""
        for listener in self._listeners:
            listener(facts)

    def signal_nowait(self, signal: Passing) -> None:
        """Call all listeners."""
        for listener in self._signal_listeners:
            listener(signal)

    def subscribe(self, listener: Listener, signal_listener: SignalListener | None = None) -> None:
        """Add listeners."""
        self._listeners.append(listener)
        if signal_listener is not None:
            self._signal_listeners.append(signal_listener)
