"""People come and go while others talk, over a lying bus and a crash: each sees what is theirs, and nothing else."""

import asyncio
import time
from contextlib import suppress
from pathlib import Path
from random import Random

import pytest

from tests.adverse.test_lying_bus import LIES, lying
from tests.support.crowd import Crowd, create, gathered
from tests.support.figures import Report
from tests.support.server_process import ServerProcess
from tests.support.virtual_client import DisconnectedError, RefusedError, VirtualClient

pytestmark = pytest.mark.adverse

STEADY = ("ann", "bob")
COMING_AND_GOING = ("cat", "dan", "eve", "fay")
CHURN_SHORT_S = 3.0
CHURN_FULL_S = 60.0


async def churn(owner: VirtualClient, room: str, chance: Random, duration_s: float) -> int:
    """Add and remove people for a while; give how many changes were made."""
    end_s, changes = time.monotonic() + duration_s, 0
    while time.monotonic() < end_s:
        users = chance.sample(COMING_AND_GOING, chance.randint(1, 2))
        op = chance.choice(("add", "remove"))
        with suppress(DisconnectedError, RefusedError):
            await owner.ask({"op": op, "conversation": room, "users": users})
            changes += 1
        await owner.wait_live()
        await asyncio.sleep(chance.uniform(0, 0.02))
    return changes


async def settle_membership(crowd: Crowd, room: str) -> None:
    """Have half of those who come and go out at the end, and half in."""
    owner = crowd.clients[0]
    await owner.ask({"op": "remove", "conversation": room, "users": list(COMING_AND_GOING[:2])})
    await owner.ask({"op": "add", "conversation": room, "users": list(COMING_AND_GOING[2:])})


@pytest.mark.rows("L287")
@pytest.mark.parametrize("lies", ["", LIES[0]], ids=("honest bus", "lying bus"))
async def test_who_comes_and_goes_sees_all_that_is_theirs_and_nothing_else(
    data: Path, lies: str, is_full: bool, report: Report
) -> None:
    chance, half_s = Random(13), (CHURN_FULL_S if is_full else CHURN_SHORT_S) / 2
    async with ServerProcess(data, config=lying(lies)) as server, gathered(server.port, seed=13) as crowd:
        for user in STEADY + COMING_AND_GOING:
            crowd.add(user, 2, doubt=0.05)
        await crowd.wait_live()
        room = await create(crowd.clients[0], STEADY, "room")
        crowd.talk([crowd.clients[1], crowd.clients[2]], [room], ahead=1)
        changes = await churn(crowd.clients[0], room, chance, half_s)
        await server.kill()
        await server.start()
        await crowd.clients[0].wait_live()
        changes += await churn(crowd.clients[0], room, chance, half_s)
        await settle_membership(crowd, room)
        acknowledged = crowd.acknowledgements
        await crowd.wait_until(lambda: crowd.acknowledgements > acknowledged + 20)
        await crowd.hush()
        log = await crowd.final_log()
        verdict = await crowd.verdict(log)
        left = sum(bool(fact.leaves) for fact in log[f"c/{room}"])
        server.assert_clean_log()
    report(f"{changes} changes of members, {left} departures; {verdict}")
    verdict.assert_clean()
    assert left > 5
