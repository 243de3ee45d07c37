"""Where tabs cannot share a session, may not, or only in another way; and many tabs that come and go at random."""

from pathlib import Path
from typing import Final

import pytest

from tests.browser.tabs import HOSTS, IS_FULL, play_in_browsers
from tests.support.node_player import Played, Works, once

ALONE: Final = "mixed"
"""The hosts of `make test`; in `make full` it is each of them."""


@pytest.fixture(params=[pytest.param(name, marks=() if name == ALONE else pytest.mark.full) for name in sorted(HOSTS)])
def works(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Works:
    name: str = request.param

    async def make(data: Path) -> Played:
        return await play_in_browsers(data, "edges.cjs", HOSTS[name], [])

    return Works(once(tmp_path_factory, worker_id, f"edges-{name}", make))


@pytest.mark.rows("T20", "T21", "T22", "T26", "X45", "D2")
def test_whoever_asks_is_told_whether_tabs_can_share(works: Works) -> None:
    works.assert_that("unsupported")


@pytest.mark.rows("T19", "T25", "M10", "M11", "M12", "D2")
def test_one_word_turns_sharing_on_and_nothing_else_changes(works: Works) -> None:
    works.assert_that("oneWord")


@pytest.mark.rows("T1", "T2", "T3", "D2")
def test_without_sharing_one_tab_has_the_session_and_the_others_are_told(works: Works) -> None:
    works.assert_that("alone")


@pytest.mark.rows("X4", "M6")
def test_tabs_that_share_are_one_to_the_policy_of_devices(works: Works) -> None:
    works.assert_that("sharedBySlot")


@pytest.mark.rows("X3")
def test_a_random_device_is_the_sessions_and_not_the_tabs(works: Works) -> None:
    works.assert_that("randomDevice")


@pytest.mark.rows("X45", "D2")
def test_without_a_worker_one_of_the_tabs_holds_the_session(works: Works) -> None:
    works.assert_that("noWorker")


@pytest.mark.rows("X45", "D2")
def test_a_worker_of_another_origin_is_whole(works: Works) -> None:
    works.assert_that("fromElsewhere")


@pytest.mark.full
def test_what_a_holder_loads_late_holds_up_no_message_and_loses_nothing(works: Works) -> None:
    assert IS_FULL
    works.assert_that("lateDuties")


def test_a_page_that_was_bundled_has_a_worker_with_all_that_it_needs(works: Works) -> None:
    works.assert_that("bundled")


def test_a_script_tag_does_what_a_module_does(works: Works) -> None:
    works.assert_that("scriptTag")


@pytest.mark.rows("X31", "X33")
def test_each_tab_is_in_its_own_rooms_and_in_them_again_after_a_loss(works: Works) -> None:
    works.assert_that("rooms")


def test_tabs_that_come_and_go_at_random_miss_nothing(works: Works) -> None:
    works.assert_that("crowd")


@pytest.mark.full
def test_fifty_tabs_that_come_and_go_at_random_miss_nothing(works: Works) -> None:
    assert IS_FULL
    works.assert_that("crowd")


def test_nothing_goes_wrong_beside_the_scenarios(works: Works) -> None:
    works.assert_that("(all)")
