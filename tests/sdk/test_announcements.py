"""The Python client: what the operator announces to those who subscribe, with the real server."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import pytest

from tests.sdk.test_against_server import House, until, within
from tests.support.server_here import serving
from unisono_sdk import FileState, Forbidden, NotFound, Unisono, events

ADMIN_KEY = "admin-key-of-the-tests-0123456789"


class Desk:
    """The operator's side."""

    def __init__(self, http: aiohttp.ClientSession, url: str) -> None:
        self._http = http
        self._url = url

    async def found(self, audience: str = "subscribers", joining: str = "open") -> str:
        """Begin a conversation."""
        body = {"key": "news", "by": "news", "name": "News", "audience": audience, "joining": joining}
        return str((await self._post("services", body))["conversation"])

    async def announce(self, conversation: str, text: str) -> None:
        """Say something."""
        await self._post(f"services/{conversation}/messages", {"key": text, "content": {"text": text}})

    async def _post(self, path: str, body: Mapping[str, object]) -> dict[str, object]:
        headers = {"Authorization": f"Bearer {ADMIN_KEY}"}
        async with self._http.post(f"{self._url}/v1/{path}", json=body, headers=headers) as answer:
            assert answer.status == 200, await answer.text()
            given: dict[str, object] = await answer.json()
            return given


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """Lend a running server that knows an admin key."""
    async with serving(tmp_path / "data", UNISONO_ADMIN__KEYS=ADMIN_KEY) as server, AsyncExitStack() as stack:
        yield House(server.port, stack)


@pytest.fixture
async def desk(house: House) -> AsyncIterator[Desk]:
    async with aiohttp.ClientSession() as http:
        yield Desk(http, f"http://127.0.0.1:{house.port}")


@pytest.mark.rows("L172")
async def test_who_subscribes_hears_it_on_all_devices_and_says_nothing_there(house: House, desk: Desk) -> None:
    news = await desk.found()
    await desk.announce(news, "before")
    ann, phone, bob = await house.login("ann"), await house.login("ann"), await house.login("bob")
    messages = [ann.messages(), phone.messages()]
    there = ann.conversation(news)
    assert (await there.join()).members == ()
    assert ((await there.refresh()).of, there.name, there.creator, await there.count()) == (
        "service",
        "News",
        "news",
        1,
    )
    await desk.announce(news, "now")
    for inbox in messages:
        assert [(await within(anext(inbox))).text for _ in range(2)] == ["before", "now"]
    with pytest.raises(Forbidden):
        await there.send("hello")
    with pytest.raises(NotFound):
        await bob.conversation(news).history()
    assert there.unread == phone.conversation(news).unread == (await ann.unread()).messages == 2
    await there.mark_read()
    assert (await ann.unread()).messages == 0
    assert [message.text for message in (await there.history()).messages] == ["before", "now"]


async def test_who_was_away_finds_what_is_for_all_when_they_come_back(house: House, desk: Desk, tmp_path: Path) -> None:
    url, state = f"ws://127.0.0.1:{house.port}", FileState(tmp_path / "ann.json")
    async with Unisono(url, state=state) as unisono:
        await unisono.login(user="ann")
    news = await desk.found("all")
    await desk.announce(news, "one")
    await desk.announce(news, "two")
    async with Unisono(url, state=state) as unisono:
        ann = await unisono.login(user="ann")
        told, inbox = ann.events(), ann.messages()
        entered = await until(told, events.Entered)
        assert (entered.conversation.id, entered.by, entered.is_invited) == (news, "news", True)
        assert [(await within(anext(inbox))).text for _ in range(2)] == ["one", "two"]
        await ann.conversation(news).quit()
        assert (await until(told, events.Exited)).by == "ann"
    async with Unisono(url, state=state) as unisono:
        ann = await unisono.login(user="ann")
        await desk.announce(news, "three")
        assert [each.id async for each in ann.conversations()] == []
