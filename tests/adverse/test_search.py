"""kill -9 while words are taken up: every message is found once, by what it says now."""

import asyncio
from pathlib import Path
from random import Random

import pytest

from tests.support.figures import Report
from tests.support.server_process import ServerProcess
from unisono_sdk import Client, Unisono

pytestmark = pytest.mark.adverse

CYCLES_SHORT = 4
CYCLES_FULL = 60
AT_ONCE = 100
UPTIME_S = (0.1, 2.0)


async def found(client: Client, text: str) -> list[str]:
    return sorted([message.text or "" async for message in client.search(text, page=100)])


@pytest.mark.timeout(600)
async def test_a_killed_server_finds_each_message_once_and_as_it_is_now(
    data: Path, is_full: bool, report: Report
) -> None:
    chance = Random(5)
    cycles = CYCLES_FULL if is_full else CYCLES_SHORT
    async with ServerProcess(data) as server, Unisono(f"ws://127.0.0.1:{server.port}") as unisono:
        ann = await unisono.login(user="ann")
        chats = [await ann.create(["bob"], unique=False) for _ in range(10)]
        green: set[str] = set()
        black: set[str] = set()
        for cycle in range(cycles):
            sends = [chats[number % 10].send(f"green tea {cycle} {number}") for number in range(AT_ONCE)]
            messages = await asyncio.gather(*sends)
            await asyncio.sleep(chance.uniform(*UPTIME_S))
            await asyncio.gather(*(messages[number].edit(f"black tea {cycle} {number}") for number in range(10)))
            green |= {f"green tea {cycle} {number}" for number in range(10, AT_ONCE)}
            black |= {f"black tea {cycle} {number}" for number in range(10)}
            await server.kill()
            await server.start()
        # Words are taken up chat by chat, in order within each, and in several turns where there are many.
        for chat in chats:
            await chat.send("the last one")
        while len(await found(ann, "last")) < len(chats):
            await asyncio.sleep(0.2)
        server.assert_clean_log()
        assert await found(ann, "green") == sorted(green)
        assert await found(ann, "black") == sorted(black)
    report(f"{cycles} kills, {len(green)} messages and {len(black)} edited ones, each found once")
