"""The README, carried out: two users on three sessions, the scripts, the SDK."""

import asyncio
import json
import os
import shlex
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import pytest

from tests.docs.pages import ROOT, examples
from tests.support.server_process import ServerProcess

README: Final = "README.md"
PROGRAM: Final = ".venv/bin/unisono"
DEADLINE_S: Final = 30.0


def commands() -> list[list[str]]:
    """Give every command of the README that uses our program, in order, without the program."""
    lines = [line for block in examples(README, "sh") for line in block.text.splitlines()]
    return [shlex.split(line, comments=True)[1:] for line in lines if line.startswith(PROGRAM)]


class Newcomer:
    """Somebody who types what the README says, at a server on a free port."""

    def __init__(self, server: ServerProcess) -> None:
        self._environment = {**os.environ, "UNISONO_URL": f"http://127.0.0.1:{server.port}", "PYTHONUNBUFFERED": "1"}
        self._data = server.data

    async def start(self, words: list[str]) -> asyncio.subprocess.Process:
        """Start a command in the folder of the server's data."""
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "unisono",
            *words,
            "--data",
            str(self._data),
            env=self._environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )

    async def run(self, words: list[str]) -> str:
        """Run a command to its end; give what it printed."""
        process = await self.start(words)
        printed, _ = await asyncio.wait_for(process.communicate(), DEADLINE_S)
        assert process.returncode == 0, f"{words}: {printed.decode()}"
        return printed.decode()

    @asynccontextmanager
    async def chatting(self, words: list[str]) -> AsyncIterator[asyncio.subprocess.Process]:
        """Have a chat open while inside."""
        process = await self.start(words)
        try:
            yield process
        finally:
            if process.returncode is None:
                process.terminate()
            await process.communicate()


async def wait_for_line(process: asyncio.subprocess.Process, part: str) -> str:
    """Read what a program prints until a line has a part."""
    assert process.stdout is not None
    seen = []
    async with asyncio.timeout(DEADLINE_S):
        async for line in process.stdout:
            seen.append(line.decode())
            if part in seen[-1]:
                return seen[-1]
    raise AssertionError(f"no line with {part!r} in: {''.join(seen)}")


def write_line(process: asyncio.subprocess.Process, text: str) -> None:
    """Type a line."""
    assert process.stdin is not None
    process.stdin.write(f"{text}\n".encode())


async def wait_for_sessions(newcomer: Newcomer, user: str, count: int) -> list[dict[str, object]]:
    """Ask for a user's sessions until there are so many."""
    async with asyncio.timeout(DEADLINE_S):
        while True:
            found = json.loads(await newcomer.run(["sessions", "list", "--user", user, "--json"]))
            sessions: list[dict[str, object]] = found["sessions"]
            if len(sessions) == count:
                return sessions


@pytest.mark.rows("E1", "E3", "L22", "L31")
async def test_the_five_minutes_of_the_readme(tmp_path: Path) -> None:
    alice, bob, phone, *rest = commands()
    assert [words[0] for words in (alice, bob, phone)] == ["chat"] * 3
    async with ServerProcess(tmp_path / "data", loads_itself=True) as server:
        newcomer = Newcomer(server)
        async with (
            newcomer.chatting(alice) as first,
            newcomer.chatting(bob) as second,
            newcomer.chatting(phone) as third,
        ):
            await wait_for_sessions(newcomer, "bob", 2)
            write_line(first, "Hello, both of you")
            await wait_for_line(second, "Hello, both of you")
            await wait_for_line(third, "Hello, both of you")
            write_line(third, "From the phone")
            await wait_for_line(first, "From the phone")
            await wait_for_line(second, "From the phone")
            for words in rest:
                await newcomer.run(words)
                if words[:2] == ["sessions", "close"]:
                    await wait_for_sessions(newcomer, "bob", 1)
            await asyncio.wait_for(third.wait(), DEADLINE_S)
        shown = json.loads(await newcomer.run(["history", "--user", "bob", "--with", "alice", "--json"]))
        assert [message["content"]["text"] for message in shown["messages"]][-1] == "Lunch at one?"
        server.assert_clean_log()


async def test_the_python_of_the_readme_prints_what_was_said(tmp_path: Path) -> None:
    [example] = examples(README, "python")
    async with ServerProcess(tmp_path / "data", loads_itself=True) as server:
        script = tmp_path / "example.py"
        script.write_text(example.text.replace("127.0.0.1:8080", f"127.0.0.1:{server.port}"))
        process = await asyncio.create_subprocess_exec(
            sys.executable, str(script), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        printed, _ = await asyncio.wait_for(process.communicate(), DEADLINE_S)
        assert printed.decode() == "alice: Hello from Python\n"
        server.assert_clean_log()


def test_the_readme_leads_with_the_two_words() -> None:
    first = examples(README, "sh")[0].text
    assert [line.split("#")[0].strip() for line in first.splitlines()] == ["make run", "make test"]
    makefile = (ROOT / "Makefile").read_text()
    assert "\nrun:" in makefile
    assert "\ntest:" in makefile
