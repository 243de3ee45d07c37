"""People come, go, rise and are blocked while others talk, over a lying bus and a crash: each sees what is theirs."""

import asyncio
import json
import time
from contextlib import suppress
from pathlib import Path
from random import Random

import pytest

from tests.adverse.test_lying_bus import LIES, lying
from tests.support.crowd import Crowd, create, gathered
from tests.support.figures import Report
from tests.support.follower import Frame
from tests.support.server_process import ServerProcess
from tests.support.virtual_client import DisconnectedError, RefusedError, VirtualClient

pytestmark = pytest.mark.adverse

STEADY = ("ann", "bob")
COMING_AND_GOING = ("cat", "dan", "eve", "fay")
CHURN_SHORT_S = 3.0
CHURN_FULL_S = 60.0
TTL_S = 4


async def churn(owner: VirtualClient, room: str, chance: Random, duration_s: float) -> int:
    """Add, remove, block, silence and promote people for a while; give how many changes were made."""
    end_s, changes = time.monotonic() + duration_s, 0
    while time.monotonic() < end_s:
        with suppress(DisconnectedError, RefusedError):
            await owner.ask({"conversation": room, **some_change(chance)})
            changes += 1
        await owner.wait_live()
        await asyncio.sleep(chance.uniform(0, 0.02))
    return changes


def some_change(chance: Random) -> Frame:
    """Choose a change of who belongs, as what, and of who may not: half of them add."""
    users: list[str] = chance.sample(COMING_AND_GOING, chance.randint(1, 2))
    changes: tuple[Frame, ...] = (
        {"op": "remove", "users": users},
        {"op": "restrict", "users": users, "what": "blocked"},
        {"op": "restrict", "users": list(COMING_AND_GOING), "what": "blocked", "on": False},
        {"op": "restrict", "users": users, "what": "silenced", "on": chance.random() < 0.5},
        {"op": "set_member", "user": users[0], "role": chance.choice(("manager", "member"))},
    )
    return {"op": "add", "users": users} if chance.random() < 0.5 else chance.choice(changes)


async def settle_membership(crowd: Crowd, room: str) -> None:
    """Have half of those who come and go out at the end, and half in."""
    owner = crowd.clients[0]
    await owner.ask(
        {"op": "restrict", "conversation": room, "users": list(COMING_AND_GOING), "what": "blocked", "on": False}
    )
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
        told = [json.loads(fact.content)[1]["kind"] for fact in log[f"c/{room}"]]
        left = sum(bool(fact.leaves) for fact in log[f"c/{room}"])
        server.assert_clean_log()
    report(f"{changes} changes of members, {left} departures; {verdict}")
    verdict.assert_clean()
    assert left > 5
    assert min(told.count(kind) for kind in ("restricted", "member_changed")) > 0


@pytest.mark.parametrize("lies", ["", LIES[0]], ids=("honest bus", "lying bus"))
async def test_what_is_over_is_over_for_all_and_a_crash_brings_it_to_an_end_as_well(
    data: Path, lies: str, report: Report
) -> None:
    """One conversation is dissolved; the time of another is up while the server is down."""
    async with ServerProcess(data, config=lying(lies)) as server, gathered(server.port, seed=14) as crowd:
        for user in STEADY + COMING_AND_GOING:
            crowd.add(user, 2, doubt=0.05)
        await crowd.wait_live()
        owner, members = crowd.clients[0], [*STEADY, *COMING_AND_GOING]
        group = await create(owner, members, "group")
        passing = await owner.ask(
            {"op": "create", "key": "passing", "of": "temporary", "members": members, "ttl_s": TTL_S}
        )
        rooms = [group, str(passing["conversation"])]
        for client in crowd.clients[::3]:
            await client.ask({"op": "send", "conversation": rooms[1], "key": client.name, "content": {"text": "hello"}})
        await owner.ask({"op": "dissolve", "conversation": group})
        await server.kill()
        await asyncio.sleep(TTL_S)
        await server.start()
        await crowd.wait_live()
        await crowd.wait_until(lambda: all(has_ended(client, room) for client in crowd.clients for room in rooms))
        verdict = await crowd.verdict()
        server.assert_clean_log()
    report(str(verdict))
    verdict.assert_clean()


def has_ended(client: VirtualClient, room: str) -> bool:
    """Say if a client was told that a conversation is over."""
    return any(fact["fact"]["kind"] == "ended" for fact in client.follower.facts.get(f"c/{room}", ()))
