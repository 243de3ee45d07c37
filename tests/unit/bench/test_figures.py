"""Figures: medians over quiet runs, contenders in turns, ratios and goals."""

from collections.abc import Iterator

import pytest

from bench.figures import Figure, Goal, Reading, Series, compared, disturbance, judged, take_turns


def reading(value: float, other: float = 0.0) -> Reading:
    return {"value": value, "other_cpu_share": other}


def test_the_median_leaves_disturbed_runs_out_and_says_so() -> None:
    series = Series("x")
    for found in (reading(1.0), reading(3.0), reading(2.0), reading(900.0, other=0.5)):
        series.add(found)
    assert series.median("value") == 2.0
    assert series.note() == "1 of 4 runs disturbed, left out"


def test_when_every_run_was_disturbed_all_count_and_it_is_said() -> None:
    series = Series("x")
    series.add(reading(1.0, other=0.2))
    series.add(reading(3.0, other=0.3))
    assert series.median("value") == 2.0
    assert series.note() == "all 2 runs disturbed"


def test_quiet_runs_need_no_note() -> None:
    series = Series("x")
    series.add(reading(1.0, other=0.15))
    assert series.note() is None


def test_a_median_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="x: nothing was measured"):
        Series("x").median("value")


def test_the_worst_phase_of_a_run_tells_how_disturbed_it_was() -> None:
    assert disturbance({"open_other_cpu_share": 0.1, "back_other_cpu_share": 0.4}) == 0.4
    assert disturbance({"value": 9.0}) == 0.0


def test_contenders_run_in_turns_and_disturbed_ones_get_a_further_turn() -> None:
    order: list[str] = []
    disturbances = {"a": iter([0.0, 0.0, 0.0]), "b": iter([0.0, 0.9, 0.0])}

    def run_of(name: str) -> Iterator[tuple[str, Reading]]:
        order.append(name)
        yield name, reading(1.0, other=next(disturbances[name]))

    series = take_turns({"a": lambda: run_of("a"), "b": lambda: run_of("b")}, repeats=2, extra=2)
    assert order == ["a", "b", "a", "b", "b"]
    assert len(series["b"].quiet) == 2


def test_a_machine_that_is_never_quiet_gets_no_further_turns() -> None:
    turns: list[int] = []

    def run() -> Iterator[tuple[str, Reading]]:
        turns.append(1)
        yield "x", reading(1.0, other=0.9)

    take_turns({"x": run}, repeats=2, extra=3)
    assert len(turns) == 2


def test_one_run_may_feed_several_series() -> None:
    def run() -> Iterator[tuple[str, Reading]]:
        yield "x/16", reading(1.0)
        yield "x/1", reading(2.0)

    series = take_turns({"x": run}, repeats=1)
    assert (series["x/16"].median("value"), series["x/1"].median("value")) == (1.0, 2.0)


def test_a_ratio_is_of_ours_to_theirs() -> None:
    assert compared(Figure("x", 3.0, "µs"), "limit", 2.0).ratio == 1.5
    assert compared(Figure("x", 3.0, "µs"), "limit", 0.0).ratio is None


@pytest.mark.parametrize(
    ("goal", "is_met"),
    [
        (Goal("value", "at most", 3.0), True),
        (Goal("value", "below", 3.0), False),
        (Goal("value", "at least", 3.0), True),
        (Goal("ratio", "below", 2.0), True),
        (Goal("ratio", "at least", 2.0), False),
    ],
)
def test_a_goal_says_plainly_if_it_is_met(goal: Goal, is_met: bool) -> None:
    figure = judged(Figure("x", 3.0, "µs", "limit", 1.5), goal)
    assert figure.is_met is is_met
    assert figure.goal == str(goal)


def test_a_goal_for_a_ratio_that_could_not_be_made_is_missed() -> None:
    assert not Goal("ratio", "below", 2.0).is_met_by(Figure("x", 3.0, "µs"))
