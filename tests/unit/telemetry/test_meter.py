"""Metrics: what is counted shows, what is not declared does no harm, and no peer can fill the memory."""

import re
from functools import partial

import pytest

from unisono.telemetry.exposition import exposition
from unisono.telemetry.meter import OTHER, Meter
from unisono.telemetry.metrics import LABEL_VALUES_MAX, METRICS
from unisono.telemetry.of_app import TelemetryOfApp
from unisono.telemetry.recording import RecordingTelemetry, UndeclaredMetricError

NAME = re.compile(r"^unisono_[a-z_]+$")


def text_of(meter: Meter) -> str:
    return exposition(meter)[0].decode()


def test_what_is_counted_shows() -> None:
    meter = Meter()
    meter.count("messages_placed")
    meter.count("messages_placed", 4)
    meter.count("logins", label="ok")
    meter.gauge("connections", 17)
    for seconds in (0.0001, 0.003, 0.003, 99.0):
        meter.observe_s("append", seconds)

    lines = text_of(meter).splitlines()

    assert "unisono_messages_placed_total 5.0" in lines
    assert 'unisono_logins_total{outcome="ok"} 1.0' in lines
    assert "unisono_connections 17.0" in lines
    assert 'unisono_append_seconds_bucket{le="0.0005"} 1.0' in lines
    assert 'unisono_append_seconds_bucket{le="0.005"} 3.0' in lines
    assert 'unisono_append_seconds_bucket{le="10.0"} 3.0' in lines
    assert 'unisono_append_seconds_bucket{le="+Inf"} 4.0' in lines
    assert "unisono_append_seconds_count 4.0" in lines


def test_what_is_read_where_it_is_kept_shows_by_app_and_adds_up() -> None:
    meter = Meter()
    for app, level in (("one", 3), ("two", 4)):
        meter.watch("sessions_live", partial(float, level), label=app)
        meter.watch("store_batches", partial(float, level), label=app)
    lines = text_of(meter).splitlines()
    assert {'unisono_sessions_live{app="one"} 3.0', 'unisono_sessions_live{app="two"} 4.0'} <= set(lines)
    assert 'unisono_store_batches_total{app="two"} 4.0' in lines
    assert (meter.level("sessions_live"), meter.counted("store_batches", "one")) == (7, 3)


def test_lines_of_an_app_say_whose_they_are() -> None:
    whole = RecordingTelemetry()
    shop = TelemetryOfApp(whole, "shop")
    shop.event("began", node=1)
    shop.fault("failed")
    shop.defect("broke", ValueError())
    shop.count("messages_placed", 2)
    assert [(line.event, line.fields["app"]) for line in whole.events] == [
        ("began", "shop"),
        ("failed", "shop"),
        ("broke", "shop"),
    ]
    assert whole.meter.counted("messages_placed") == 2


def test_a_duration_on_a_bound_belongs_to_it() -> None:
    meter = Meter()
    meter.observe_s("append", 0.005)
    assert 'unisono_append_seconds_bucket{le="0.005"} 1.0' in text_of(meter).splitlines()


def test_a_counter_shows_before_it_counts() -> None:
    assert "unisono_messages_placed_total 0.0" in text_of(Meter()).splitlines()


def test_the_process_itself_is_measured_too() -> None:
    assert "process_resident_memory_bytes" in text_of(Meter())


def test_a_reader_that_knows_openmetrics_gets_it() -> None:
    text, kind = exposition(Meter(), "application/openmetrics-text;version=1.0.0")
    assert kind.startswith("application/openmetrics-text")
    assert text.endswith(b"# EOF\n")
    assert exposition(Meter())[1].startswith("text/plain")


def test_telemetry_never_raises_for_what_is_not_declared() -> None:
    meter = Meter()
    before = text_of(meter).count("\n")
    meter.count("no such")
    meter.gauge("no such", 1)
    meter.observe_s("no such", 1)
    meter.count("messages_placed", label="a label it has not")
    assert meter.counted("messages_placed") == 1
    assert text_of(meter).count("\n") == before


def test_labels_beyond_the_limit_are_counted_together() -> None:
    meter = Meter()
    for number in range(LABEL_VALUES_MAX * 3):
        meter.count("commands", label=f"invented-{number}")
    assert len(meter.counts_of("commands")) == LABEL_VALUES_MAX + 1
    assert meter.counted("commands", OTHER) == LABEL_VALUES_MAX * 2


def test_every_metric_is_declared_with_a_proper_name_and_a_meaning() -> None:
    shown = [metric.shown_name for metric in METRICS.values()]
    assert len(set(shown)) == len(shown)
    for metric in METRICS.values():
        assert NAME.match(metric.shown_name)
        assert metric.meaning.endswith(".")
        assert bool(metric.buckets) == (metric.kind == "histogram")
        assert list(metric.buckets) == sorted(metric.buckets)


def test_the_fake_for_tests_is_strict() -> None:
    telemetry = RecordingTelemetry()
    with pytest.raises(UndeclaredMetricError):
        telemetry.count("no such")
    with pytest.raises(UndeclaredMetricError):
        telemetry.gauge("messages_placed", 1)
    with pytest.raises(UndeclaredMetricError):
        telemetry.observe_s("connections", 1)
    with pytest.raises(UndeclaredMetricError, match="label ''"):
        telemetry.count("logins")
    with pytest.raises(UndeclaredMetricError, match="label 'x'"):
        telemetry.count("messages_placed", label="x")
    telemetry.count("logins", label="ok")
    telemetry.event("something", n=1)
    telemetry.fault("bad", n=2)
    assert telemetry.meter.counted("logins", "ok") == 1
    assert telemetry.named("bad") == [{"n": 2}]
