"""kill -9 while push notifications are handed over: whoever is not there is told of each message, once by its name."""

import asyncio
from pathlib import Path

import pytest

from tests.support.crowd import create, gathered
from tests.support.figures import Report
from tests.support.push_service import KEY, Answer, push_desk
from tests.support.server_process import TEST_CONFIG, ServerProcess

pytestmark = pytest.mark.adverse

KILLS = 6
AWAY = ("ann", "bob", "cim")


@pytest.mark.rows("L3")
async def test_a_killed_server_loses_no_push(data: Path, report: Report) -> None:
    """Each server is killed while the service, which took what it was told, has not said so yet, or was too busy."""
    async with push_desk() as desk:
        silence = asyncio.Event()
        desk.mood = {number: silence if number % 6 == 0 else Answer(503) for number in range(3, 1000, 3)}
        settings = [f'url = "{desk.url}"', f'secrets = ["{KEY}"]', 'text = "{text}"', "grace_s = 0.2", "batch_max = 7"]
        config = "\n".join([TEST_CONFIG, "[sessions]", "sweep_s = 0.1", "[push]", *settings])
        async with ServerProcess(data, config=config) as server, gathered(server.port, seed=7) as crowd:
            (eve,) = crowd.add("eve")
            await crowd.wait_live()
            talk = await create(eve, ("eve", *AWAY), "talk")
            said: list[str] = []
            for _ in range(KILLS):
                next_silence = len(desk.attempts) // 6 * 6 + 6
                while len(desk.attempts) < next_silence:
                    said.append(f"message {len(said)}")
                    await eve.send(talk, said[-1], said[-1])
                    await asyncio.sleep(0.02)
                await server.kill()
                await server.start()
            silence.set()
            due = {(user, text) for user in AWAY for text in said}
            await desk.until(lambda: {(push["user"], push["text"]) for push in desk.pushes} == due)
            server.assert_clean_log("event=push_not_taken")
    names = {push["id"] for push in desk.pushes}
    twice = len(desk.pushes) - len(names)
    report(f"{len(due)} pushes, {twice} of them came twice, in {len(desk.attempts)} requests over {KILLS} kills")
    assert len(names) == len(due)
    assert twice
