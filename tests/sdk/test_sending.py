"""What becomes of a send: its turn, its repeats, its refusal."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from tests.sdk.conftest import within
from tests.sdk.fake_server import FakeServer, Frame, Hush, Peer, Refuse
from unisono_sdk import (
    Content,
    InvalidArgument,
    Limits,
    Message,
    OutboxFull,
    Unisono,
)

Connect = Callable[..., Unisono]


async def test_an_own_message_comes_to_handlers_once_before_the_send_is_done(
    server: FakeServer, connect: Connect
) -> None:
    """The fake server pushes an own message again with every repeat of its key."""
    order: list[str] = []
    async with connect() as unisono:
        client = await unisono.login(user="me")
        client.on("message", lambda message: order.append(f"sync {message.is_mine}"))

        @client.on("message")
        async def hear(message: Message) -> None:
            order.append("async")

        sent = await client.conversation("1").send("x")
        order.append("sent")
        again = await client.conversation("1").send("x", key=sent.key)
        assert again.seq == sent.seq
    assert order == ["sync True", "async", "sent"]


async def test_a_read_that_is_put_off_is_asked_again(server: FakeServer, connect: Connect, clock: Any) -> None:
    put_off = asyncio.Event()

    def once(_: Peer, __: Frame) -> None:
        if not put_off.is_set():
            put_off.set()
            raise Refuse("rate_limited", retryable=True, retry_after_ms=300)

    async with connect() as unisono:
        client = await unisono.login(user="me")
        peer, messages = await server.peer(), client.messages()
        server.hooks["read"] = once
        server.message("lost")
        await peer.push(server.message("seen"))
        await within(put_off.wait())
        texts = asyncio.ensure_future(_texts(messages, 2))
        while not texts.done():
            clock.advance(0.3)
            await asyncio.sleep(0)
        assert texts.result() == ["lost", "seen"]


async def _texts(messages: Any, count: int) -> list[str]:
    return [(await anext(messages)).text for _ in range(count)]


async def test_a_send_that_is_put_off_keeps_its_turn(server: FakeServer, connect: Connect, clock: Any) -> None:
    def put_off(_: Peer, command: Frame) -> None:
        if len(server.requests("send")) <= 2:
            raise Refuse("rate_limited", retryable=True, retry_after_ms=500)

    server.hooks["send"] = put_off
    async with connect() as unisono:
        conversation = (await unisono.login(user="me")).conversation("1")
        sends = asyncio.gather(conversation.send("a"), conversation.send("b"))
        while not sends.done():
            clock.advance(0.5)
            await asyncio.sleep(0)
        a, b = await sends
        assert (a.seq, b.seq) == (2, 3)
    assert [send["content"]["text"] for send in server.requests("send")] == ["a", "a", "a", "b"]


async def test_a_refused_send_fails_and_the_next_goes_on(server: FakeServer, connect: Connect) -> None:
    def refuse(_: Peer, command: Frame) -> None:
        if command["content"].get("text") == "no":
            raise Refuse("too_large", numbers={"limit_bytes": 5})

    server.hooks["send"] = refuse
    async with connect() as unisono:
        conversation = (await unisono.login(user="me")).conversation("1")
        refused, sent = await asyncio.gather(
            conversation.send("no"), conversation.send(Content(type=7, data={"x": 1})), return_exceptions=True
        )
        assert isinstance(refused, Exception)
        assert getattr(refused, "code", "") == "too_large"
        assert isinstance(sent, Message)
        with pytest.raises(InvalidArgument):
            await conversation.send(Content(data={"x": object()}))
        assert (await conversation.send("after")).seq == 3


async def test_the_outbox_is_bounded(server: FakeServer, connect: Connect) -> None:
    def hush(_: Peer, __: Frame) -> None:
        raise Hush

    server.hooks["send"] = hush
    async with connect(limits=Limits(outbox=2)) as unisono:
        conversation = (await unisono.login(user="me")).conversation("1")
        waiting = [asyncio.ensure_future(conversation.send("x")) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(OutboxFull) as caught:
            await conversation.send("x")
        assert caught.value.numbers == {"limit": 2}
        waiting[0].cancel()
        await asyncio.wait([waiting[0]])
        waiting.append(asyncio.ensure_future(conversation.send("x")))
        await asyncio.sleep(0)
        for each in waiting:
            each.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


async def test_what_is_too_large_for_a_frame_fails_here_and_costs_nothing_else(
    server: FakeServer, connect: Connect
) -> None:
    """Such a send used to end the client for good: the server closes with `too_large`, whose advice is to stop."""
    async with connect(limits=Limits(sent_bytes=1000)) as unisono:
        conversation = (await unisono.login(user="me")).conversation("1")
        with pytest.raises(InvalidArgument) as caught:
            await conversation.send("ä" * 500)
        assert caught.value.numbers["limit_bytes"] == 1000
        assert (await conversation.send("ä" * 300)).seq == 2
