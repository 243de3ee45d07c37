"""Telemetry of one app among several: its lines of the log say whose they are."""

from typing import Final

from unisono.ports.telemetry import Field, Telemetry


class TelemetryOfApp:
    """Implements `ports.telemetry.Telemetry`. What is counted is counted together with that of all apps."""

    def __init__(self, whole: Telemetry, app: str) -> None:
        """Write to the telemetry of the whole node."""
        self._whole: Final = whole
        self._app: Final = app
        self.count: Final = whole.count
        self.gauge: Final = whole.gauge
        self.observe_s: Final = whole.observe_s

    def event(self, event: str, **fields: Field) -> None:
        """Write one line, at level info."""
        self._whole.event(event, app=self._app, **fields)

    def fault(self, event: str, **fields: Field) -> None:
        """Write one line, at level error."""
        self._whole.fault(event, app=self._app, **fields)

    def defect(self, event: str, problem: BaseException, **fields: Field) -> None:
        """Write one line about an exception that nobody expected."""
        self._whole.defect(event, problem, app=self._app, **fields)
