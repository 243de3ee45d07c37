"""My sessions tell each other things, and messages go to one login of mine: with the real server."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.sdk.fake_server import FakeServer
from tests.support.server_here import serving
from unisono.domain.ids import SessionId
from unisono_sdk import (
    Address,
    Addressed,
    Body,
    Device,
    MemoryState,
    NotFound,
    SessionMessage,
    Text,
    Unisono,
    body,
    events,
)


@body(7)
class Cart(Body):
    items: int


@pytest.mark.rows("E36", "E37", "E38")
async def test_a_message_to_one_of_my_logins_reaches_that_alone(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(serving(tmp_path / "data"))
        clients = []
        for platform in ("linux", "ios", "web"):
            unisono = await stack.enter_async_context(Unisono(f"ws://127.0.0.1:{server.port}"))
            unisono.register(Cart)
            clients.append(await unisono.login(user="tom", device=Device(platform=platform)))
        desk, phone, page = clients
        heard: list[list[object]] = [[], [], []]
        for client, list_ in zip(clients, heard, strict=True):
            client.on("session_message", list_.append)
            client.on("told", list_.append)
        others = {view.session: view for view in await desk.other_sessions()}
        assert set(others) == {phone.session, page.session}
        for said in ("Hello, phone!", Cart(items=3)):
            assert await others[phone.session].send(said) == Addressed(live=1, away=0)
        assert await others[page.session].tell("cart", {"items": 3}) == Addressed(live=1, away=0)
        assert await desk.tell("ready", to=Address(platform="ios"), priority="high") == Addressed(live=1, away=0)
        assert await phone.tell("done") == Addressed(live=2, away=0)
        async with asyncio.timeout(10):
            while [len(each) for each in heard] != [1, 3, 2]:
                await asyncio.sleep(0.01)
        first, second, told = heard[1]
        assert isinstance(first, SessionMessage)
        assert isinstance(second, SessionMessage)
        assert (first.text, first.body, first.sender) == ("Hello, phone!", Text(text="Hello, phone!"), "tom")
        assert first.from_session == desk.session
        assert second.body == Cart(items=3)
        assert second.id != first.id
        assert second.sent_at >= first.sent_at
        assert isinstance(told, events.Told)
        assert (told.name, told.data, told.teller) == ("ready", None, events.Teller(session=desk.session))
        await page.close()
        await desk.close_session(page.session)
        with pytest.raises(NotFound):
            await others[page.session].tell("cart")


async def test_what_is_told_again_or_for_another_tab_is_passed_over(server: FakeServer) -> None:
    """A teller who got no answer asks again, under the same key."""
    async with Unisono(server.url, missed="nothing") as unisono:
        tom = await unisono.login(user="tom", tab="mine")
        heard: list[object] = []
        tom.on("told", heard.append)
        tom.on("session_message", heard.append)
        peer = await server.peer()
        told = [("a", None), ("a", None), ("b", "mine"), ("c", "other"), ("d", None)]
        for name, tab in told:
            event = {"kind": "told", "id": name, "at": 1, "name": name, **({} if tab is None else {"tab": tab})}
            await peer.push({"is": "event", "event": event})
        others = {"kind": "told", "id": "a", "at": 1, "name": "a of another", "teller": {"session": "s9"}}
        for _ in range(2):
            await peer.push({"is": "event", "event": others})
        message = {"kind": "told", "id": "e", "at": 1, "content": {"text": "Hi!"}}
        await peer.push({"is": "event", "event": message})
        async with asyncio.timeout(10):
            while not heard or not isinstance(heard[-1], SessionMessage):
                await asyncio.sleep(0.01)
        assert [event.name for event in heard if isinstance(event, events.Told)] == ["a", "b", "d", "a of another"]
        assert (heard[-1].sender, heard[-1].from_session) == (None, None)


async def test_what_is_kept_comes_once_however_often_it_is_brought(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(serving(tmp_path / "data"))
        url = f"ws://127.0.0.1:{server.port}"
        desk = await (await stack.enter_async_context(Unisono(url))).login(user="tom")
        state = MemoryState()
        async with Unisono(url, state=state) as first:
            phone = await first.login(user="tom")
            session = phone.session
        for number in range(30):
            await desk.tell("cart", [number, "x" * 16_000], keep_s=60)
        heard: list[object] = []
        async with Unisono(url, state=state) as again:
            phone = await again.login(user="tom", handlers={"told": heard.append})
            assert phone.session == session
            async with asyncio.timeout(10):
                while len(heard) < 30:
                    await asyncio.sleep(0.01)
            assert [event.data[0] for event in heard if isinstance(event, events.Told)] == list(range(30))  # type: ignore[index]
            kept = server.node.parts.kept_events
            async with asyncio.timeout(10):
                while (await kept.waiting(SessionId(session), 1000)).events:
                    await asyncio.sleep(0.01)
            await desk.tell("cart", "live", keep_s=60)
            async with asyncio.timeout(10):
                while len(heard) < 31 or (await kept.waiting(SessionId(session), 1000)).events:
                    await asyncio.sleep(0.01)


async def test_the_mark_of_a_loss_is_told_and_confirmed(server: FakeServer) -> None:
    async with Unisono(server.url, missed="nothing") as unisono:
        tom = await unisono.login(user="tom")
        heard: list[object] = []
        tom.on("told_lost", heard.append)
        tom.on("told", heard.append)
        server.hooks["took"] = lambda _, __: {"kind": "done"}
        peer = await server.peer()
        told = {"kind": "told", "id": "a", "at": 1, "name": "cart", "is_kept": True}
        for _ in range(2):
            event = {"kind": "told_later", "events": [told], "has_more": True, "lost": 7}
            await peer.push({"is": "event", "event": event})
        async with asyncio.timeout(10):
            while not server.requests("took"):
                await asyncio.sleep(0.01)
        assert [type(event) for event in heard if isinstance(event, events.Told)] == [events.Told]
        assert isinstance(heard[0], events.ToldLost)
        assert server.requests("took")[0] == {"op": "took", "ids": ["a"], "more": True, "lost": 7}
