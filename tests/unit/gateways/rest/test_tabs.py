"""Tabs of a session, as its client tells: shown to their user and the operator, closed one by one."""

import asyncio
from pathlib import Path

import pytest

from tests.support.operator_desk import Desk, Json, Peer, open_desk

TABS = [{"tab": "t1", "since": 1795219200123, "label": "Inbox"}, {"tab": "t2"}]


async def event(peer: Peer, kind: str) -> Json:
    """Wait for an event."""
    async with asyncio.timeout(5):
        while True:
            frame: Json = await peer.socket.receive_json()
            if frame["is"] == "event" and frame["event"]["kind"] == kind:
                return dict(frame["event"])


async def shown(desk: Desk, user: str) -> dict[str, list[str]]:
    """Give the tabs of each session as the operator sees them."""
    _, answer = await desk.ask("GET", f"/v1/users/{user}/sessions")
    return {each["session"]: [tab["tab"] for tab in each.get("tabs", [])] for each in answer["sessions"]}


async def test_tabs_are_shown_to_their_user_and_the_operator(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk, await desk.login("ann", "d1") as laptop:
        async with await desk.login("ann", "d2") as phone, await desk.login("bob", "d3") as bob:
            assert (await laptop.ask("tabs", tabs=TABS))["answer"] == {"kind": "done"}
            assert await event(phone, "tabs") == {"kind": "tabs", "session": laptop.session, "tabs": TABS}
            listed = (await phone.ask("sessions"))["answer"]["sessions"]
            assert [each.get("tabs") for each in listed] == [TABS, None]
            assert await shown(desk, "ann") == {laptop.session: ["t1", "t2"], phone.session: []}
            await laptop.ask("tabs", tabs=[TABS[1], TABS[1]])
            assert (await event(phone, "tabs"))["tabs"] == [TABS[1]]
            await laptop.ask("tabs", tabs=[])
            assert "tabs" not in await event(phone, "tabs")
            assert (await bob.ask("ping"))["answer"]["kind"] == "pong"
        await laptop.ask("tabs", tabs=TABS)
        await laptop.socket.close()
        async with asyncio.timeout(5):
            while (await shown(desk, "ann"))[laptop.session]:
                await asyncio.sleep(0.01)
        async with await desk.connect() as again:
            token = laptop.welcome["resume_token"]
            assert "answer" in await again.ask("resume", session=laptop.session, resume_token=token)
            assert (await shown(desk, "ann"))[laptop.session] == ["t1", "t2"]


@pytest.mark.rows("X10")
async def test_one_tab_is_closed_and_nothing_else(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        laptop, phone, bob = await desk.login("ann", "d1"), await desk.login("ann", "d2"), await desk.login("bob", "d3")
        await laptop.ask("tabs", tabs=TABS)
        assert (await phone.ask("close_tab", session=laptop.session, tab="t2"))["answer"] == {"kind": "done"}
        assert await event(laptop, "tab_closed") == {"kind": "tab_closed", "tab": "t2"}
        status, _ = await desk.ask("DELETE", f"/v1/users/ann/sessions/{laptop.session}/tabs/t1")
        assert status == 200
        assert await event(laptop, "tab_closed") == {"kind": "tab_closed", "tab": "t1"}
        refused = [
            await phone.ask("close_tab", session=laptop.session, tab="t3"),
            await phone.ask("close_tab", session="none", tab="t1"),
            await bob.ask("close_tab", session=laptop.session, tab="t1"),
        ]
        assert [answer["code"] for answer in refused] == ["not_found"] * 3
        status, answer = await desk.ask("DELETE", f"/v1/users/bob/sessions/{laptop.session}/tabs/t1")
        assert (status, answer["code"]) == (404, "not_found")
        assert (await laptop.ask("ping"))["answer"]["kind"] == "pong"
        for peer in (laptop, phone, bob):
            await peer.socket.close()


async def test_more_tabs_than_there_may_be_are_no_frame(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk, await desk.login("ann") as laptop:
        many = [{"tab": f"t{number}"} for number in range(201)]
        assert (await laptop.ask("tabs", tabs=many))["code"] == "malformed"
        assert (await laptop.ask("tabs", tabs=many[:200]))["answer"] == {"kind": "done"}
        assert len((await shown(desk, "ann"))[laptop.session]) == 200


@pytest.mark.rows("S10", "S16")
async def test_the_operator_tells_sessions_of_a_user_something_at_each_level(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        laptop = await desk.login("ann", "d1")
        phone = await desk.login("ann", "d2", platform="ios")
        path, key = "/v1/users/ann/events", {"Idempotency-Key": "once"}
        for _ in range(2):
            status, answer = await desk.ask("POST", path, json={"name": "cart", "data": {"n": 1}}, headers=key)
            assert (status, answer) == (200, {"kind": "addressed", "live": 2, "away": 0})
        heard = [await event(laptop, "told"), await event(phone, "told")]
        assert [(each["name"], each["data"]) for each in heard] == [("cart", {"n": 1})] * 2
        assert heard[0]["id"] == heard[1]["id"]
        await laptop.ask("tabs", tabs=TABS)
        to = {"session": laptop.session, "tab": "t2"}
        assert (await desk.ask("POST", path, json={"to": to, "content": {"text": "Hi!"}}))[0] == 200
        message = await event(laptop, "told")
        assert (message["content"], message["tab"]) == ({"text": "Hi!"}, "t2")
        for body, code in (({"name": "x", "content": {"text": "y"}}, "invalid"), ({"to": {"device": "d9"}}, "invalid")):
            assert (await desk.ask("POST", path, json=body))[1]["code"] == code
        status, refusal = await desk.ask("POST", path, json={"to": {"device": "d9"}, "name": "cart"})
        assert (status, refusal["code"]) == (404, "not_found")
        for peer in (laptop, phone):
            await peer.socket.close()
