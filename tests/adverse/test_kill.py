"""kill -9 in the middle of everything: nothing acknowledged is lost, nothing comes twice, and it is soon back."""

import asyncio
import os
import statistics
import time
from functools import partial
from pathlib import Path
from random import Random

import pytest

from tests.support.crowd import Crowd, create, gathered
from tests.support.figures import Report
from tests.support.server_process import ServerProcess

pytestmark = pytest.mark.adverse

READY_MAX_S = 2.0
CYCLES_SHORT = 12
CYCLES_FULL = 500
UPTIME_S = (0.02, 0.6)
USERS = {"ann": 3, "bob": 3, "eve": 2, "dan": 2}


def others_share() -> float:
    """Give how much slower a machine is that works for others, too: 1 where each core has one thing to do at most."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def _has_more(crowd: Crowd, acknowledgements: int) -> bool:
    return crowd.acknowledgements > acknowledgements


@pytest.mark.rows("E1", "E3", "E32", "L2", "L230")
@pytest.mark.timeout(3000)
async def test_a_killed_server_loses_doubles_and_reorders_nothing(data: Path, is_full: bool, report: Report) -> None:
    chance = Random(2)
    cycles = CYCLES_FULL if is_full else CYCLES_SHORT
    begun_s = time.monotonic()
    async with ServerProcess(data, loads_itself=True) as server, gathered(server.port, seed=2) as crowd:
        for user, sessions in USERS.items():
            crowd.add(user, sessions, doubt=0.05)
        await crowd.wait_live()
        ann, bob = crowd.clients[0], crowd.clients[USERS["ann"]]
        all_in = await create(ann, tuple(USERS), "all")
        some_in = await create(bob, ("ann", "bob"), "some")
        crowd.talk([client for client in crowd.clients if client.name.endswith("/1")], [all_in], ahead=3)
        crowd.talk([bob], [all_in, some_in], ahead=2)
        changers = crowd.change([ann, crowd.clients[-2]], all_in)
        for _ in range(cycles):
            acknowledged = crowd.acknowledgements
            await asyncio.sleep(chance.uniform(*UPTIME_S))
            await server.kill()
            await server.start()
            await crowd.wait_until(partial(_has_more, crowd, acknowledged))
        await crowd.hush()
        verdict = await crowd.verdict()
        broken = [line for changer in changers for line in await changer.broken()]
        server.assert_clean_log()
        resumes, logins = (sum(getattr(client, what) for client in crowd.clients) for what in ("resumes", "logins"))
    middle_s, worst_s = statistics.median(server.starts_s), max(server.starts_s)
    report(
        f"{cycles} kills, {crowd.sends} sends, {resumes} resumes of {len(crowd.clients)} sessions, {verdict}; "
        f"{sum(changer.done for changer in changers)} edits, recalls, reactions and marks answered; ready "
        f"again after {middle_s:.2f} s, {worst_s:.2f} s at worst; {time.monotonic() - begun_s:.0f} s in all"
    )
    verdict.assert_clean()
    assert not broken
    assert all(changer.done > cycles for changer in changers)
    assert worst_s <= READY_MAX_S * others_share()
    assert logins == len(crowd.clients), "a resume must do: nobody logs in twice"
    assert verdict.acknowledgements >= cycles
