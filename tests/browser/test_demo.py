"""The demo page in Chromium, as people use it."""

from pathlib import Path
from typing import Final

import pytest

from tests.support.node_player import Played, Works, once, play
from tests.support.server_process import TEST_CONFIG, ServerProcess

HERE: Final = Path(__file__).parent


PEOPLE: Final = ["twoTalk", "notices", "arranged", "byKeyboard", "anotherTab"]
PAGES: Final = [
    *("room", "found", "narrow", "threeTabs", "objects", "poppedOut", "unreachable", "videoCall", "signedOut"),
]
DEADLINE_S: Final = 240.0
pytestmark = pytest.mark.timeout(300)


async def play_some(data: Path, only: list[str]) -> Played:
    async with ServerProcess(data, config=TEST_CONFIG) as server:
        played = await play(HERE / "demo.cjs", {"port": server.port, "only": only}, deadline_s=DEADLINE_S)
        server.assert_clean_log()
    return played


@pytest.fixture(scope="session")
def works(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Works:
    """Give what came of what people do with each other."""
    return Works(once(tmp_path_factory, worker_id, "demo-people", lambda data: play_some(data, PEOPLE)))


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Works:
    """Give what came of the rest."""
    return Works(once(tmp_path_factory, worker_id, "demo-pages", lambda data: play_some(data, PAGES)))


def test_two_people_talk_react_edit_and_take_back(works: Works) -> None:
    works.assert_that("twoTalk")


@pytest.mark.rows("T4", "T17", "M2", "M4", "M8", "M23", "X10")
def test_a_second_tab_is_in_at_once_and_is_closed_from_the_first(works: Works) -> None:
    works.assert_that("anotherTab")


@pytest.mark.rows("D6")
def test_one_of_three_devices_and_five_tabs_tells_of_a_message_and_none_of_what_is_read(works: Works) -> None:
    works.assert_that("notices")


@pytest.mark.rows("E51")
def test_what_is_arranged_on_one_device_is_so_on_the_other(works: Works) -> None:
    works.assert_that("arranged")


def test_all_can_be_done_by_the_keyboard_and_seen_in_the_dark(works: Works) -> None:
    works.assert_that("byKeyboard")


def test_rooms_are_found_and_entered(pages: Works) -> None:
    pages.assert_that("room")


def test_what_was_said_is_found(pages: Works) -> None:
    pages.assert_that("found")


def test_a_narrow_screen_shows_one_part_at_a_time(pages: Works) -> None:
    pages.assert_that("narrow")


@pytest.mark.rows("T27", "T28", "T29")
def test_the_example_of_three_tabs_has_two_connections(pages: Works) -> None:
    pages.assert_that("threeTabs")


@pytest.mark.rows("M25", "M26", "M27", "M29", "M30")
def test_the_example_of_objects_shares_them_among_tabs(pages: Works) -> None:
    pages.assert_that("objects")


@pytest.mark.rows("M5")
def test_the_example_of_a_popped_out_chat_goes_on_in_its_window(pages: Works) -> None:
    pages.assert_that("poppedOut")


def test_who_was_here_waits_for_a_server_that_is_gone_and_is_in_as_soon_as_it_is_back(pages: Works) -> None:
    pages.assert_that("unreachable")


@pytest.mark.rows("M3", "M17", "M22", "X54")
def test_two_browsers_see_each_other_in_a_call(pages: Works) -> None:
    pages.assert_that("videoCall")


def test_who_signs_out_is_out_in_all_tabs(pages: Works) -> None:
    pages.assert_that("signedOut")


def test_nothing_goes_wrong_beside_what_people_do(works: Works) -> None:
    works.assert_that("(all)")


def test_nothing_goes_wrong_beside_the_rest(pages: Works) -> None:
    pages.assert_that("(all)")
