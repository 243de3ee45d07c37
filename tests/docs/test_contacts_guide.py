"""The guide to contacts: its program tells what it says, its commands make contacts, its setting is one."""

import asyncio
import json
import shlex
import tomllib
from pathlib import Path

import pytest

from tests.docs.pages import examples
from tests.support.operator_desk import open_desk
from unisono.config import load

PAGE = "docs/guide/contacts.md"


async def test_two_users_get_to_know_each_other_as_the_page_says(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (program,) = examples(PAGE, "python")
    async with open_desk(tmp_path) as desk:
        code = compile(program.text.replace("ws://127.0.0.1:8080", desk.url), program.place, "exec")
        async with asyncio.timeout(30):
            await asyncio.to_thread(exec, code, {"__name__": "__main__"})
        (commands,) = examples(PAGE, "sh")
        for line in commands.text.splitlines():
            words = shlex.split(line)
            body = json.loads(words[words.index("--json") + 1]) if "--json" in words else None
            path = words[-1].removeprefix("http://127.0.0.1:8080")
            status, answer = await desk.ask(words[2], path, json=body)
            assert status == 200, answer
        _, listed = await desk.ask("GET", "/v1/users/ben/contacts")
        assert [(each["user"], each["state"]) for each in listed["contacts"]] == [("ann", "friend")]
    assert capsys.readouterr().out.splitlines() == [
        "asked by jerry",
        "[('jerry', 'It is me, from the party')]",
        "the laptop hears that tom agreed",
        "[('jerry', 'the small one')]",
        "nobody hears jerry",
        "[] None",
    ]


def test_its_setting_is_one(tmp_path: Path) -> None:
    (setting,) = examples(PAGE, "toml")
    assert tomllib.loads(setting.text) == {"contacts": {"writing": "contacts"}}
    file = tmp_path / "unisono.toml"
    file.write_text(setting.text)
    assert load(file, {}).contacts.writing == "contacts"
