"""Reading what the load generator prints."""

import pytest

from bench.processes import BenchError
from bench.wsload import Target, check_delivered, parse, window_of


def test_each_line_is_a_reading_of_its_numbers() -> None:
    output = '{"mode":"fanout","label":"","window":16,"server_us_per_delivery":0.5}\n{"mode":"fanout","window":1}\n'
    burst, single = parse(output)
    assert burst == {"window": 16.0, "server_us_per_delivery": 0.5}
    assert [window_of(burst), window_of(single)] == [16, 1]


def test_printing_nothing_is_a_failure_of_the_bench() -> None:
    with pytest.raises(BenchError, match="printed nothing"):
        parse("\n")


@pytest.mark.parametrize("key", ["undelivered", "stalled_out", "out_of_order"])
def test_a_server_that_loses_or_reorders_gets_no_figure(key: str) -> None:
    check_delivered({key: 0.0})
    with pytest.raises(BenchError, match=f"{key} 3"):
        check_delivered({key: 3.0})


def test_a_target_names_its_url() -> None:
    assert Target(port=80, pid=1, path="/v1/connect").url == "ws://127.0.0.1:80/v1/connect"
