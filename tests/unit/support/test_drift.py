"""What creeps is seen, what wobbles is borne."""

from random import Random

import pytest

from tests.support.drift import FEWEST, drift


def levels(per_s: float, noise: float = 0.0, count: int = 40) -> list[tuple[float, float]]:
    chance = Random(1)
    return [(at * 60.0, 100.0 + per_s * at * 60 + chance.uniform(-noise, noise)) for at in range(count)]


def test_a_level_that_creeps_exceeds_its_slope() -> None:
    found = drift("memory", levels(per_s=1.0, noise=50))
    assert found.growth == pytest.approx(found.seconds, rel=0.1)
    assert found.excess(slack=100, per_hour=1800) is not None
    assert found.excess(slack=100, per_hour=3700) is None


def test_a_level_that_wobbles_stays() -> None:
    assert drift("memory", levels(per_s=0.0, noise=50)).excess(slack=50) is None


def test_what_comes_before_the_warm_up_is_over_does_not_count() -> None:
    warming = [(float(at), 1000.0 * min(at, 10)) for at in range(40)]
    assert drift("memory", warming).growth == 0


def test_one_wild_look_changes_nothing() -> None:
    looks = levels(per_s=0.0)
    looks[-1] = (looks[-1][0], 1e9)
    assert drift("memory", looks).growth == 0


def test_too_few_looks_say_nothing() -> None:
    with pytest.raises(ValueError, match="say nothing"):
        drift("memory", levels(per_s=0.0, count=FEWEST))
