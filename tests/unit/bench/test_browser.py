"""Figures of tabs: what is compared with what."""

import pytest

from bench.browser import HOSTS, soon
from bench.figures import Series


def test_what_is_shared_is_compared_with_what_is_not() -> None:
    series = {}
    for place, host in enumerate(HOSTS, 1):
        name = f"{host}, 2 tabs"
        series[name] = Series(name)
        series[name].add({f"{key}_{part}_ms": 2.0 * place for key in ("heard", "sent") for part in ("p50", "p99")})
    figures = {figure.name: figure for figure in soon(series)}
    assert figures["message to handler, p50, single"].ratio is None
    assert figures["message to handler, p50, shared-worker"].ratio == pytest.approx(2.0)
    assert figures["send to its place, p99, leader-tab"].ratio == pytest.approx(3.0)
    assert {figure.compared_with for figure in figures.values()} == {None, "single"}
