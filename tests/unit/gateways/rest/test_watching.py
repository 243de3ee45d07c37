"""A user's devices, sessions and tabs, shown to the operator as they change."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.support.operator_desk import ADMIN_KEY, Desk, Json, open_desk
from unisono.app import trees
from unisono.domain.errors import Draining
from unisono.domain.ids import Instant, SessionId, TabId, UserId
from unisono.domain.session_view import TabView
from unisono.gateways.rest import events

WITHIN_S = 1.0
ANN = "/v1/users/ann"
BEARER = {"Authorization": f"Bearer {ADMIN_KEY}"}


class Stream:
    """An answer of events."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self.answer = answer

    async def part(self, within_s: float = WITHIN_S) -> bytes:
        """Wait for an event or a comment."""
        async with asyncio.timeout(within_s):
            return await self.answer.content.readuntil(b"\n\n")

    async def sessions(self, within_s: float = WITHIN_S) -> Sequence[Json]:
        """Wait for an event, and give its sessions."""
        name, data = (await self.part(within_s)).decode().splitlines()[:2]
        assert name == "event: sessions"
        told: dict[str, Any] = json.loads(data.removeprefix("data: "))
        assert set(told) == {"sessions"}
        sessions: Sequence[Json] = told["sessions"]
        return sessions


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with open_desk(tmp_path) as opened:
        yield opened


@asynccontextmanager
async def watching(desk: Desk, user: str = "ann") -> AsyncIterator[Stream]:
    async with aiohttp.ClientSession() as http, http.get(f"{desk.url}/v1/users/{user}/tree", headers=BEARER) as answer:
        assert (answer.status, answer.content_type) == (200, "text/event-stream")
        yield Stream(answer)


def tree(sessions: Sequence[Json]) -> list[tuple[str, str, list[str]]]:
    """Give device, state and labels of tabs of each session."""
    return [(each["device"], each["state"], [tab["label"] for tab in each.get("tabs", ())]) for each in sessions]


@pytest.mark.rows("D8", "E28")
async def test_each_change_of_the_tree_is_told_within_a_second(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trees, "PACE_S", 0.1)
    async with watching(desk) as stream:
        assert await stream.sessions() == []
        phone = await desk.login("ann", "d1", platform="ios", label="Phone")
        assert tree(told := await stream.sessions()) == [("d1", "live", [])]
        assert told == (await desk.ask("GET", ANN + "/sessions"))[1]["sessions"]
        async with await desk.login("ann", "d2") as browser:
            assert tree(await stream.sessions()) == [("d1", "live", []), ("d2", "live", [])]
            for tabs in (["Inbox"], ["Inbox", "Cart"], ["Inbox", "Bill"], ["Bill"]):
                await browser.ask("tabs", tabs=[{"tab": f"t{place}", "label": name} for place, name in enumerate(tabs)])
                assert tree(await stream.sessions()) == [("d1", "live", []), ("d2", "live", tabs)]
            async with await desk.login("bob"):
                await phone.socket.close()
                assert tree(await stream.sessions()) == [("d1", "detached", []), ("d2", "live", ["Bill"])]
            back = await desk.connect()
            await back.ask("resume", session=phone.session, resume_token=phone.welcome["resume_token"])
            assert tree(await stream.sessions()) == [("d1", "live", []), ("d2", "live", ["Bill"])]
            await desk.ask("DELETE", ANN + "/devices/d2")
            assert tree(await stream.sessions()) == [("d1", "live", [])]
            await back.ask("logout")
            assert await stream.sessions() == []


@pytest.mark.rows("D8")
async def test_what_changes_together_is_told_together(desk: Desk) -> None:
    async with watching(desk) as stream, await desk.login("ann") as browser:
        while tree(await stream.sessions()) != [("d1", "live", [])]:
            pass
        for number in range(40):
            await browser.ask("tabs", tabs=[{"tab": "t", "label": str(number)}])
        began_s, count, labels = time.monotonic(), 0, [""]
        while labels != ["39"]:
            ((_, _, labels),) = tree(await stream.sessions())
            count += 1
        # The first may have been told in the midst of them.
        assert count <= 2 + (time.monotonic() - began_s) / trees.PACE_S


