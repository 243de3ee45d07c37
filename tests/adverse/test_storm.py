"""All links break in one moment, and everybody comes back at once."""

import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.support.crowd import Crowd, create, gathered
from tests.support.figures import Report
from tests.support.server_process import ServerProcess

pytestmark = pytest.mark.adverse

SESSIONS_SHORT = 400
SESSIONS_FULL = 3000
PER_USER = 4
ROOM_EVERY = 40
TURNS = 3
BACK_MAX_S = 20.0


async def cut_all(crowd: Crowd, rooms: Sequence[str], turn: int) -> float:
    """Cut every link while some send; give how long it took until everybody was back."""
    begun_s = time.monotonic()
    for client in crowd.clients:
        client.cut()
    for number, room in enumerate(rooms):
        crowd.clients[number * ROOM_EVERY].post(room, f"said in turn {turn}", f"k{turn}")
    await crowd.wait_until(lambda: all(client.resumes == turn and client.is_live for client in crowd.clients), 60)
    return time.monotonic() - begun_s


@pytest.mark.timeout(600)
async def test_everybody_is_back_soon_after_all_links_broke(data: Path, is_full: bool, report: Report) -> None:
    users = (SESSIONS_FULL if is_full else SESSIONS_SHORT) // PER_USER
    async with ServerProcess(data) as server, gathered(server.port, seed=12) as crowd:
        for number in range(users):
            crowd.add(f"user{number}", PER_USER)
        begun_s = time.monotonic()
        await crowd.wait_live(60)
        logins_s = time.monotonic() - begun_s
        rooms = [
            await create(first, [f"user{user}" for user in range(number, number + ROOM_EVERY // PER_USER)], "room")
            for number, first in zip(range(0, users, ROOM_EVERY // PER_USER), crowd.clients[::ROOM_EVERY], strict=True)
        ]
        backs_s = [await cut_all(crowd, rooms, turn) for turn in range(1, TURNS + 1)]
        await crowd.hush()
        verdict = await crowd.verdict()
        server.assert_clean_log()
    report(
        f"{len(crowd.clients)} logins in {logins_s:.1f} s, all back {max(backs_s):.1f} s after all were cut; {verdict}"
    )
    verdict.assert_clean()
    assert max(backs_s) < BACK_MAX_S * (3 if is_full else 1)
    assert all(client.logins == 1 for client in crowd.clients)
