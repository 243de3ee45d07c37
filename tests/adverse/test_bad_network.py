"""Between clients and server everything breaks: cut in the middle of frames, delayed, trickling, swallowed."""

import asyncio
from pathlib import Path

import pytest

from tests.support.crowd import Crowd, create, gathered
from tests.support.fault_proxy import FaultProxy, Faults
from tests.support.figures import Report
from tests.support.server_process import ServerProcess

pytestmark = pytest.mark.adverse

TALK_SHORT_S = 2.0
TALK_FULL_S = 120.0
PATIENCE_S = 0.6
BLACK_HOLE_S = 1.0
USERS = {"ann": 3, "bob": 2, "eve": 1}
NETWORKS = {
    "cut after bytes": Faults(cut_after_bytes=(500, 30_000)),
    "cut in a trickle": Faults(cut_after_bytes=(500, 10_000), chunk_bytes=37, delay_s=(0.0, 0.002)),
    "late": Faults(delay_s=(0.0, 0.05)),
}


async def start_talking(crowd: Crowd) -> None:
    """Bring the users in and have one session of each talk."""
    for user, sessions in USERS.items():
        crowd.add(user, sessions, doubt=0.05, patience_s=PATIENCE_S)
    await crowd.wait_live()
    room = await create(crowd.clients[0], tuple(USERS), "room")
    crowd.talk([client for client in crowd.clients if client.name.endswith("/1")], [room], ahead=2)


@pytest.mark.parametrize("faults", NETWORKS.values(), ids=NETWORKS)
async def test_a_bad_network_costs_time_and_nothing_else(
    data: Path, faults: Faults, is_full: bool, report: Report
) -> None:
    async with ServerProcess(data) as server, FaultProxy(server.port, seed=1) as proxy:
        async with gathered(proxy.port, seed=9) as crowd:
            await start_talking(crowd)
            proxy.faults = faults
            proxy.cut_all()
            await asyncio.sleep(TALK_FULL_S if is_full else TALK_SHORT_S)
            proxy.faults = Faults()
            proxy.cut_all()
            await crowd.hush()
            verdict = await crowd.verdict()
            server.assert_clean_log()
        report(f"{proxy.cuts} cuts of {proxy.accepted} connections; {verdict}")
    verdict.assert_clean()
    assert verdict.acknowledgements > len(USERS)


async def test_links_that_are_open_and_dead_are_left_for_new_ones(data: Path, report: Report) -> None:
    async with ServerProcess(data) as server, FaultProxy(server.port, seed=1) as proxy:
        async with gathered(proxy.port, seed=10) as crowd:
            await start_talking(crowd)
            for _ in range(3):
                resumes = sum(client.resumes for client in crowd.clients)
                with proxy.black_hole():
                    await asyncio.sleep(BLACK_HOLE_S)
                    proxy.cut_one()
                await crowd.wait_until(lambda before=resumes: sum(client.resumes for client in crowd.clients) > before)  # type: ignore[misc]
            await crowd.hush()
            verdict = await crowd.verdict()
            server.assert_clean_log()
        report(f"{proxy.accepted} connections; {verdict}")
    verdict.assert_clean()
    assert all(client.logins == 1 for client in crowd.clients)
