"""What operators see: counters, durations and one-line events. Never a secret, never a message body."""

from typing import Protocol

Field = str | int | float | bool | None


class Telemetry(Protocol):
    """Cheap enough to be called for every message; never raises."""

    def count(self, name: str, amount: int = 1, label: str = "") -> None:
        """Add to a counter. `name` and its label are declared in `telemetry.metrics`."""

    def gauge(self, name: str, value: float) -> None:
        """Set a level."""

    def observe_s(self, name: str, seconds: float) -> None:
        """Add a duration to a histogram."""

    def event(self, event: str, **fields: Field) -> None:
        """Write one line of the log, at level info."""

    def fault(self, event: str, **fields: Field) -> None:
        """Write one line of the log, at level error."""

    def defect(self, event: str, problem: BaseException, **fields: Field) -> None:
        """Write one line about an exception that nobody expected: its type and where it was raised, not its text."""
