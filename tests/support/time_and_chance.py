"""A clock that stands still until it is moved, and chance without surprises."""

from unisono.domain.ids import ConversationId, Instant

NOON = Instant(1_800_000_000_000)


class ManualClock:
    """Implements `ports.clock.Clock`."""

    def __init__(self, now: Instant = NOON) -> None:
        self._now = now
        self._monotonic_s = 0.0

    def now(self) -> Instant:
        return self._now

    def monotonic_s(self) -> float:
        return self._monotonic_s

    def advance(self, seconds: float) -> None:
        """Let time pass, on both clocks."""
        self._now = Instant(self._now + int(seconds * 1000))
        self._monotonic_s += seconds

    def set_by(self, seconds: float) -> None:
        """Set the time of day, as an operator or a time server does. The other clock goes on as it was."""
        self._now = Instant(self._now + int(seconds * 1000))


class CountingEntropy:
    """Implements `ports.clock.Entropy`: every name is new, none is random."""

    def __init__(self) -> None:
        self._count = 0

    def conversation_id(self) -> ConversationId:
        return ConversationId(f"{self._next():024x}")

    def secret(self) -> str:
        return f"secret-{self._next():036d}"

    def fraction(self) -> float:
        return 0.5

    def _next(self) -> int:
        self._count += 1
        return self._count
