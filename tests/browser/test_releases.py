"""Tabs of several releases of the SDK in one browser.

What was built of the last two lies in `releases`, the newer one first: those who make a release put theirs there and
take the older one away. Nothing has been released yet, so these are two states of `main`, by their commits. Of other
protocols among tabs there are none, and so they are made of the sources of this commit by another number.
"""

from pathlib import Path
from typing import Final

import pytest

from tests.browser.tabs import HOSTS, IS_FULL, play_in_browsers
from tests.support.node_player import Played, Works, once

KEPT: Final = ["c6257b5", "fef9187"]
RELEASES: Final = {"lower": (-1, "0.0.8"), "higher": (1, "0.2.0")}
"""What is built besides: of the protocol among tabs before, and of the next."""
SHORT: Final = "worker"
ALSO_SHORT: Final = ["lastThree", "sameAddress"]
"""The hosts and the scenarios of `make test`; in `make full` it is each of them."""


@pytest.fixture(params=[pytest.param(name, marks=() if name == SHORT else pytest.mark.full) for name in sorted(HOSTS)])
def works(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Works:
    name: str = request.param

    async def make(data: Path) -> Played:
        return await play_in_browsers(
            data, "releases.cjs", HOSTS[name], [] if IS_FULL else ALSO_SHORT, releases=RELEASES, kept=KEPT
        )

    return Works(once(tmp_path_factory, worker_id, f"releases-{name}", make))


@pytest.mark.rows("D11")
def test_the_last_three_releases_share_a_link_and_hand_it_over_both_ways(works: Works) -> None:
    works.assert_that("lastThree")


@pytest.mark.full
def test_a_newer_tab_takes_the_session_over_and_the_older_one_is_told(works: Works) -> None:
    works.assert_that("newer")


@pytest.mark.full
def test_an_older_tab_is_told_at_once_and_disturbs_nobody(works: Works) -> None:
    works.assert_that("older")


@pytest.mark.rows("D11")
def test_a_newer_page_that_is_given_the_older_worker_leads_by_itself(works: Works) -> None:
    works.assert_that("sameAddress")


def test_nothing_goes_wrong_beside_the_scenarios(works: Works) -> None:
    works.assert_that("(all)")
