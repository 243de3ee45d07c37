"""A bus that drops, repeats, delays and reorders its hints: everybody still gets everything, once, in order, soon."""

import asyncio
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.crowd import create, gathered
from tests.support.figures import Report
from tests.support.judge import Fault, Verdict
from tests.support.server_process import TEST_CONFIG, ServerProcess

pytestmark = pytest.mark.adverse

SWEEP_S = 0.5
TALK_SHORT_S = 2.0
TALK_FULL_S = 60.0
USERS = {"ann": 3, "bob": 2, "eve": 1}
LIES = (
    "drop = 0.3\nrepeat = 0.3\ndelay = 0.3\ndelay_max_s = 0.4",
    "drop = 1.0",
    "delay = 1.0\ndelay_max_s = 0.3\nrepeat = 0.5",
)


def lying(lies: str, *, seed: int = 7, sweep_s: float = SWEEP_S) -> str:
    """Give settings of a server whose bus lies."""
    return TEST_CONFIG + f"\n[sessions]\nsweep_s = {sweep_s}\n\n[testing.bus_faults]\nseed = {seed}\n{lies}\n"


async def talked(data: Path, config: str, talk_s: float, *, patience_s: float) -> tuple[Verdict, float, int]:
    """Talk on such a server; give the verdict, how long the last fact took to be everywhere, and the gaps filled."""
    async with ServerProcess(data, config=config) as server, gathered(server.port, seed=7) as crowd:
        for user, sessions in USERS.items():
            crowd.add(user, sessions, doubt=0.05)
        await crowd.wait_live()
        room = await create(crowd.clients[0], tuple(USERS), "room")
        crowd.talk(crowd.clients[::2], [room], ahead=2)
        changers = crowd.change(crowd.clients[::4], room)
        await asyncio.sleep(talk_s)
        await crowd.hush()
        hushed_s, stream = time.monotonic(), f"c/{room}"
        head = max(ack.seq for client in crowd.clients for ack in client.acks)
        with suppress(TimeoutError):
            await crowd.wait_until(lambda: min(each.follower.seq(stream) for each in crowd.clients) >= head, patience_s)
        took_s = time.monotonic() - hushed_s
        verdict = await crowd.verdict(timeout_s=patience_s)
        assert not [line for changer in changers for line in await changer.broken()]
        assert all(changer.done > 10 for changer in changers)
        server.assert_clean_log()
        return verdict, took_s, sum(client.follower.gaps for client in crowd.clients)


@pytest.mark.rows("E3", "E32")
@pytest.mark.parametrize("lies", LIES, ids=("mixed", "silent", "late"))
async def test_whatever_the_bus_says_all_arrives_once_and_in_order(
    data: Path, lies: str, is_full: bool, report: Report
) -> None:
    talk_s = TALK_FULL_S if is_full else TALK_SHORT_S
    verdict, took_s, gaps = await talked(data, lying(lies), talk_s, patience_s=20)
    report(f"{verdict}; all had all {took_s:.2f} s after the last send; {gaps} gaps filled by clients")
    verdict.assert_clean()
    assert verdict.acknowledgements > 50
    assert took_s < 2 * SWEEP_S + 1


async def test_without_the_sweep_a_silent_bus_loses_facts(data: Path) -> None:
    """The control: it is the log that mends what the bus hides, so without reading it facts must be missing."""
    verdict, *_ = await talked(data, lying("drop = 1.0", sweep_s=3600), 0.5, patience_s=1)
    assert Fault.LOST in verdict.faults
