"""The commands of the operators' guide about the policy, in their order, against a whole server."""

import asyncio
import shlex
from pathlib import Path

from tests.docs.pages import examples
from tests.support.operator_desk import ADMIN_KEY, open_desk
from tests.unit.cli.commands import run


async def test_the_commands_about_the_policy_do_what_the_page_says(tmp_path: Path) -> None:
    (example,) = (each for each in examples("docs/guide/operate.md", "sh") if "unisono policy" in each.text)
    out = []
    async with open_desk(tmp_path) as desk, await desk.login("ann", "d1"), await desk.login("ann", "d2"):
        for line in example.text.strip().splitlines():
            words = (*shlex.split(line)[1:], "--url", desk.url, "--admin-key", ADMIN_KEY)
            told = await asyncio.to_thread(run, *words)
            assert told.code == 0, told.err
            out.append(told.out.splitlines())
    shown, tried, changed, limited, taken_back, log = out
    assert shown[0] == taken_back[0] == "devices  4 devices per platform  as in the settings"
    assert tried[0] == "1 session would be over the limits. Nothing was changed."
    assert changed[0] == "devices  4 devices per platform (but ios 2, web 6)  said here"
    assert (limited[0], limited[1]) == (changed[0], "writing  contacts  said here")
    assert [line.split()[0] for line in log if not line.startswith(" ")] == ["3", "2", "1"]
    assert log[-3].endswith(": tablets come in May")
