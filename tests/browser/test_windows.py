"""Windows that pages open, pages by http and https, a connection that is opened by hand, tokens of several tabs."""

from pathlib import Path
from typing import Final

import pytest

from tests.browser.tabs import HOSTS, play_in_browsers
from tests.support.node_player import Played, Works, once

SHORT: Final = "worker"
"""The hosts of `make test`; in `make full` a leader tab is one, too."""


@pytest.fixture(params=[SHORT, pytest.param("leader", marks=pytest.mark.full)])
def works(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Works:
    name: str = request.param

    async def make(data: Path) -> Played:
        return await play_in_browsers(data, "windows.cjs", HOSTS[name], [])

    return Works(once(tmp_path_factory, worker_id, f"windows-{name}", make))


@pytest.mark.rows("M24")
def test_a_window_that_a_page_opens_is_a_tab_like_others(works: Works) -> None:
    works.assert_that("windows")


@pytest.mark.rows("T11", "X56")
def test_pages_that_differ_in_their_scheme_alone_share_nothing(works: Works) -> None:
    works.assert_that("schemes")


@pytest.mark.rows("T23", "T24")
def test_the_connection_is_opened_by_hand_where_nobody_shares_it(works: Works) -> None:
    works.assert_that("byHand")


@pytest.mark.rows("X42")
def test_one_tab_is_asked_for_a_token_and_another_when_that_is_gone(works: Works) -> None:
    works.assert_that("tokens")


def test_nothing_goes_wrong_beside_the_scenarios(works: Works) -> None:
    works.assert_that("(all)")
