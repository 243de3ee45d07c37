"""The guide on push notifications: its receiver takes what a server posts."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from tests.docs.pages import examples
from tests.support.operator_desk import open_desk
from tests.support.push_service import KEY

PAGE = "docs/guide/push.md"
DEADLINE_S = 30.0


@pytest.mark.rows("L3", "L4", "L91", "L95")
async def test_the_receiver_of_the_guide_is_told_of_who_is_not_there(tmp_path: Path) -> None:
    (receiver,) = examples(PAGE, "python")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        receiver.text,
        env={**os.environ, "PUSH_KEY": KEY, "PORT": "0"},
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(DEADLINE_S):
            port = int((await process.stdout.readline()).split()[-1])
            push = {
                "UNISONO_PUSH__URL": f"http://127.0.0.1:{port}/push",
                "UNISONO_PUSH__SECRETS": KEY,
                "UNISONO_PUSH__TEXT": "{sender}: {text}",
                "UNISONO_PUSH__GRACE_S": "0.5",
                "UNISONO_SESSIONS__SWEEP_S": "0.1",
            }
            async with open_desk(tmp_path, **push) as desk, await desk.login("tom") as tom:
                made = await tom.ask("create", key="c", members=["jerry"])
                talk = made["answer"]["conversation"]
                await tom.ask("send", conversation=talk, key="1", content={"text": "hello"})
                first = await process.stdout.readline()
                alert = {"alert": "Your taxi is here"}
                await tom.ask("send", conversation=talk, key="2", content={"text": "taxi"}, push=alert)
                second = await process.stdout.readline()
    finally:
        process.kill()
        await process.wait()
    assert first == b"to jerry badge 1 say tom: hello\n"
    assert second == b"to jerry badge 2 say Your taxi is here\n"
