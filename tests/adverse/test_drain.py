"""SIGTERM: everybody is told when to come back, nothing committed stays unacknowledged, and the process ends well."""

import asyncio
import signal
import time
from pathlib import Path

import pytest

from tests.support.crowd import NOWHERE, create, gathered
from tests.support.figures import Report
from tests.support.server_process import TEST_CONFIG, ServerProcess

pytestmark = pytest.mark.adverse

DRAIN_S = 3.0
AT_ONCE_S = 3.0
CONFIG = TEST_CONFIG + f"\n[server]\ndrain_s = {DRAIN_S}\n"
USERS = {"ann": 3, "bob": 2, "eve": 1}


async def test_a_server_told_to_stop_says_goodbye_and_keeps_its_word(data: Path, report: Report) -> None:
    async with ServerProcess(data, config=CONFIG) as server, gathered(server.port, seed=4) as crowd:
        for user, sessions in USERS.items():
            crowd.add(user, sessions)
        await crowd.wait_live()
        room = await create(crowd.clients[0], tuple(USERS), "room")
        crowd.talk(crowd.clients, [room], ahead=6)
        await crowd.wait_until(lambda: crowd.acknowledgements > 50)
        crowd.route(NOWHERE)
        begun_s = time.monotonic()
        code = await server.terminate()
        took_s = time.monotonic() - begun_s
        await crowd.wait_until(lambda: not any(client.is_live for client in crowd.clients))
        told = {ack.key for client in crowd.clients for ack in client.acks}
        byes = [client.byes for client in crowd.clients]
        codes = {code for client in crowd.clients for code in client.close_codes}
        await server.start()
        async with gathered(server.port, seed=5) as readers:
            readers.add("ann", follows=True)
            await readers.wait_live()
            log = await readers.final_log()
        crowd.route(server.port)
        placed = {fact.key for fact in log[f"c/{room}"] if fact.key is not None}
        await crowd.hush()
        verdict = await crowd.verdict()
        server.assert_clean_log()
    report(f"gone after {took_s:.2f} s, {len(told)} sends acknowledged before, {len(placed - told)} kept quiet about")
    assert code == 0
    assert placed <= told, "what was committed was acknowledged before the goodbye"
    assert took_s <= DRAIN_S
    assert [[bye["code"] for bye in all_of_one] for all_of_one in byes] == [["draining"]] * len(byes)
    assert all(bye["retry_after_ms"] > 0 and bye["advice"] == "later" for all_of_one in byes for bye in all_of_one)
    assert codes == {1012}
    verdict.assert_clean()


async def test_a_client_that_does_not_answer_the_close_holds_up_nobody(data: Path) -> None:
    async with ServerProcess(data, config=CONFIG) as server, gathered(server.port) as crowd:
        (deaf,) = crowd.add("ann")
        await crowd.wait_live()
        deaf.pause()
        begun_s = time.monotonic()
        assert await server.terminate() == 0
        assert time.monotonic() - begun_s <= DRAIN_S + 1
        server.assert_clean_log()


async def test_a_second_signal_stops_at_once(data: Path) -> None:
    async with (
        ServerProcess(data, config=TEST_CONFIG + "\n[server]\ndrain_s = 60\n") as server,
        gathered(server.port) as crowd,
    ):
        (deaf,) = crowd.add("ann")
        await crowd.wait_live()
        deaf.pause()
        server.send_signal(signal.SIGTERM)
        await asyncio.sleep(0.2)
        server.send_signal(signal.SIGTERM)
        begun_s = time.monotonic()
        await server.wait_ended()
        assert time.monotonic() - begun_s < AT_ONCE_S
