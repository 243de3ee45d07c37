"""My sessions tell each other things, and messages go to one login of mine: with the real server."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.sdk.fake_server import FakeServer
from tests.support.server_here import serving
from unisono_sdk import Address, Addressed, Body, Device, NotFound, SessionMessage, Text, Unisono, body, events


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
        message = {"kind": "told", "id": "e", "at": 1, "content": {"text": "Hi!"}}
        await peer.push({"is": "event", "event": message})
        async with asyncio.timeout(10):
            while not heard or not isinstance(heard[-1], SessionMessage):
                await asyncio.sleep(0.01)
        assert [event.name for event in heard if isinstance(event, events.Told)] == ["a", "b", "d"]
        assert (heard[-1].sender, heard[-1].from_session) == (None, None)
