"""LeanCloud's published bundles in Chromium, unmodified, on pages of another origin than the server."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import pytest

from tests.support.certificates import certificate
from tests.support.node_player import Played, Works, once, play
from tests.support.server_process import TEST_CONFIG, ServerProcess

HERE: Final = Path(__file__).parent
FOLDERS: Final = ("v3", "v5")
BETWEEN: Final = "v4"
"""As the others, so it is played in `make full` alone; in Node it is played with them."""
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


async def play_all(
    data: Path, browser: str = "chromium", only: Sequence[str] = (), folders: Sequence[str] = FOLDERS
) -> Mapping[str, Played]:
    table = {"app": APP, "tls": certificate(), "browser": browser, "only": only}
    async with ServerProcess(data, config=CONFIG) as server:
        # They mostly wait, and share nothing but the server.
        scripts = [play(HERE / "leancloud.cjs", {**table, "port": server.port, "folder": folder}) for folder in folders]
        played = dict(zip(folders, await asyncio.gather(*scripts), strict=True))
        server.assert_clean_log()
    return played


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Mapping[str, Played]:
    """Give what went wrong, by generation and scenario."""
    told: Mapping[str, Played] = once(tmp_path_factory, worker_id, "leancloud-in-pages", play_all)
    return told


@pytest.fixture(params=FOLDERS)
def works(request: pytest.FixtureRequest, played: Mapping[str, Played]) -> Works:
    return Works(played[request.param])


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


@pytest.mark.full
@pytest.mark.timeout(400)
async def test_the_generation_between_does_it_as_well(data: Path) -> None:
    (played,) = (await play_all(data, folders=(BETWEEN,))).values()
    assert len(played) > len(FOLDERS)
    assert {scenario: problem for scenario, problem in played.items() if problem is not None} == {}


@pytest.mark.full
@pytest.mark.timeout(400)
async def test_firefox_does_it_as_well(data: Path) -> None:
    only = ("namespace", "talk", "textFrames", "chosenPicture", "reloaded", "confirmOnQuit", "foreignPages")
    folders = (*FOLDERS, BETWEEN)
    played = await play_all(data, "firefox", only, folders)
    for folder in folders:
        for scenario in (*only, "(all)"):
            Works(played[folder]).assert_that(scenario)
