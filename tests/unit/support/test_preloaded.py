"""What is forked for the tests is a program like any other, and one asker's trouble is no other's."""

import asyncio
import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

from tests.support.preloaded import _connected, begin
from tests.support.server_process import ServerProcess

ENVIRONMENT: Final[Mapping[str, str]] = {"PATH": os.environ["PATH"]}
PATIENCE_S: Final = 30.0


async def test_a_program_says_what_it_says_and_how_it_ended() -> None:
    process = await begin(["unisono", "--help"], ENVIRONMENT)
    assert process.stdout is not None
    assert (await process.stdout.read()).startswith(b"Usage: unisono")
    assert await process.wait() == 0
    refused = await begin(["unisono", "nonsense"], ENVIRONMENT)
    assert refused.stdout is not None
    assert b"nonsense" in await refused.stdout.read()
    assert await refused.wait() == 2


@pytest.mark.parametrize("said", [b"", b"{}\n", b"half of a li"])
async def test_who_asks_for_nothing_or_goes_disturbs_nobody(data: Path, said: bytes) -> None:
    async with ServerProcess(data) as server:
        asked: socket.socket = await _connected()
        with asked:
            asked.sendall(said)
        process = await begin(["unisono", "--help"], ENVIRONMENT)
        assert await process.wait() == 0
        assert server.returncode is None


async def test_a_start_that_is_broken_off_leaves_no_program(data: Path) -> None:
    words = ["unisono", "serve", "--dev", "--port", "0", "--data", str(data)]
    process = await begin(words, ENVIRONMENT)
    assert process.connection is not None
    process.connection.close()
    async with asyncio.timeout(PATIENCE_S):
        while _is_there(process.pid):
            await asyncio.sleep(0.01)


def _is_there(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()
