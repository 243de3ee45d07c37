"""Tabs share all that they share by long polling, too, where a proxy lets no WebSocket through."""

from pathlib import Path
from typing import Final

import pytest

from tests.browser.tabs import HOSTS, play_in_browsers
from tests.support.node_player import Works

pytestmark = [pytest.mark.full, pytest.mark.timeout(600)]

SHARED: Final = [
    *("oneSession", "answers", "atOnce", "lateJoiner", "apart"),
    *("origins", "objects", "ids", "leaving", "putOut"),
]


@pytest.mark.parametrize("host", sorted(HOSTS))
async def test_tabs_that_poll_share_all_that_tabs_share(data: Path, host: str) -> None:
    works = Works(await play_in_browsers(data, "sharing.cjs", HOSTS[host], SHARED, is_polling=True))
    for scenario in (*SHARED, "(all)"):
        works.assert_that(scenario)
