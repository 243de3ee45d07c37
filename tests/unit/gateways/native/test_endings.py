"""How connections end: the last words, the close code, and what is let through before them."""

import asyncio

import pytest

from tests.unit.app.fanout_stage import settle
from tests.unit.gateways.websocket.door_stage import Carrier, an_open_door, both, login, on_uvloop
from unisono.domain.errors import Draining
from unisono.domain.ids import UserId


@pytest.mark.rows("E41", "E42", "X7")
@both
@on_uvloop
async def test_a_displaced_device_is_told_by_whom_and_not_to_come_back(carrier: Carrier) -> None:
    async with an_open_door(carrier=carrier) as door:
        clients = [await (await door.connect()).login("alice", str(number)) for number in range(5)]
        bye, code = await clients[0].last_words()
        assert (bye["code"], bye["advice"], code) == ("displaced", "stop", 4432)
        assert bye["newcomer"] == {"platform": "web", "label": "alice's 4"}
        assert (await clients[1].ask({"op": "ping"}))["is"] == "reply"


@pytest.mark.rows("E42")
@both
@on_uvloop
async def test_a_device_that_was_displaced_while_it_was_away_is_told_by_whom_when_it_comes_back(
    carrier: Carrier,
) -> None:
    """The newcomer used to be named to live sessions only."""
    async with an_open_door(carrier=carrier) as door:
        away = await door.connect()
        welcome = (await away.ask(login("alice", "0")))["answer"]
        away.socket.abort()
        await away.socket.closed
        for number in range(1, 5):
            await (await door.connect()).login("alice", str(number))
        back = await door.connect()
        back.issue({"op": "resume", "session": welcome["session"], "resume_token": welcome["resume_token"]})
        bye, code = await back.last_words()
        assert (bye["code"], code) == ("displaced", 4432)
        assert bye["newcomer"] == {"platform": "web", "label": "alice's 4"}


@pytest.mark.rows("E43")
@both
@on_uvloop
async def test_any_other_end_names_no_newcomer(carrier: Carrier) -> None:
    async with an_open_door(carrier=carrier) as door:
        client = await (await door.connect()).login()
        await door.app.node.own_sessions.end_all(UserId("alice"), "closed")
        bye, code = await client.last_words()
        assert (bye["code"], code) == ("session_closed", 4431)
        assert "newcomer" not in bye


@both
@on_uvloop
async def test_a_logout_is_answered_and_then_closed(carrier: Carrier) -> None:
    async with an_open_door(carrier=carrier) as door:
        client = await (await door.connect()).login()
        assert (await client.ask({"op": "logout"}))["answer"]["kind"] == "done"
        bye, code = await client.last_words()
        assert (bye["code"], code) == ("session_closed", 4431)


@both
@on_uvloop
async def test_when_the_node_stops_what_is_under_way_is_answered_and_clients_told_when_to_come(
    carrier: Carrier,
) -> None:
    async with an_open_door(carrier=carrier) as door:
        client = await (await door.connect()).login()
        gate, reached = asyncio.Event(), asyncio.Event()

        async def hold(method: str) -> None:
            reached.set()
            await gate.wait()

        door.app.mood = hold
        request = client.issue({"op": "create", "key": "k", "members": ["bob"]})
        await reached.wait()
        draining = asyncio.create_task(door.registry.end_all(lambda: Draining(retry_after_ms=700), 10))
        await settle(50)
        client.issue({"op": "sessions"})
        gate.set()
        frames = [await client.next_frame() for _ in range(2)]
        frames = [frame for frame in frames if frame["is"] != "facts"]
        assert (frames[0]["is"], frames[0]["re"]) == ("reply", request)
        bye, code = await client.last_words() if len(frames) == 1 else (frames[1], await client.closed())
        assert (bye["code"], bye["advice"], bye["retry_after_ms"], code) == ("draining", "later", 700, 1012)
        assert await draining == 0


@both
@on_uvloop
async def test_when_the_node_stops_a_login_under_way_gets_its_welcome_first(carrier: Carrier) -> None:
    """Used to break the stop itself: between two readings there was nothing to end."""
    async with an_open_door(carrier=carrier) as door:
        gate, reached = asyncio.Event(), asyncio.Event()

        async def hold(method: str) -> None:
            reached.set()
            await gate.wait()

        door.app.mood = hold
        client = await door.connect()
        request = client.issue(login("alice"))
        await reached.wait()
        draining = asyncio.create_task(door.registry.end_all(lambda: Draining(retry_after_ms=700), 10))
        await settle(50)
        gate.set()
        assert (await client.answer(request))["is"] == "reply"
        _, code = await client.last_words()
        assert code == 1012
        assert await draining == 0


@pytest.mark.rows("S13", "X48")
@both
@on_uvloop
async def test_a_connection_without_a_user_lives_and_is_nobodys(carrier: Carrier) -> None:
    async with an_open_door(carrier=carrier) as door:
        client = await (await door.connect()).login("nobody")
        assert (await client.ask({"op": "ping"}))["is"] == "reply"
        assert (await client.ask({"op": "sessions"}))["code"] == "no_user"
        assert len(door.app.node.audience) == 0
        client.socket.close()
        assert await client.closed() == 1000
