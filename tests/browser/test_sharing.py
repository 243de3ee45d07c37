"""Tabs of one browser share one session, on whatever host holds it, and lose nothing when that one dies."""

from pathlib import Path
from typing import Final

import pytest

from tests.browser.tabs import HOSTS, IS_FULL, play_in_browsers
from tests.support.node_player import Played, Works, once

SHORT: Final = {
    "worker": ["deaths", "cache", "reload", "outbox", "network"],
    "leader": ["deaths", "crash", "loginOfTheDead", "frozen", "hung", "cache"],
    "mixed": [],
}
"""What tabs go through on which hosts in `make test`; in `make full` it is all of it on all of them."""


def on_each_host(scenario: str) -> pytest.MarkDecorator:
    """Run a test for each host on which the scenario is played, for the others in `make full`."""
    hosts = [pytest.param(name, marks=() if scenario in SHORT[name] else pytest.mark.full) for name in sorted(HOSTS)]
    return pytest.mark.parametrize("host", hosts, indirect=True)


@pytest.fixture(params=[pytest.param(name, marks=() if SHORT[name] else pytest.mark.full) for name in sorted(HOSTS)])
def host(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def shared(host: str, tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Works:
    """Give what came of what tabs share."""

    async def make(data: Path) -> Played:
        return await play_in_browsers(data, "sharing.cjs", HOSTS[host], [])

    return Works(once(tmp_path_factory, worker_id, f"sharing-{host}", make))


@pytest.fixture
def lived(host: str, tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Works:
    """Give what came of what tabs go through."""

    async def make(data: Path) -> Played:
        return await play_in_browsers(data, "takeover.cjs", HOSTS[host], [] if IS_FULL else SHORT[host])

    return Works(once(tmp_path_factory, worker_id, f"takeover-{host}", make))


@pytest.mark.rows("T4", "T7", "T9", "T10", "T17", "T28", "M1", "M2", "M15", "M16", "M21", "X1", "X11", "D2")
def test_many_tabs_have_one_connection_and_one_login(shared: Works) -> None:
    shared.assert_that("oneSession")


@pytest.mark.rows("T5", "T6", "M23", "X20", "D2")
def test_answers_and_errors_go_to_the_tab_that_asked(shared: Works) -> None:
    shared.assert_that("answers")


def test_tabs_share_a_session_where_no_websocket_gets_through(shared: Works) -> None:
    shared.assert_that("polled")


@pytest.mark.rows("X59", "D2")
def test_tabs_that_log_in_at_once_make_one_login(shared: Works) -> None:
    shared.assert_that("atOnce")


@pytest.mark.rows("M4", "D2")
def test_a_tab_that_comes_later_has_what_waits_at_once(shared: Works) -> None:
    shared.assert_that("lateJoiner")


@pytest.mark.rows("T14", "T15", "T16", "T27", "T29", "M7", "X6", "X15", "X39", "D2")
def test_another_user_platform_or_tag_is_another_session(shared: Works) -> None:
    shared.assert_that("apart")


@pytest.mark.rows("T12", "T13", "D2")
def test_pages_of_another_origin_have_a_session_of_their_own(shared: Works) -> None:
    shared.assert_that("origins")


@pytest.mark.rows("M25", "M26", "M27", "M29", "M30", "M31", "X40", "X41", "D2")
def test_objects_are_shared_as_data_by_all_tabs(shared: Works) -> None:
    shared.assert_that("objects")


@pytest.mark.rows("M32", "M33", "M34", "X14", "X16", "D2")
def test_each_tab_has_an_id_of_its_own(shared: Works) -> None:
    shared.assert_that("ids")


@pytest.mark.rows("X38", "D13", "D2")
def test_a_tab_leaves_alone_and_all_sign_out_together(shared: Works) -> None:
    shared.assert_that("leaving")


@pytest.mark.rows("M3", "M17")
def test_a_call_ends_with_the_tab_that_is_in_it(shared: Works) -> None:
    shared.assert_that("calls")


@pytest.mark.rows("T8", "X7", "X8", "X9", "D2")
def test_all_tabs_are_told_once_that_they_were_put_out_and_none_comes_back(shared: Works) -> None:
    shared.assert_that("putOut")


@pytest.mark.rows("M5", "D1")
@on_each_host("deaths")
def test_a_holder_that_is_killed_loses_and_doubles_nothing(lived: Works) -> None:
    lived.assert_that("deaths")


@pytest.mark.rows("X14")
@on_each_host("crash")
def test_a_tab_that_crashes_disturbs_nobody(lived: Works) -> None:
    lived.assert_that("crash")


@pytest.mark.rows("X60")
@on_each_host("loginOfTheDead")
def test_a_login_outlives_the_tab_in_which_it_is_under_way(lived: Works) -> None:
    lived.assert_that("loginOfTheDead")


@pytest.mark.rows("D3")
@on_each_host("frozen")
def test_a_frozen_tab_gives_the_session_away_and_misses_nothing(lived: Works) -> None:
    lived.assert_that("frozen")


@pytest.mark.rows("D3")
@on_each_host("hung")
def test_a_hung_tab_is_deposed_and_goes_on_as_one_of_many(lived: Works) -> None:
    lived.assert_that("hung")


@pytest.mark.rows("D4")
@on_each_host("cache")
def test_a_page_goes_through_the_cache_and_misses_nothing(lived: Works) -> None:
    lived.assert_that("cache")


@pytest.mark.rows("X12", "X13")
@on_each_host("reload")
def test_a_page_that_is_loaded_again_has_the_session_of_before(lived: Works) -> None:
    lived.assert_that("reload")


@pytest.mark.rows("D10")
@on_each_host("outbox")
def test_what_was_sent_without_a_connection_outlives_the_tab(lived: Works) -> None:
    lived.assert_that("outbox")


@pytest.mark.rows("X35", "X36")
@on_each_host("network")
def test_all_tabs_hear_alike_how_the_connection_fares(lived: Works) -> None:
    lived.assert_that("network")


@pytest.mark.full
def test_a_holder_that_is_killed_a_hundred_times_loses_nothing(lived: Works) -> None:
    lived.assert_that("deaths")


def test_nothing_goes_wrong_beside_what_tabs_share(shared: Works) -> None:
    shared.assert_that("(all)")


def test_nothing_goes_wrong_beside_what_tabs_go_through(lived: Works) -> None:
    lived.assert_that("(all)")
