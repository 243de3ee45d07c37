"""The browsers that the suites open are what they take them for, and nothing of them stays."""

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Final

import pytest

from tests.browser.tabs import IS_FULL
from tests.support.node_player import Played, Works, members, once, play
from tests.support.server_process import ServerProcess

HERE: Final = Path(__file__).parent
SHORT: Final = ["serversPage", "frozenTab", "backFromTheCache", "nothingOutside"]
"""What `make test` looks at; the rest of what browsers are taken for is looked at in `make full`."""


async def play_all(data: Path) -> Played:
    async with ServerProcess(data) as server:
        only = [] if IS_FULL else SHORT
        played = await play(HERE / "basics.cjs", {"port": server.port, "only": only})
        server.assert_clean_log()
    return played


@pytest.fixture(scope="session")
def works(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Works:
    return Works(once(tmp_path_factory, worker_id, "browser-basics", play_all))


def test_a_page_of_the_server_is_shown(works: Works) -> None:
    works.assert_that("serversPage")


@pytest.mark.full
def test_a_tab_behind_another_is_hidden_and_held_back(works: Works) -> None:
    works.assert_that("hiddenTabs")


def test_a_tab_can_be_frozen_and_goes_on(works: Works) -> None:
    works.assert_that("frozenTab")


def test_a_page_comes_back_from_the_cache(works: Works) -> None:
    works.assert_that("backFromTheCache")


@pytest.mark.full
def test_a_page_that_dies_leaves_other_sites_alone(works: Works) -> None:
    works.assert_that("killedPage")


@pytest.mark.full
def test_a_browser_that_dies_leaves_other_browsers_and_its_profile(works: Works) -> None:
    works.assert_that("killedBrowser")


@pytest.mark.full
def test_browsers_share_nothing(works: Works) -> None:
    works.assert_that("ownStores")


@pytest.mark.full
def test_a_picture_of_a_page_is_taken(works: Works) -> None:
    works.assert_that("pictures")


def test_nobody_outside_this_machine_is_asked_for_anything(works: Works) -> None:
    works.assert_that("nothingOutside")


def test_nothing_goes_wrong_beside_the_scenarios(works: Works) -> None:
    works.assert_that("(all)")


async def test_a_play_that_is_broken_off_leaves_no_browser(tmp_path: Path) -> None:
    program = tmp_path / "hangs.cjs"
    program.write_text(
        f"const {{ launch }} = require({str(HERE / 'kit.cjs')!r});\n"
        "launch().then(({ browser }) => {\n"
        "  require('node:fs').writeFileSync(JSON.parse(process.argv[2]).told, `${browser.process().pid}\\n`);\n"
        "  setInterval(() => {}, 1000);\n"
        "});\n"
    )
    told = tmp_path / "pid"
    playing = asyncio.create_task(play(program, {"told": str(told)}))
    while not (told.exists() and told.read_text().endswith("\n")):
        assert not playing.done(), playing.result()
        await asyncio.sleep(0.05)
    browser = int(told.read_text())
    assert len(members(browser)) > 1
    playing.cancel()
    with suppress(asyncio.CancelledError):
        await playing
    assert members(browser) == []


async def test_a_play_that_is_ended_before_it_tells_of_its_browser_leaves_none(tmp_path: Path) -> None:
    told = tmp_path / "pid"
    program = tmp_path / "silent.cjs"
    program.write_text(
        "const { spawn } = require('node:child_process');\n"
        "const words = ['-c', 'while :; do sleep 1; done', 'x', `${process.env.TMPDIR}/profile`];\n"
        "const { pid } = spawn('/bin/sh', words, { detached: true, stdio: 'ignore' });\n"
        f"require('node:fs').writeFileSync({str(told)!r}, String(pid));\n"
        "process.kill(process.pid, 'SIGKILL');\n"
    )
    played = await play(program, {})
    assert "ended with -9" in (played["(all)"] or "")
    assert members(int(told.read_text())) == []


async def test_a_play_that_hangs_is_told_of(tmp_path: Path) -> None:
    program = tmp_path / "hangs.cjs"
    program.write_text("setInterval(() => {}, 1000);\n")
    played = await play(program, {}, deadline_s=1)
    assert "hangs.cjs: not ended in time" in (played["(all)"] or "")
