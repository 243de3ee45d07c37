"""LeanCloud's published bundles in Chromium, unmodified, on pages of another origin than the server."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest

from tests.support.certificates import certificate
from tests.support.node_player import Played, Works, once, play
from tests.support.server_process import TEST_CONFIG, ServerProcess

HERE: Final = Path(__file__).parent
NEWEST: Final = "v5"
OLDER: Final = ("v3", "v4")
"""They are played whole in `make full` alone; in Node they are played with the newest."""
OLDEST_TALKS: Final = ("namespace", "talk")
APP: Final = {"id": "app-of-the-tests", "key": "app-key-of-the-tests"}
CONFIG: Final = f"""{TEST_CONFIG}
[server]
origins = ["http://pages.test"]
trusted_proxies = ["127.0.0.1/32"]

[[leancloud.apps]]
id = "{APP["id"]}"
key = "{APP["key"]}"
master_key = "master-key-of-the-tests"
"""


async def play_all(data: Path, folder: str, only: Sequence[str] = (), browser: str = "chromium") -> Played:
    table = {"app": APP, "tls": certificate(), "browser": browser, "only": only, "folder": folder}
    async with ServerProcess(data, config=CONFIG) as server:
        played = await play(HERE / "leancloud.cjs", {**table, "port": server.port})
        server.assert_clean_log()
    return played


@pytest.fixture
def works(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Works:
    """Give what came of the scenarios with the newest generation."""
    return Works(once(tmp_path_factory, worker_id, "leancloud-in-pages", lambda data: play_all(data, NEWEST)))


@pytest.mark.rows("L18", "L294")
def test_script_tags_put_all_of_it_under_one_name(works: Works) -> None:
    works.assert_that("namespace")


@pytest.mark.rows("L17", "L39")
def test_two_pages_talk(works: Works) -> None:
    works.assert_that("talk")


def test_two_pages_talk_over_text_frames(works: Works) -> None:
    works.assert_that("textFrames")


@pytest.mark.rows("L50", "L51", "L52", "L54")
def test_a_picture_chosen_on_one_page_is_shown_on_the_other(works: Works) -> None:
    works.assert_that("chosenPicture")


@pytest.mark.rows("L214", "L237")
def test_a_page_that_is_loaded_again_has_kept_nothing(works: Works) -> None:
    works.assert_that("reloaded")


@pytest.mark.rows("L275")
def test_the_plugin_that_asks_before_somebody_leaves(works: Works) -> None:
    works.assert_that("confirmOnQuit")


def test_a_page_that_was_frozen_is_told_how_much_waits_and_reads_it(works: Works) -> None:
    works.assert_that("frozen")


@pytest.mark.rows("L37", "L100", "L101")
def test_a_page_that_died_is_opened_again_and_reads_what_came(works: Works) -> None:
    works.assert_that("crashed")


@pytest.mark.rows("L238", "L239", "L242", "L246")
def test_a_page_without_network_says_so_and_comes_back(works: Works) -> None:
    works.assert_that("offline")


def test_an_application_finds_the_server_as_its_generation_looks_for_it(works: Works) -> None:
    works.assert_that("asItStands")


def test_pages_of_strangers_cannot_connect(works: Works) -> None:
    works.assert_that("foreignPages")


def test_nothing_goes_wrong_beside_the_scenarios(works: Works) -> None:
    works.assert_that("(all)")


@pytest.mark.rows("L17", "L18", "L39", "L294")
async def test_pages_with_the_oldest_generation_talk_as_well(data: Path) -> None:
    await assert_played(data, OLDER[0], OLDEST_TALKS)


@pytest.mark.full
@pytest.mark.timeout(400)
@pytest.mark.parametrize("folder", OLDER)
async def test_older_generations_do_it_as_well(data: Path, folder: str) -> None:
    played = await play_all(data, folder)
    assert len(played) > len(OLDEST_TALKS) + 1
    assert {scenario: problem for scenario, problem in played.items() if problem is not None} == {}


@pytest.mark.full
@pytest.mark.timeout(400)
@pytest.mark.parametrize("folder", [*OLDER, NEWEST])
async def test_firefox_does_it_as_well(data: Path, folder: str) -> None:
    only = ("namespace", "talk", "textFrames", "chosenPicture", "reloaded", "confirmOnQuit", "foreignPages")
    await assert_played(data, folder, only, "firefox")


async def assert_played(data: Path, folder: str, only: Sequence[str], browser: str = "chromium") -> None:
    works = Works(await play_all(data, folder, only, browser))
    for scenario in (*only, "(all)"):
        works.assert_that(scenario)
