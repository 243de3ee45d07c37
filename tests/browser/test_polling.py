"""Tabs share a session where a proxy lets no WebSocket through, too: by long polling, all that they share."""

from pathlib import Path
from typing import Final

import pytest

from tests.browser.tabs import HOSTS, play_in_browsers
from tests.support.node_player import Works

SHORT: Final = ["answers"]
SHARED: Final = [
    *("oneSession", "answers", "atOnce", "lateJoiner", "apart"),
    *("origins", "objects", "ids", "leaving", "putOut"),
]


async def assert_played(data: Path, host: str, scenarios: list[str]) -> None:
    works = Works(await play_in_browsers(data, "sharing.cjs", HOSTS[host], scenarios, is_polling=True))
    for scenario in (*scenarios, "(all)"):
        works.assert_that(scenario)


async def test_tabs_behind_a_proxy_without_websockets_get_what_they_asked_for(data: Path) -> None:
    await assert_played(data, "worker", SHORT)


@pytest.mark.full
@pytest.mark.timeout(600)
@pytest.mark.parametrize("host", sorted(HOSTS))
async def test_tabs_behind_a_proxy_without_websockets_share_all_that_tabs_share(data: Path, host: str) -> None:
    await assert_played(data, host, SHARED)
