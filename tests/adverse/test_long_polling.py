"""Long polling through proxies that lose, repeat and cut, and with a server that dies: no promise is another."""

import asyncio
import json
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.support.crowd import Crowd, create, gathered
from tests.support.figures import Report
from tests.support.http_proxy import HttpFaults, HttpProxy
from tests.support.polled_socket import PolledSocket
from tests.support.server_process import ServerProcess
from unisono_sdk import Backoff, Unisono

pytestmark = pytest.mark.adverse

TALK_SHORT_S = 3.0
TALK_FULL_S = 120.0
CYCLES_SHORT = 4
CYCLES_FULL = 200
UPTIME_S = (0.05, 0.6)
USERS = {"ann": 3, "bob": 2, "eve": 1}
PROXIES = {
    "loses answers": HttpFaults(lose_answer=0.1),
    "repeats requests": HttpFaults(repeat=0.3),
    "loses, repeats, gives up": HttpFaults(lose_request=0.05, lose_answer=0.05, repeat=0.1, give_up=0.05),
    "cuts polls": HttpFaults(cut_after_s=0.3),
}
PINGS = 100


async def start_talking(crowd: Crowd) -> None:
    """Bring the users in, half of them by polls, and have one session of each talk."""
    for user, sessions in USERS.items():
        crowd.add(user, sessions, doubt=0.05, polls=True)
    await crowd.wait_live()
    room = await create(crowd.clients[0], tuple(USERS), "room")
    crowd.talk([client for client in crowd.clients if client.name.endswith("/1")], [room], ahead=2)


@pytest.mark.parametrize("faults", PROXIES.values(), ids=PROXIES)
async def test_a_bad_proxy_costs_time_and_nothing_else(
    data: Path, faults: HttpFaults, is_full: bool, report: Report
) -> None:
    async with ServerProcess(data) as server, HttpProxy(server.port, seed=1) as proxy:
        async with gathered(proxy.port, seed=9) as crowd:
            await start_talking(crowd)
            proxy.faults = faults
            await asyncio.sleep(TALK_FULL_S if is_full else TALK_SHORT_S)
            proxy.faults = HttpFaults()
            await crowd.hush()
            verdict = await crowd.verdict()
            server.assert_clean_log()
            resumes = sum(client.resumes for client in crowd.clients)
        report(f"{proxy.harmed} of {proxy.requests} requests harmed, {resumes} resumes; {verdict}")
    verdict.assert_clean()
    assert verdict.acknowledgements > len(USERS)
    assert resumes == 0, "a request that is repeated does: no connection was lost"


async def test_kills_under_clients_that_poll_lose_and_double_nothing(data: Path, is_full: bool, report: Report) -> None:
    chance, cycles = Random(5), CYCLES_FULL if is_full else CYCLES_SHORT
    async with ServerProcess(data) as server, gathered(server.port, seed=3) as crowd:
        await start_talking(crowd)
        crowd.add("bob", 1, doubt=0.05)
        await crowd.wait_live()
        for _ in range(cycles):
            acknowledged = crowd.acknowledgements
            await asyncio.sleep(chance.uniform(*UPTIME_S))
            await server.kill()
            await server.start()
            await crowd.wait_until(partial(_has_more, crowd, acknowledged))
        await crowd.hush()
        verdict = await crowd.verdict()
        server.assert_clean_log()
        assert all(client.logins == 1 for client in crowd.clients)
    report(f"{cycles} kills; {verdict}")
    verdict.assert_clean()


def _has_more(crowd: Crowd, acknowledgements: int) -> bool:
    return crowd.acknowledgements > acknowledgements


@pytest.mark.parametrize("keeps_numbers", [True, False], ids=["by number", "under another number each time"])
async def test_one_connection_lives_through_it_all_and_takes_each_frame_once(
    data: Path, keeps_numbers: bool, report: Report
) -> None:
    """And a client that repeats a batch under another number is answered twice: the numbers are what prevents it."""
    async with ServerProcess(data) as server, HttpProxy(server.port, seed=4) as proxy:
        socket = await PolledSocket.connect(proxy.port)
        socket.keeps_numbers = keeps_numbers
        heard: list[dict[str, Any]] = []
        socket.on_frame = lambda _, payload: heard.append(json.loads(payload))
        device = {"id": "d", "platform": "web"}
        socket.send_text(
            json.dumps({"id": 1, "do": {"op": "login", "login": "login-of-ann", "user": "ann", "device": device}})
        )
        proxy.faults = HttpFaults(lose_answer=0.2, repeat=0.2)
        for number in range(2, PINGS + 2):
            socket.send_text(json.dumps({"id": number, "do": {"op": "ping"}}))
            await asyncio.sleep(0.005)
        async with asyncio.timeout(30):
            while not socket.closed.done() and len({frame["re"] for frame in heard if frame["is"] == "reply"}) <= PINGS:
                await asyncio.sleep(0.01)
        replies = [frame["re"] for frame in heard if frame["is"] == "reply"]
        is_alive = not socket.closed.done()
        await socket.hang_up()
        report(f"{proxy.harmed} of {proxy.requests} requests harmed; {len(replies)} replies to {PINGS + 1} requests")
        assert proxy.harmed > 10
        assert (len(replies) == len(set(replies))) is keeps_numbers
        assert is_alive or not keeps_numbers


async def test_the_sdk_gets_through_a_proxy_that_knows_no_websocket_and_is_a_bad_one(
    data: Path, report: Report
) -> None:
    async with ServerProcess(data) as server, HttpProxy(server.port, seed=6) as proxy:
        url = f"ws://127.0.0.1:{proxy.port}"
        async with Unisono(url, backoff=Backoff(first_ms=20)) as one, Unisono(url) as other:
            ann, bob = await one.login(user="ann"), await other.login(user="bob")
            assert (ann.transport, bob.transport) == ("longpoll", "longpoll")
            heard: list[str | None] = []
            bob.on("message", lambda message: heard.append(message.text))
            conversation = await ann.direct("bob")
            proxy.faults = HttpFaults(lose_request=0.05, lose_answer=0.05, repeat=0.1, give_up=0.05, cut_after_s=1.5)
            said = [str(number) for number in range(100)]
            async with asyncio.timeout(60):
                placed = [await conversation.send(text) for text in said]
                while len(heard) < len(said):
                    await asyncio.sleep(0.01)
                await asyncio.sleep(2.0)
            assert heard == said == [message.text for message in await conversation.history(100)]
            assert [message.seq for message in placed] == sorted({message.seq for message in placed})
        report(f"{proxy.harmed} of {proxy.requests} requests harmed, {proxy.upgrades_refused} upgrades refused")
        assert proxy.upgrades_refused == 2, "what went is tried first the next time"
        server.assert_clean_log()
