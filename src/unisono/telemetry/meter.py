"""Counts in plain numbers: about 0.1 µs each. `exposition` makes text of them when somebody asks."""

from bisect import bisect_left
from collections.abc import Callable, Collection, Mapping
from typing import Final

from unisono.telemetry.metrics import LABEL_VALUES_MAX, METRICS, Metric

OTHER: Final = "other"


class Histogram:
    """How many durations fell under each bound, and their sum."""

    __slots__ = ("bounds", "counts", "sum_s")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        """Begin empty. The last count is for what lies above all bounds."""
        self.bounds: Final = bounds
        self.counts: Final = [0] * (len(bounds) + 1)
        self.sum_s = 0.0

    def observe(self, seconds: float) -> None:
        """Add a duration."""
        self.counts[bisect_left(self.bounds, seconds)] += 1
        self.sum_s += seconds


class Meter:
    """All metrics of a process. Used from the event loop only.

    A name that is not in the table is dropped: telemetry never raises. Tests use `RecordingTelemetry`, which does.
    """

    def __init__(self, metrics: Mapping[str, Metric] = METRICS) -> None:
        """Begin at zero."""
        self._metrics: Final = metrics
        self._counts: Final[dict[str, dict[str, int]]] = {}
        self._gauges: Final[dict[str, float]] = {}
        self._histograms: Final[dict[str, Histogram]] = {}
        self._watched: Final[dict[str, dict[str, Callable[[], float]]]] = {}
        for metric in metrics.values():
            self._declare(metric)

    def _declare(self, metric: Metric) -> None:
        match metric.kind:
            case "counter":
                self._counts[metric.name] = {} if metric.label else {"": 0}
            case "gauge":
                self._gauges[metric.name] = 0.0
            case "histogram":
                self._histograms[metric.name] = Histogram(metric.buckets)

    def count(self, name: str, amount: int = 1, label: str = "") -> None:
        """Add to a counter."""
        try:
            self._counts[name][label] += amount
        except KeyError:
            self._count_first(name, amount, label)

    def _count_first(self, name: str, amount: int, label: str) -> None:
        counts = self._counts.get(name)
        if counts is None:
            return
        if not self._metrics[name].label:
            label = ""
        elif len(counts) >= LABEL_VALUES_MAX:
            label = OTHER
        counts[label] = counts.get(label, 0) + amount

    def gauge(self, name: str, value: float) -> None:
        """Set a level."""
        if name in self._gauges:
            self._gauges[name] = value

    def observe_s(self, name: str, seconds: float) -> None:
        """Add a duration."""
        histogram = self._histograms.get(name)
        if histogram is not None:
            histogram.observe(seconds)

    def watch(self, name: str, read: Callable[[], float], label: str = "") -> None:
        """Have a gauge or counter, or what it is for one label, read where it is kept whenever somebody asks."""
        self._watched.setdefault(name, {})[label] = read

    def counted(self, name: str, label: str = "") -> int:
        """Give a counter's value."""
        return int(self.counts_of(name).get(label, 0))

    def level(self, name: str) -> float:
        """Give a gauge's value, of all labels together."""
        return sum(self.levels_of(name).values())

    def levels_of(self, name: str) -> Mapping[str, float]:
        """Give a gauge's values by label."""
        watched = self._watched.get(name)
        return {"": self._gauges[name]} if watched is None else {label: read() for label, read in watched.items()}

    @property
    def metrics(self) -> Collection[Metric]:
        """All metrics of the table."""
        return self._metrics.values()

    def counts_of(self, name: str) -> Mapping[str, int]:
        """Give a counter's values by label."""
        watched = self._watched.get(name)
        return self._counts[name] if watched is None else {label: int(read()) for label, read in watched.items()}

    def histogram_of(self, name: str) -> Histogram:
        """Give a histogram."""
        return self._histograms[name]
