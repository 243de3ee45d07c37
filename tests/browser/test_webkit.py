"""WebKit shares a session as Chromium does, in a worker, in a leader tab, and where nothing can be shared.

It is Debian's WebKitGTK, driven by classic WebDriver (`webkit.cjs`), which can neither freeze a page nor crash one nor
say which process a page lives in, and tells of no event. Of what tabs go through (`takeover.cjs`) nothing is played
here, nor are crowds of tabs (`crowd`), windows that a page opens (`windows`) and pages by https (`schemes`).
"""

from pathlib import Path
from typing import Final

import pytest

from tests.browser.tabs import HOSTS, play_in_browsers
from tests.support.node_player import Works

pytestmark = [pytest.mark.full, pytest.mark.timeout(600)]

SHARED: Final = [
    *("oneSession", "answers", "atOnce", "lateJoiner"),
    *("apart", "origins", "objects", "ids", "calls", "putOut", "leaving"),
]
ALONE: Final = ["unsupported", "noWorker", "oneWord", "alone", "sharedBySlot", "randomDevice", "scriptTag", "rooms"]


async def assert_played(data: Path, program: str, host: str, scenarios: list[str]) -> None:
    works = Works(await play_in_browsers(data, program, HOSTS[host], scenarios, browser="webkit"))
    for scenario in (*scenarios, "(all)"):
        works.assert_that(scenario)


@pytest.mark.rows("D2")
@pytest.mark.parametrize("host", ["worker", "leader"])
async def test_tabs_of_webkit_share_all_that_tabs_share(data: Path, host: str) -> None:
    await assert_played(data, "sharing.cjs", host, SHARED)


@pytest.mark.rows("D2")
async def test_tabs_of_webkit_that_cannot_share_or_may_not(data: Path) -> None:
    await assert_played(data, "edges.cjs", "worker", ALONE)
