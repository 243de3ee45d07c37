"""What the operator or the user ends is over within two seconds, on every socket concerned and on no other."""

import time
from pathlib import Path

import aiohttp
import pytest

from tests.support.crowd import NOWHERE, Crowd, gathered
from tests.support.figures import Report
from tests.support.follower import Frame
from tests.support.server_process import ServerProcess
from tests.support.virtual_client import VirtualClient

pytestmark = pytest.mark.adverse

CLOSED_MAX_S = 2.0


async def devices_of(server: ServerProcess, user: str) -> set[str]:
    """Give the labels of the devices that the operator is told of."""
    status, answer = await ask(server, "GET", f"users/{user}/devices")
    assert status == 200
    return {device["shown"]["label"] for device in answer["devices"]}


async def rest(server: ServerProcess, method: str, path: str, body: object = None) -> int:
    """Do an operator's request; give the status."""
    return (await ask(server, method, path, body))[0]


async def ask(server: ServerProcess, method: str, path: str, body: object = None) -> tuple[int, Frame]:
    """Do an operator's request; give the status and the answer."""
    headers = {"Authorization": f"Bearer {(server.data / 'admin.key').read_text().strip()}"}
    url = f"http://127.0.0.1:{server.port}/v1/{path}"
    async with aiohttp.ClientSession(headers=headers) as http, http.request(method, url, json=body) as response:
        return response.status, await response.json()


async def seconds_until_over(crowd: Crowd, clients: list[VirtualClient]) -> float:
    """Wait until clients were told that it is over."""
    begun_s = time.monotonic()
    await crowd.wait_until(lambda: all(client.ended_by is not None for client in clients))
    return time.monotonic() - begun_s


@pytest.mark.rows("E28", "E29", "E30")
async def test_closing_a_session_a_device_or_all_closes_just_their_sockets(data: Path, report: Report) -> None:
    async with ServerProcess(data) as server, gathered(server.port) as crowd:
        one, two, three = crowd.add("ann", 3)
        (bob,) = crowd.add("bob")
        await crowd.wait_live()
        steps = (
            (f"users/ann/sessions/{one.session}", [one], [two, three, bob]),
            (f"users/ann/devices/device-of-{two.name.replace('/', '%2F')}", [two], [three, bob]),
            ("users/ann/sessions", [three], [bob]),
        )
        took_s = []
        for path, over, alive in steps:
            assert await rest(server, "DELETE", path) == 200
            took_s.append(await seconds_until_over(crowd, over))
            assert all(client.ended_by is not None and client.ended_by["code"] == "session_closed" for client in over)
            assert all(client.ended_by is not None and client.ended_by["advice"] == "stop" for client in over)
            assert all(client.is_live for client in alive)
            assert await devices_of(server, "ann") == {client.name for client in alive if client.user == "ann"}
        again = await ask(server, "DELETE", f"users/ann/sessions/{one.session}")
        assert again == (200, {"closed": 0}), "it is so already"
        assert await rest(server, "DELETE", f"users/bob/sessions/{one.session}") == 404
        server.assert_clean_log()
    report(f"sockets closed after at most {max(took_s) * 1000:.0f} ms")
    assert max(took_s) <= CLOSED_MAX_S


async def test_a_revoked_user_is_out_and_a_detached_session_does_not_come_back(data: Path) -> None:
    async with ServerProcess(data) as server, gathered(server.port) as crowd:
        live, away = crowd.add("ann", 2)
        await crowd.wait_live()
        away.port = NOWHERE
        away.cut()
        assert await rest(server, "POST", "revocations", {"user": "ann"}) == 200
        assert await seconds_until_over(crowd, [live]) <= CLOSED_MAX_S
        away.port = server.port
        await seconds_until_over(crowd, [away])
        assert {client.ended_by["code"] for client in (live, away) if client.ended_by} == {"token_revoked"}


async def test_a_user_closes_one_of_their_own_devices(data: Path) -> None:
    async with ServerProcess(data) as server, gathered(server.port) as crowd:
        one, two = crowd.add("ann", 2)
        (bob,) = crowd.add("bob")
        await crowd.wait_live()
        assert (await one.ask({"op": "close_session", "session": two.session}))["kind"] == "done"
        assert await seconds_until_over(crowd, [two]) <= CLOSED_MAX_S
        assert one.is_live
        assert bob.is_live
