"""What a client does when the link goes, comes, or is ended for a reason."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from tests.sdk.conftest import within
from tests.sdk.diary import Diary
from tests.sdk.fake_server import FakeServer, Frame, Hush, Peer
from tests.sdk.manual_clock import ManualClock
from unisono_sdk import (
    Limits,
    LinkDown,
    Message,
    TimedOut,
    Unisono,
    events,
)

Connect = Callable[..., Unisono]


@pytest.mark.rows("L239", "L240", "L241", "L242", "L244", "L245", "L247", "L249")
async def test_losing_and_regaining_the_link_is_told_in_order(
    server: FakeServer, connect: Connect, clock: ManualClock
) -> None:
    async with connect() as unisono:
        client = await unisono.login(user="me")
        diary = Diary(unisono, client)
        await server.stop()
        await diary.wait("client schedule 0 1000")
        clock.advance(1.0)
        await diary.wait("client schedule 1 2000")
        clock.advance(1.9)
        assert diary.entries[-1] == "client schedule 1 2000"
        await server.start()
        clock.advance(0.1)
        await diary.wait("client reconnect")
        assert client.is_live
    assert diary.of("unisono") == [
        "disconnect", "schedule 0 1000", "retry 0", "schedule 1 2000", "retry 1", "reconnect"
    ]  # fmt: skip
    assert diary.of("client")[:-1] == diary.of("unisono")
    pairs = list(zip(diary.entries[:-1:2], diary.entries[1:-1:2], strict=True))
    assert all(one.removeprefix("unisono") == other.removeprefix("client") for one, other in pairs)


@pytest.mark.rows("L243", "L248")
async def test_a_retry_by_hand_starts_at_once_and_counts_from_the_beginning(
    server: FakeServer, connect: Connect, clock: ManualClock
) -> None:
    async with connect() as unisono:
        client = await unisono.login(user="me")
        diary = Diary(unisono, client)
        assert not unisono.retry()
        await server.stop()
        await diary.wait("client schedule 0 1000")
        clock.advance(1.0)
        await diary.wait("client schedule 1 2000")
        assert client.retry()
        await diary.wait("client schedule 1 2000", times=2)
        await server.start()
        assert unisono.retry()
        await diary.wait("client reconnect")
    assert diary.of("unisono") == [
        "disconnect", "schedule 0 1000", "retry 0", "schedule 1 2000",
        "retry 0", "schedule 1 2000", "retry 0", "reconnect",
    ]  # fmt: skip


@pytest.mark.rows("X37")
async def test_what_was_missed_comes_once_after_a_resume_and_no_login_is_made(
    server: FakeServer, connect: Connect
) -> None:
    async with connect() as unisono:
        client = await unisono.login(user="me", tag="Mobile")
        diary, messages = Diary(unisono, client), client.messages()
        peer = await server.peer()
        await peer.push(server.message("1"))
        assert (await within(anext(messages))).text == "1"
        peer.cut()
        await diary.wait("client schedule 0 1000")
        server.message("2")
        missed = server.message("3")
        unisono.retry()
        peer = await server.peer()
        await diary.wait("client reconnect")
        await peer.push(missed)
        assert [(await within(anext(messages))).text for _ in range(2)] == ["2", "3"]
        await peer.push(server.message("4"))
        assert (await within(anext(messages))).text == "4"
    resume = server.requests("resume")[0]
    assert (resume["session"], resume["resume_token"]) == (client.session, f"secret-{client.session}")
    assert (resume["fence"], resume["tab"], server.logins) == (2, client.tab, 1)


@pytest.mark.rows("L238")
async def test_sends_wait_for_the_link_and_are_repeated_under_their_keys_in_order(
    server: FakeServer, connect: Connect
) -> None:
    def lose(peer: Peer, _: Frame) -> None:
        if len(server.requests("send")) == 1:
            peer.cut()

    async with connect() as unisono:
        client = await unisono.login(user="me")
        diary, messages = Diary(unisono, client), client.messages()
        server.hooks["send"] = lose
        conversation = client.conversation("1")
        sends = asyncio.gather(*(conversation.send(text) for text in "abc"))
        await diary.wait("client schedule 0 1000")
        assert not sends.done()
        unisono.retry()
        assert [message.seq for message in await within(sends)] == [2, 3, 4]
        assert [(await within(anext(messages))).text for _ in range(3)] == ["a", "b", "c"]
    first, second, *_ = server.requests("send")
    assert first["key"] == second["key"]
    assert [fact["fact"]["content"]["text"] for fact in server.streams["c/1"][1:]] == ["a", "b", "c"]


@pytest.mark.rows("L238", "L239", "L246")
async def test_a_client_that_fails_fast_does_not_wait_for_the_link(server: FakeServer, connect: Connect) -> None:
    async with connect(fail_fast=True) as unisono:
        client = await unisono.login(user="me")
        diary = Diary(unisono, client)
        await server.stop()
        await diary.wait("client schedule 0 1000")
        with pytest.raises(LinkDown):
            await client.conversation("1").send("x")
        with pytest.raises(LinkDown):
            await client.sessions()
        await server.start()
        unisono.retry()
        await diary.wait("client reconnect")
        assert (await client.conversation("1").send("x")).seq == 2


async def test_a_request_waits_for_the_link_but_not_for_ever(
    server: FakeServer, connect: Connect, clock: ManualClock
) -> None:
    async with connect(limits=Limits(request_s=5)) as unisono:
        client = await unisono.login(user="me")
        diary = Diary(unisono, client)
        (await server.peer()).cut()
        await diary.wait("client schedule 0 1000")
        asked = asyncio.ensure_future(client.sessions())
        await asyncio.sleep(0)
        clock.advance(0.5)
        unisono.retry()
        assert len(await within(asked)) == 2
        server.hooks["sessions"] = _hush
        asked = asyncio.ensure_future(client.sessions())
        while len(server.requests("sessions")) < 2:
            await asyncio.sleep(0)
        clock.advance(5.0)
        with pytest.raises(TimedOut):
            await within(asked)


def _hush(_: Peer, __: Frame) -> Frame:
    raise Hush


@pytest.mark.parametrize("garbage", ["}{", "[]", '{"is":"facts"}', b"\x00", '{"is":"reply","re":"x"}'])
async def test_garbage_ends_the_link_but_not_the_client(
    server: FakeServer, connect: Connect, garbage: str | bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async with connect() as unisono:
        client = await unisono.login(user="me")
        diary, messages = Diary(unisono, client), client.messages()
        peer = await server.peer()
        await peer.raw(garbage)
        await diary.wait("client schedule 0 1000")
        server.message("after")
        unisono.retry()
        assert (await within(anext(messages))).text == "after"
    assert "event=frame_unreadable" in caplog.text


async def test_strange_answers_are_passed_over(server: FakeServer, connect: Connect) -> None:
    async with connect() as unisono:
        client = await unisono.login(user="me")
        peer = await server.peer()
        await peer.push({"is": "reply", "re": 999, "answer": {"kind": "done"}})
        await peer.push({"is": "error", "re": 0, "code": "malformed", "message": "?"})
        await peer.push({"is": "weather", "sun": True})
        assert len(await client.sessions()) == 2


async def test_a_silent_client_pings_and_a_dead_link_is_left(
    server: FakeServer, connect: Connect, clock: ManualClock
) -> None:
    pinged = asyncio.Event()

    def ping(_: Peer, __: Frame) -> None:
        pinged.set()

    def no_pong(_: Peer, __: Frame) -> None:
        pinged.set()
        raise Hush

    server.heartbeat_s, server.hooks["ping"] = 10, ping
    async with connect() as unisono:
        client = await unisono.login(user="me")
        diary = Diary(unisono, client)
        await _advance_until(clock, pinged)
        assert client.is_live
        server.hooks["ping"] = no_pong
        pinged.clear()
        await _advance_until(clock, pinged)
        clock.advance(10)
        await diary.wait("client disconnect")


async def _advance_until(clock: ManualClock, event: asyncio.Event) -> None:
    for _ in range(10_000):
        if event.is_set():
            return
        await asyncio.sleep(0)
        clock.advance(0.01)
    raise AssertionError("no ping in 100 s")


async def test_a_server_restored_from_an_older_copy_is_a_plain_start_over(server: FakeServer, connect: Connect) -> None:
    async with connect() as unisono:
        client = await unisono.login(user="me")
        peer, messages = await server.peer(), client.messages()
        diary = Diary(unisono, client)
        await peer.push(server.message("will be lost"))
        await within(anext(messages))
        happened = client.events()
        peer.cut()
        await diary.wait("client schedule 0 1000")
        server.streams["c/1"].pop()
        server.checkpoint -= 1
        unisono.retry()
        while not isinstance(event := await within(anext(happened)), events.StartOver):
            continue
        assert (event.stream, event.reason, event.first, event.until) == ("c/1", "ahead", 1, 1)


async def test_what_was_counted_before_a_start_over_is_counted_anew(server: FakeServer, connect: Connect) -> None:
    """Counts and marks only grew, so those of the log that was lost stood until the new one had caught up with them."""
    async with connect() as unisono:
        client = await unisono.login(user="me")
        peer, diary, conversation = await server.peer(), Diary(unisono, client), client.conversation("1")
        for number in range(4):
            await peer.push(server.message(str(number)))
        await peer.push(server.place("u/me", {"kind": "read", "conversation": "1", "seq": 4, "head": 5, "unread": 1}))
        happened = client.events()
        while conversation.read < 4:
            await within(anext(happened))
        assert (conversation.head, conversation.unread) == (5, 1)
        server.hooks["unread"] = lambda *_: {
            "kind": "unread",
            "total": 2,
            "mentions": 0,
            "conversations": [{"conversation": "1", "unread": 2, "head": 2, "read": 0}],
        }
        peer.cut()
        await diary.wait("client schedule 0 1000")
        del server.streams["c/1"][2:]
        server.checkpoint -= 5
        unisono.retry()
        while conversation.unread != 2:
            await within(anext(happened))
        assert (conversation.head, conversation.read, conversation.unread) == (2, 0, 2)
        await (await server.peer()).push(server.message("new"))
        while conversation.head < 3:
            await within(anext(happened))
        assert conversation.unread == 3


async def test_catching_up_waits_for_a_slow_iterator(server: FakeServer, connect: Connect, clock: ManualClock) -> None:
    async with connect(limits=Limits(events=300, page=100)) as unisono:
        client = await unisono.login(user="me")
        diary = Diary(unisono, client)
        (await server.peer()).cut()
        await diary.wait("client schedule 0 1000")
        for number in range(1000):
            server.message(str(number))
        messages = client.messages()
        unisono.retry()
        texts = asyncio.ensure_future(_read_slowly(messages, 1000))
        while not texts.done():
            clock.advance(0.05)
            await asyncio.sleep(0)
        assert texts.result() == [str(number) for number in range(1000)]


async def _read_slowly(messages: Any, count: int) -> list[str]:
    texts: list[str] = []
    while len(texts) < count:
        message: Message = await anext(messages)
        texts.append(message.text or "")
        await asyncio.sleep(0)
    return texts


async def test_a_defect_costs_the_client_not_the_program(
    server: FakeServer, connect: Connect, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def defect(*_: object) -> None:
        raise KeyError("defect")

    async with connect() as unisono:
        client = await unisono.login(user="me")
        closed = client.events()
        monkeypatch.setattr("unisono_sdk.positions.Positions.take", defect)
        await (await server.peer()).push(server.message("x"))
        assert [type(event) async for event in closed] == [events.Closed]
        monkeypatch.undo()
        assert (await unisono.login(user="me")).is_live
    assert "event=defect" in caplog.text
