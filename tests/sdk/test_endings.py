"""Ends for a reason: what a client does when the server says why."""

import asyncio
from collections.abc import Callable

import pytest

from tests.sdk.conftest import within
from tests.sdk.diary import Diary
from tests.sdk.fake_server import FakeServer, Frame, Hush, Peer, Refuse
from tests.sdk.manual_clock import ManualClock
from unisono_sdk import (
    ClientClosed,
    Displaced,
    Label,
    Unavailable,
    Unisono,
    events,
)

Connect = Callable[..., Unisono]


@pytest.mark.rows("E42", "L271")
async def test_a_displaced_client_is_told_by_whom_and_never_comes_back(
    server: FakeServer, connect: Connect, clock: ManualClock
) -> None:
    async with connect() as unisono:
        client = await unisono.login(user="me")
        diary, happened = Diary(unisono, client), client.events()
        peer = await server.peer()
        newcomer = {"platform": "ios", "label": "Phone", "info": '{"build":7}'}
        await peer.bye("displaced", "stop", 4432, newcomer=newcomer)
        await diary.wait("client closed")
        displaced, closed = [event async for event in happened]
        assert displaced == events.WasDisplaced(newcomer=Label(platform="ios", label="Phone", info='{"build":7}'))
        assert isinstance(closed, events.Closed)
        assert closed.code == "displaced"
        clock.advance(3600)
        assert not unisono.retry()
        with pytest.raises(ClientClosed):
            await client.sessions()
    assert diary.entries == ["client displaced", "client closed"]
    assert server.ops("sync", "read") == ["login"]


@pytest.mark.rows("E43")
@pytest.mark.parametrize(("code", "close"), [("session_closed", 4431), ("replaced", 4433)])
async def test_an_end_for_good_without_a_bye_is_known_by_its_close_code(
    server: FakeServer, connect: Connect, code: str, close: int
) -> None:
    async with connect() as unisono:
        client = await unisono.login(user="me")
        happened = client.events()
        await (await server.peer()).socket.close(close)
        (closed,) = [event async for event in happened]
        assert isinstance(closed, events.Closed)
        assert closed.code == code


async def test_a_displaced_client_learns_it_on_its_return(server: FakeServer, connect: Connect) -> None:
    def refuse(peer: Peer, _: Frame) -> None:
        raise Refuse("displaced")

    async with connect() as unisono:
        client = await unisono.login(user="me")
        diary = Diary(unisono, client)
        (await server.peer()).cut()
        await diary.wait("client schedule 0 1000")
        server.hooks["resume"] = refuse
        unisono.retry()
        peer = await server.peer()
        while not server.requests("resume"):
            await asyncio.sleep(0)
        await peer.bye("displaced", "stop", 4432)
        await diary.wait("client closed")
    assert server.logins == 1
    assert diary.of("client")[-2:] == ["displaced", "closed"]


async def test_a_session_that_is_gone_is_followed_by_a_new_login_that_misses_nothing(
    server: FakeServer, connect: Connect
) -> None:
    def refuse(peer: Peer, _: Frame) -> None:
        raise Refuse("session_unknown")

    async with connect() as unisono:
        client = await unisono.login(user="me")
        diary, messages, session = Diary(unisono, client), client.messages(), client.session
        (await server.peer()).cut()
        await diary.wait("client schedule 0 1000")
        server.hooks["resume"] = refuse
        server.message("missed")
        unisono.retry()
        peer = await server.peer()
        while not server.requests("resume"):
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        peer.cut()
        await diary.wait("client schedule 1 2000")
        unisono.retry()
        await diary.wait("client reconnect")
        assert (await within(anext(messages))).text == "missed"
        assert client.session != session
    assert [login["device"]["id"] for login in server.requests("login")] == [client.device.id] * 2


async def test_the_server_says_when_to_come_back(server: FakeServer, connect: Connect, clock: ManualClock) -> None:
    async with connect() as unisono:
        client = await unisono.login(user="me")
        diary = Diary(unisono, client)
        await (await server.peer()).bye("draining", "later", 1012, retry_after_ms=7000)
        await diary.wait("client schedule 0 7000")
        clock.advance(7)
        await diary.wait("client reconnect")
        while (peer := server.current) is None or not peer.session:
            await asyncio.sleep(0)
        await peer.bye("slow_consumer", "reconnect", 4408)
        await diary.wait("client schedule 0 0")
        await diary.wait("client reconnect", times=2)


def test_displaced_is_a_session_that_is_over() -> None:
    assert Displaced.codes == {"displaced"}


async def test_an_answer_that_is_too_much_for_the_link_is_not_asked_for_for_ever(
    server: FakeServer, connect: Connect
) -> None:
    """A page of history larger than the server's outbox used to be asked for until the deadline."""

    def too_much(_: Peer, __: Frame) -> Frame:
        raise Hush

    async with connect() as unisono:
        client = await unisono.login(user="me")
        server.hooks["sessions"] = too_much
        asked = asyncio.ensure_future(client.sessions())
        for turn in range(1, 4):
            peer = await server.peer()
            while len(server.requests("sessions")) < turn:
                await asyncio.sleep(0)
            await peer.push({"is": "bye", "code": "slow_consumer", "message": "m", "advice": "reconnect"})
            await peer.socket.close(4408)
        with pytest.raises(Unavailable) as caught:
            await within(asked)
        assert caught.value.code == "slow_consumer"
