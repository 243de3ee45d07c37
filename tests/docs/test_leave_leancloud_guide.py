"""The guide on leaving LeanCloud: its commands bring an application along, and its codes are all there are."""

import asyncio
import shlex
import shutil
from pathlib import Path
from typing import get_args

import pytest

from tests.docs.pages import ROOT, examples
from tests.support.fake_leancloud import APP_ID, MASTER_KEY, fake_leancloud
from tests.support.leancloud_export import export, history, roles, standing
from tests.support.operator_desk import ADMIN_KEY, open_desk
from tests.unit.cli.commands import run
from unisono.cli.leancloud.records import CODES, Code

PAGE = "docs/guide/leave-leancloud.md"
API = "https://abcdefgh.api.lncldglobal.com"
CONVERSATIONS, MESSAGES = 20, 200


@pytest.mark.rows("D14")
async def test_the_commands_of_the_guide_bring_everything_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = export(tmp_path, CONVERSATIONS, MESSAGES)
    shutil.move(files.messages, tmp_path / "messages.jsonl.gz")
    (tmp_path / "unread.jsonl").write_text("")
    monkeypatch.chdir(tmp_path)
    outs: list[str] = []
    async with fake_leancloud(list(history(CONVERSATIONS, MESSAGES, 7))) as fake, open_desk(tmp_path / "data") as desk:
        fake.tell(roles(CONVERSATIONS), standing(CONVERSATIONS))
        environment = {"UNISONO_URL": desk.url, "UNISONO_ADMIN_KEY": ADMIN_KEY}
        for words in commands():
            if words[0] == "export":
                environment[words[1].partition("=")[0]] = ""
                continue
            environment |= {"LEANCLOUD_APP_ID": APP_ID, "LEANCLOUD_MASTER_KEY": MASTER_KEY}
            asked = [fake.url if word == API else word for word in words[1:]]
            told = await asyncio.to_thread(run, *asked, environment=environment)
            assert told.code == 0, told.err
            outs.append(told.out)
    assert len(outs) == 3
    assert f"{MESSAGES} new" in outs[0]
    assert f"0 new · {MESSAGES} as before" in outs[1]
    assert len({line for out in outs for line in out.splitlines() if line.strip().startswith("hash")}) == 1


def commands() -> list[list[str]]:
    lines = [line for example in examples(PAGE, "sh") for line in example.text.replace("\\\n", " ").splitlines()]
    return [shlex.split(line) for line in lines]


def test_the_guide_tells_every_code() -> None:
    text = (ROOT / PAGE).read_text(encoding="utf-8")
    assert [code for code in CODES if f"`{code}`" not in text] == []
    assert [code for code in get_args(Code) if f"| `{code}` |" not in text] == []
