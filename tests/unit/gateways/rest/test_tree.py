"""User, device, session and tab: seen by the operator, and closed one by one."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.support.operator_desk import Desk, Peer, open_desk

Json = dict[str, Any]
WITHIN_S = 1.0
ANN = "/v1/users/ann"
WHERE: Mapping[str, tuple[str, str]] = {
    "phone": ("d1", "ios"),
    "left": ("d2", "web"),
    "right": ("d2", "web"),
}


class House:
    """Ann on two devices, on one of them twice and with tabs; and Bob."""

    def __init__(self, desk: Desk, peers: Mapping[str, Peer]) -> None:
        self.desk = desk
        self.peers = peers
        self.heard: dict[str, list[Json]] = {name: [] for name in peers}
        self.listening = {name: asyncio.create_task(self._listen(name, peer)) for name, peer in peers.items()}

    async def _listen(self, name: str, peer: Peer) -> None:
        async for message in peer.socket:
            self.heard[name].append(message.json())

    async def close(self, path: str) -> Json:
        status, answer = await self.desk.ask("DELETE", path)
        assert status == 200
        return answer

    async def over(self, *names: str) -> None:
        """See that these links end in time, and can never come back."""
        async with asyncio.timeout(WITHIN_S):
            await asyncio.gather(*(self.listening[name] for name in names))
        for name in names:
            peer = self.peers[name]
            bye = self.heard[name][-1]
            assert (peer.socket.close_code, bye["code"], bye["advice"]) == (4431, "session_closed", "stop")
            again = await self.desk.connect()
            token = peer.welcome["resume_token"]
            refusal = await again.ask("resume", session=peer.session, resume_token=token)
            assert refusal["code"] == "session_closed"
            await again.socket.close()

    async def untouched(self, *names: str) -> None:
        """See that these are here as before, and were told of nothing that ends them."""
        for name in names:
            assert not self.listening[name].done()
            assert [frame for frame in self.heard[name] if frame["is"] == "bye"] == []
            peer = self.peers[name]
            user = "bob" if name == "bob" else "ann"
            page = (await self.desk.ask("GET", f"/v1/users/{user}/sessions"))[1]
            (its,) = (each for each in page["sessions"] if each["session"] == peer.session)
            assert its["state"] == "live"

    async def told(self, name: str, kind: str) -> Json:
        """Wait for an event."""
        async with asyncio.timeout(WITHIN_S):
            while True:
                for frame in self.heard[name]:
                    if frame.get("event", {}).get("kind") == kind:
                        event: Json = frame["event"]
                        return event
                await asyncio.sleep(0)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_desk(tmp_path) as desk, AsyncExitStack() as stack:
        peers = {}
        for name, (device, platform) in WHERE.items():
            login = desk.login("ann", device, platform=platform, label=name, info=f'{{"of": "{name}"}}')
            peers[name] = await stack.enter_async_context(await login)
        peers["bob"] = await stack.enter_async_context(await desk.login("bob", "d1"))
        await peers["left"].ask("tabs", tabs=[{"tab": "t1", "label": "Inbox"}, {"tab": "t2"}])
        house = House(desk, peers)
        yield house
        for listening in house.listening.values():
            listening.cancel()


def tree(sessions: Sequence[Json]) -> dict[str, list[tuple[str, list[str]]]]:
    """Put sessions with their tabs below their devices."""
    devices: dict[str, list[tuple[str, list[str]]]] = {}
    for session in sessions:
        tabs = [tab["tab"] for tab in session.get("tabs", ())]
        devices.setdefault(session["device"], []).append((session["shown"]["label"], tabs))
    return devices


async def test_who_closes_a_node_may_say_why(house: House) -> None:
    left = house.peers["left"].session
    await house.close(f"{ANN}/sessions/{left}/tabs/t2?why=one%20is%20enough")
    assert await house.told("left", "tab_closed") == {"kind": "tab_closed", "tab": "t2", "why": "one is enough"}
    await house.close(f"{ANN}/devices/d1?why=this%20phone%20was%20lost")
    await house.over("phone")
    assert house.heard["phone"][-1]["message"] == "the session was closed: reason=closed, why=this phone was lost"
    async with asyncio.timeout(WITHIN_S):
        while not (ended := [frame for frame in house.heard["left"] if "session_ended" in str(frame)]):
            await asyncio.sleep(0)
    assert "'why': 'this phone was lost'" in str(ended)
    for why in ("", "x" * 201, "%00"):
        status, refusal = await house.desk.ask("DELETE", f"{ANN}/sessions?why={why}")
        assert (status, refusal["code"]) == (422, "invalid")
    await house.untouched("left", "right", "bob")


@pytest.mark.rows("D8", "E28", "E30")
async def test_each_node_of_the_tree_is_seen_and_closed_alone(house: House) -> None:
    page = (await house.desk.ask("GET", ANN + "/sessions"))[1]
    assert tree(page["sessions"]) == {"d1": [("phone", [])], "d2": [("left", ["t1", "t2"]), ("right", [])]}
    for session in page["sessions"]:
        name = session["shown"]["label"]
        assert session["shown"]["info"] == f'{{"of": "{name}"}}'
        assert session["session"] == house.peers[name].session
        assert (session["address"], session["state"]) == ("127.0.0.1", "live")
        assert session["opened_at"] <= session["seen_at"]

    left = house.peers["left"].session
    await house.close(f"{ANN}/sessions/{left}/tabs/t2")
    assert (await house.told("left", "tab_closed"))["tab"] == "t2"
    await house.untouched("phone", "left", "right", "bob")

    assert await house.close(f"{ANN}/sessions/{left}") == {"closed": 1}
    await house.over("left")
    await house.untouched("phone", "right", "bob")

    assert await house.close(f"{ANN}/devices/d2") == {"closed": 1}
    await house.over("right")
    await house.untouched("phone", "bob")
    page = (await house.desk.ask("GET", ANN + "/sessions"))[1]
    assert tree(page["sessions"]) == {"d1": [("phone", [])]}

    assert await house.close(ANN + "/sessions") == {"closed": 1}
    await house.over("phone")
    await house.untouched("bob")
    assert (await house.desk.ask("GET", ANN + "/sessions"))[1] == {"sessions": []}
