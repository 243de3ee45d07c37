"""Telemetry for tests: keeps what it was told, and is strict where the real one is lenient."""

from typing import Final, NamedTuple

from unisono.ports.telemetry import Field
from unisono.telemetry.meter import Meter
from unisono.telemetry.metrics import METRICS, Metric


class Event(NamedTuple):
    """One line that would have been written."""

    level: str
    event: str
    fields: dict[str, Field]


class UndeclaredMetricError(AssertionError):
    """A metric was used that is not in the table, or not as the table says."""


class RecordingTelemetry:
    """Implements `ports.telemetry.Telemetry`; raises `UndeclaredMetricError` where the real one drops."""

    def __init__(self) -> None:
        """Begin empty."""
        self.meter: Final = Meter()
        self.events: Final[list[Event]] = []

    def count(self, name: str, amount: int = 1, label: str = "") -> None:
        """Add to a counter."""
        metric = _declared(name, "counter")
        if bool(label) != bool(metric.label):
            raise UndeclaredMetricError(f"{name}: label {label!r}, but the table says {metric.label!r}")
        self.meter.count(name, amount, label)

    def gauge(self, name: str, value: float) -> None:
        """Set a level."""
        _declared(name, "gauge")
        self.meter.gauge(name, value)

    def observe_s(self, name: str, seconds: float) -> None:
        """Add a duration."""
        _declared(name, "histogram")
        self.meter.observe_s(name, seconds)

    def event(self, event: str, **fields: Field) -> None:
        """Keep a line of level info."""
        self.events.append(Event("info", event, fields))

    def fault(self, event: str, **fields: Field) -> None:
        """Keep a line of level error."""
        self.events.append(Event("error", event, fields))

    def defect(self, event: str, problem: BaseException, **fields: Field) -> None:
        """Keep a line of level error."""
        self.events.append(Event("error", event, {"problem": type(problem).__name__, **fields}))

    def named(self, event: str) -> list[dict[str, Field]]:
        """Give the fields of all lines of an event, in order."""
        return [line.fields for line in self.events if line.event == event]


def _declared(name: str, kind: str) -> Metric:
    metric = METRICS.get(name)
    if metric is None or metric.kind != kind:
        raise UndeclaredMetricError(f"no {kind} {name!r} in telemetry.metrics")
    return metric
