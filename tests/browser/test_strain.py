"""What tabs bear: many of them, nobody looking for minutes, one that hangs, more messages than anybody is told of."""

from pathlib import Path
from typing import Final

import pytest

from tests.browser.tabs import HOSTS, play_in_browsers
from tests.support.node_player import Played, Works, once

pytestmark = [pytest.mark.full, pytest.mark.timeout(1600)]

ON_EACH_HOST: Final = ["alerts", "blocked", "many"]


@pytest.fixture(params=["leader", "worker"])
def strained(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Works:
    name: str = request.param

    async def make(data: Path) -> Played:
        return await play_in_browsers(data, "strain.cjs", HOSTS[name], ON_EACH_HOST)

    return Works(once(tmp_path_factory, worker_id, f"strain-{name}", make))


def test_each_of_a_thousand_messages_rings_in_one_tab(strained: Works) -> None:
    strained.assert_that("alerts")


def test_a_tab_that_hangs_slows_no_other_and_misses_nothing(strained: Works) -> None:
    strained.assert_that("blocked")


def test_fifty_tabs_hear_each_of_a_hundred_messages_a_second_and_more_once(strained: Works) -> None:
    strained.assert_that("many")


def test_nothing_goes_wrong_beside_the_scenarios(strained: Works) -> None:
    strained.assert_that("(all)")


async def test_tabs_that_nobody_looks_at_for_minutes_hear_at_once_and_read_nothing(data: Path) -> None:
    works = Works(await play_in_browsers(data, "strain.cjs", HOSTS["worker"], ["hidden"]))
    for scenario in ("hidden", "(all)"):
        works.assert_that(scenario)
