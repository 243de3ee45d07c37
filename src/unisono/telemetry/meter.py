"""Counts in plain numbers; Prometheus text is made only when somebody asks for it."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from unisono.telemetry.metrics import LABEL_VALUES_MAX, METRICS, Metric

if TYPE_CHECKING:
    from prometheus_client.core import Metric as Family

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

    def counted(self, name: str, label: str = "") -> int:
        """Give a counter's value."""
        return self._counts[name].get(label, 0)

    def level(self, name: str) -> float:
        """Give a gauge's value."""
        return self._gauges[name]

    def collect(self) -> Iterator["Family"]:
        """Give all metrics as families of prometheus-client."""
        for metric in self._metrics.values():
            match metric.kind:
                case "counter":
                    yield _counter_family(metric, self._counts[metric.name])
                case "gauge":
                    yield _gauge_family(metric, self._gauges[metric.name])
                case "histogram":
                    yield _histogram_family(metric, self._histograms[metric.name])


def exposition(meter: Meter, accept: str = "") -> tuple[bytes, str]:
    """Give all metrics as text, and its content type: OpenMetrics where the reader accepts it, else Prometheus."""
    # prometheus-client takes 76 ms to import, and many servers are never asked.
    from prometheus_client import GC_COLLECTOR, PLATFORM_COLLECTOR, PROCESS_COLLECTOR, CollectorRegistry
    from prometheus_client.exposition import choose_encoder
    from prometheus_client.registry import Collector

    class _Collector(Collector):
        def collect(self) -> Iterator["Family"]:
            return meter.collect()

    registry = CollectorRegistry(auto_describe=False)
    for collector in (_Collector(), PROCESS_COLLECTOR, PLATFORM_COLLECTOR, GC_COLLECTOR):
        registry.register(collector)
    encode, content_type = choose_encoder(accept)
    return encode(registry), content_type


def _counter_family(metric: Metric, counts: Mapping[str, int]) -> "Family":
    from prometheus_client.core import CounterMetricFamily

    labels = [metric.label] if metric.label else []
    family = CounterMetricFamily(metric.shown_name.removesuffix("_total"), metric.meaning, labels=labels)
    for value, count in counts.items():
        family.add_metric([value] if metric.label else [], count)
    return family


def _gauge_family(metric: Metric, value: float) -> "Family":
    from prometheus_client.core import GaugeMetricFamily

    return GaugeMetricFamily(metric.shown_name, metric.meaning, value=value)


def _histogram_family(metric: Metric, histogram: Histogram) -> "Family":
    from prometheus_client.core import HistogramMetricFamily

    family = HistogramMetricFamily(metric.shown_name, metric.meaning)
    total = 0
    buckets: list[tuple[str, float]] = []
    for bound, count in zip((*map(str, histogram.bounds), "+Inf"), histogram.counts, strict=True):
        total += count
        buckets.append((bound, total))
    family.add_metric([], buckets, histogram.sum_s)
    return family