async def test_that_a_session_spoke_is_no_news(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A comment says now and then that the stream is there still."""
    monkeypatch.setattr(trees, "PACE_S", 0.01)
    monkeypatch.setattr(trees, "LOOK_S", 0.02)
    monkeypatch.setattr(events, "KEEP_ALIVE_S", 0.05)
    async with await desk.login("ann") as peer, watching(desk) as stream:
        (before,) = await stream.sessions()
        sessions = desk.server.node.parts.sessions
        await sessions.touch([(SessionId(peer.session), Instant(before["seen_at"] + 5_000))])
        for _ in range(3):
            assert await stream.part() == b":\n\n"
        (now,) = (await desk.ask("GET", ANN + "/sessions"))[1]["sessions"]
        assert now["seen_at"] > before["seen_at"]


async def test_so_many_at_once_and_a_place_is_free_again_after_each(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trees, "WATCHERS_LIMIT", 2)
    monkeypatch.setattr(trees, "LOOK_S", 0.3)
    async with watching(desk) as first:
        await first.sessions()
        async with watching(desk, "bob") as second:
            await second.sessions()
            status, refused = await desk.ask("GET", ANN + "/tree")
            assert (status, refused["code"], refused["numbers"]["limit"]) == (503, "overloaded", 2)
        async with asyncio.timeout(WITHIN_S):
            while await status_of(desk) != 200:
                await asyncio.sleep(0.05)
        async with await desk.login("ann"):
            assert tree(await first.sessions()) == [("d1", "live", [])]


async def status_of(desk: Desk) -> int:
    async with desk.http.get(f"{desk.url}{ANN}/tree", headers=BEARER) as answer:
        return answer.status


async def test_a_stop_ends_what_is_watched_at_once(tmp_path: Path) -> None:
    async with aiohttp.ClientSession() as http:
        async with open_desk(tmp_path) as desk:
            answer = await http.get(f"{desk.url}{ANN}/tree", headers=BEARER)
            await Stream(answer).sessions()
            began_s = time.monotonic()
        assert time.monotonic() - began_s < WITHIN_S
        # It has an end: the connection was not just cut.
        assert await answer.read() == b""
        assert "rest_failed" not in desk.log.getvalue()
        with pytest.raises(Draining):
            await anext(desk.server.node.trees.of(UserId("ann")))


async def test_what_nobody_told_is_found_soon(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """As when another server did it, which has a bus of its own."""
    monkeypatch.setattr(trees, "LOOK_S", 0.3)
    async with await desk.login("ann") as peer, watching(desk) as stream:
        assert tree(await stream.sessions()) == [("d1", "live", [])]
        tabs = (TabView(TabId("t1"), label="Inbox"),)
        await desk.server.node.parts.sessions.share(SessionId(peer.session), tabs)
        assert tree(await stream.sessions()) == [("d1", "live", ["Inbox"])]


@pytest.mark.full
@pytest.mark.rows("D8")
async def test_what_another_server_does_is_found_soon(tmp_path: Path, postgres_dsn: str) -> None:
    where = {"UNISONO_DATABASE__URL": postgres_dsn}
    async with (
        open_desk(tmp_path / "one", **where, UNISONO_SERVER__NODE="one") as one,
        open_desk(tmp_path / "two", **where, UNISONO_SERVER__NODE="two") as two,
        watching(one) as stream,
    ):
        assert await stream.sessions() == []
        async with await two.login("ann") as browser:
            assert tree(await stream.sessions(3)) == [("d1", "live", [])]
            await browser.ask("tabs", tabs=[{"tab": "t1", "label": "Inbox"}])
            assert tree(await stream.sessions(3)) == [("d1", "live", ["Inbox"])]
        assert tree(await stream.sessions(3)) == [("d1", "detached", [])]
