"""Telemetry of a running server: counts in memory, events to the log."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from unisono.ports.clock import Clock
from unisono.ports.telemetry import Field
from unisono.telemetry.lines import Lines
from unisono.telemetry.meter import Meter

_LEVEL_OF_LIBRARY: Final = logging.WARNING


class SystemTelemetry:
    """Implements `ports.telemetry.Telemetry`."""

    def __init__(self, meter: Meter, lines: Lines, clock: Clock) -> None:
        """Join the parts. `count`, `gauge` and `observe_s` are the meter's own, without a call in between."""
        self.meter: Final = meter
        self.count: Final = meter.count
        self.gauge: Final = meter.gauge
        self.observe_s: Final = meter.observe_s
        self._lines: Final = lines
        self._clock: Final = clock
        self._dropped_before = 0

    def event(self, event: str, **fields: Field) -> None:
        """Write one line, at level info."""
        self._lines.put_nowait(self._clock.now(), "info", event, fields)
        self._count_dropped()

    def fault(self, event: str, **fields: Field) -> None:
        """Write one line, at level error."""
        self._lines.put_nowait(self._clock.now(), "error", event, fields)
        self._count_dropped()

    def defect(self, event: str, problem: BaseException, **fields: Field) -> None:
        """Write one line about an exception that nobody expected; its text may hold what must not be logged."""
        self.fault(event, **_describe(problem), **fields)

    def _count_dropped(self) -> None:
        if self._lines.dropped > self._dropped_before:
            self.meter.count("log_lines_dropped", self._lines.dropped - self._dropped_before)
            self._dropped_before = self._lines.dropped

    def close(self) -> None:
        """Write what waits."""
        self._lines.close()


class _LibraryHandler(logging.Handler):
    def __init__(self, lines: Lines, clock: Clock) -> None:
        super().__init__(_LEVEL_OF_LIBRARY)
        self._lines = lines
        self._clock = clock

    def emit(self, record: logging.LogRecord) -> None:
        # What an HTTP library puts into its words may be a peer's header or cookie.
        says = str(record.msg) if record.name.startswith("aiohttp") else record.getMessage()
        fields: dict[str, Field] = {"logger": record.name, "message": says}
        if record.exc_info and record.exc_info[1] is not None:
            fields |= _describe(record.exc_info[1])
        level = "error" if record.levelno >= logging.ERROR else "warning"
        self._lines.put_nowait(self._clock.now(), "error" if level == "error" else "warning", "library", fields)


def _describe(problem: BaseException) -> dict[str, Field]:
    """Give an exception in one line: its type and the place it was raised at. Its text may hold what a peer sent."""
    trace = problem.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace is not None else None
    return {"problem": type(problem).__name__, "place": place}


@contextmanager
def libraries_logged(lines: Lines, clock: Clock) -> Iterator[None]:
    """While inside, what libraries log through `logging`, from level warning on, becomes lines of ours."""
    handler = _LibraryHandler(lines, clock)
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)
