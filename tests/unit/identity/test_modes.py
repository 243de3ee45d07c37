"""The three ways to give user ids, on a whole server and with the real SDK, by WebSocket and by long polling."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from tests.support.operator_desk import Desk, open_desk
from unisono_sdk import Client, Message, Transport, Unisono

both = pytest.mark.parametrize("transport", ["websocket", "longpoll"])


@asynccontextmanager
async def serving(data: Path, function: str) -> AsyncIterator[Desk]:
    async with open_desk(data, UNISONO_IDENTITY__KIND="callable", UNISONO_IDENTITY__CALLABLE=function) as desk:
        yield desk


class Browser:
    """Opens tabs: each a program of its own, whose client id is left at its default."""

    def __init__(self, desk: Desk, stack: AsyncExitStack, transport: Transport) -> None:
        self._desk = desk
        self._stack = stack
        self._transport: Transport = transport

    async def tab(self, token: str | None = None) -> Client:
        unisono = await self._stack.enter_async_context(Unisono(self._desk.url, transport=self._transport))
        client = await unisono.login(token=token)
        assert client.transport == self._transport
        return client


@asynccontextmanager
async def browsing(data: Path, function: str, transport: Transport) -> AsyncIterator[Browser]:
    async with serving(data, function) as desk, AsyncExitStack() as stack:
        yield Browser(desk, stack, transport)


async def first_of(client: Client) -> Message:
    async with asyncio.timeout(10):
        return await anext(client.messages())


@pytest.mark.rows("S20")
@both
async def test_one_user_on_all_tabs(tmp_path: Path, transport: Transport) -> None:
    async with browsing(tmp_path, "tests.unit.identity.modes:each_user", transport) as browser:
        tabs = [await browser.tab("session-of-alice") for _ in range(2)]
        bob = await browser.tab("session-of-bob")
        assert {client.user for client in tabs} == {"alice"}
        async with asyncio.TaskGroup() as tasks:
            heard = [tasks.create_task(first_of(client)) for client in tabs]
            await (await bob.direct("alice")).send("to all your tabs")
        assert [task.result().text for task in heard] == ["to all your tabs"] * 2


@pytest.mark.rows("S21", "S22")
@both
async def test_one_user_for_each_tab(tmp_path: Path, transport: Transport) -> None:
    function = "unisono.identity.recipes:client_id_as_user"
    async with browsing(tmp_path, function, transport) as browser:
        before, other = await browser.tab(), await browser.tab()
        reloaded = await browser.tab()
        assert [client.user for client in (before, other)] == [before.tab, other.tab]
        assert len({client.user for client in (before, other, reloaded)}) == 3


@pytest.mark.rows("S24", "S26", "S27")
@both
async def test_one_user_for_each_tab_of_a_signed_in_user(tmp_path: Path, transport: Transport) -> None:
    function = "tests.unit.identity.modes:each_signed_in_tab"
    async with browsing(tmp_path, function, transport) as browser:
        first, second = [await browser.tab("session-of-alice") for _ in range(2)]
        bob = await browser.tab("session-of-bob")
        assert [client.user for client in (first, second)] == [f"alice/{first.tab}", f"alice/{second.tab}"]
        spoken_to = second.messages()
        async with asyncio.TaskGroup() as tasks:
            heard = tasks.create_task(first_of(first))
            await (await bob.direct(first.user)).send("only to the first")
        assert heard.result().text == "only to the first"
        # The next thing that the second tab hears is its own: nothing was there before.
        await (await bob.direct(second.user)).send("only to the second")
        async with asyncio.timeout(10):
            assert (await anext(spoken_to)).text == "only to the second"


@pytest.mark.rows("S13", "S25")
async def test_a_tab_without_sign_in_has_no_user_and_no_session(tmp_path: Path) -> None:
    function = "tests.unit.identity.modes:each_signed_in_tab"
    async with serving(tmp_path, function) as desk, await desk.connect() as peer:
        welcome = await peer.ask("login", device={"id": "d1", "platform": "web"}, login="first-login", tab="t1")
        assert welcome["answer"]["kind"] == "welcome"
        assert "user" not in welcome["answer"]
        assert "session" not in welcome["answer"]
        assert (await peer.ask("conversations"))["code"] == "no_user"
