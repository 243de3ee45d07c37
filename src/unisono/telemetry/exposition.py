"""Metrics as text for Prometheus. Import it when somebody asks: prometheus-client takes 76 ms."""

from collections.abc import Iterator
from typing import Final

from prometheus_client import GC_COLLECTOR, PLATFORM_COLLECTOR, PROCESS_COLLECTOR, CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.core import Metric as Family
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from unisono.telemetry.meter import Meter
from unisono.telemetry.metrics import Metric


def exposition(meter: Meter, accept: str = "") -> tuple[bytes, str]:
    """Give all metrics as text, and its content type: OpenMetrics where the reader accepts it, else Prometheus."""
    registry = CollectorRegistry(auto_describe=False)
    for collector in (_Reader(meter), PROCESS_COLLECTOR, PLATFORM_COLLECTOR, GC_COLLECTOR):
        registry.register(collector)
    encode, content_type = choose_encoder(accept)
    return encode(registry), content_type


class _Reader(Collector):
    def __init__(self, meter: Meter) -> None:
        self._meter: Final = meter

    def collect(self) -> Iterator[Family]:
        return (_family(metric, self._meter) for metric in self._meter.metrics)


def _family(metric: Metric, meter: Meter) -> Family:
    match metric.kind:
        case "counter":
            return _counter(metric, meter)
        case "gauge":
            return _gauge(metric, meter)
        case "histogram":
            return _histogram(metric, meter)


def _gauge(metric: Metric, meter: Meter) -> Family:
    family = GaugeMetricFamily(metric.shown_name, metric.meaning, labels=[metric.label] if metric.label else [])
    for value, level in meter.levels_of(metric.name).items():
        family.add_metric([value] if metric.label else [], level)
    return family


def _counter(metric: Metric, meter: Meter) -> Family:
    labels = [metric.label] if metric.label else []
    family = CounterMetricFamily(metric.shown_name.removesuffix("_total"), metric.meaning, labels=labels)
    for value, count in meter.counts_of(metric.name).items():
        family.add_metric([value] if metric.label else [], count)
    return family


def _histogram(metric: Metric, meter: Meter) -> Family:
    histogram = meter.histogram_of(metric.name)
    family = HistogramMetricFamily(metric.shown_name, metric.meaning)
    total = 0
    buckets: list[tuple[str, float]] = []
    for bound, count in zip((*map(str, histogram.bounds), "+Inf"), histogram.counts, strict=True):
        total += count
        buckets.append((bound, total))
    family.add_metric([], buckets, histogram.sum_s)
    return family
