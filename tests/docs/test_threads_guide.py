"""The guide to threads: its program tells what it says, its commands begin and list them."""

import asyncio
import json
import shlex
from pathlib import Path

import pytest

from tests.docs.pages import examples
from tests.support.operator_desk import open_desk

PAGE = "docs/guide/threads.md"


async def test_two_users_talk_beside_their_group_as_the_page_says(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (program,) = examples(PAGE, "python")
    async with open_desk(tmp_path) as desk:
        code = compile(program.text.replace("ws://127.0.0.1:8080", desk.url), program.place, "exec")
        async with asyncio.timeout(30):
            await asyncio.to_thread(exec, code, {"__name__": "__main__"})
        _, group = await desk.ask("POST", "/v1/users/ann/conversations", json={"members": ["bob"], "unique": False})
        said = {"content": {"text": "Lunch?"}}
        status, placed = await desk.ask(
            "POST", f"/v1/users/ann/conversations/{group['conversation']}/messages", json=said
        )
        assert (status, placed["seq"]) == (200, 2)
        (commands,) = examples(PAGE, "sh")
        answers = []
        for line in commands.text.splitlines():
            words = shlex.split(line)
            body = json.loads(words[words.index("--json") + 1]) if "--json" in words else None
            path = words[-1].removeprefix("http://127.0.0.1:8080").replace("/team/", f"/{group['conversation']}/")
            status, answer = await desk.ask(words[2], path, json=body)
            assert status == 200, answer
            answers.append(answer)
    made, *lists = answers
    assert (made["of"], made["name"], made["parent"]) == (
        "thread",
        "Desserts",
        {"conversation": group["conversation"], "message": 2},
    )
    assert [[each["conversation"] for each in listed["conversations"]] for listed in lists] == [
        [made["conversation"]]
    ] * 3
    assert capsys.readouterr().out.splitlines() == [
        "a thread under message 2 by ann",
        "the laptop hears of chatThreadJoin",
        "True Where to eat ('ann', 'bob')",
        "Pizza? in 2",
        "['Where to eat'] ['Where to eat']",
        "not Bob's to rename",
        "out of the group, out of the thread",
        "[]",
    ]
