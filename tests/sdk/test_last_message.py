"""What was said last, as each of my devices has it, when I delete it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

import pytest

from tests.sdk.fake_server import FakeServer, Peer, Refuse
from tests.sdk.test_against_server import House, house, until
from unisono_sdk import Client, Conversation, EventIterator, MemoryState, Message, Unisono, events

__all__ = ["house"]

LEFT: Final = {"sender": "you", "key": "k", "content": {}, "is_recalled": True}
"""What is left of a message that I deleted, or that was taken back before it was brought along."""


async def come_to(client: Client, talk: Conversation, text: str | None) -> None:
    """Wait until a device holds what was said last, for good."""
    mine = client.conversation(talk.id)
    async with asyncio.timeout(20):
        while text != (mine.last_message and mine.last_message.text):
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("is_read", [False, True])
@pytest.mark.rows("E64", "X53")
async def test_all_my_devices_come_to_the_same_last_message_when_i_delete_it(house: House, is_read: bool) -> None:
    """Those that were here knew of none any more; one that was away took what is left of the deleted one for it."""
    state = MemoryState()
    phone, laptop, bob = await house.login("ann"), await house.login("ann"), await house.login("bob")
    talk = await phone.create(["bob"])
    his = bob.conversation(talk.id)
    sent = [await his.send("message 0")]
    async with house.entrance(state=state) as before:
        await come_to(await before.login(user="ann"), talk, "message 0")
    sent += [await his.send(f"message {number}") for number in range(1, 4)]
    for mine in (phone, laptop):
        await come_to(mine, talk, "message 3")
    if is_read:
        await talk.mark_read()
    heard = laptop.events()
    await talk.delete_messages([sent[3].seq, sent[1].seq])
    await until(heard, events.MessagesDeleted)
    # It is told when the last message is known again.
    await until(heard, events.Unread)
    for mine in (phone, laptop):
        await come_to(mine, talk, "message 2")
    async with house.entrance(state=state) as after:
        seen: list[int] = []
        back = await after.login(user="ann", handlers={"message": lambda message: seen.append(message.seq)})
        async with asyncio.timeout(20):
            while sent[3].seq not in seen:
                await asyncio.sleep(0.01)
        await come_to(back, talk, "message 2")
    await talk.delete_messages([sent[0].seq, sent[2].seq])
    for mine in (phone, laptop):
        await come_to(mine, talk, None)
    await his.send("message 4")
    for mine in (phone, laptop):
        await come_to(mine, talk, "message 4")


@pytest.mark.rows("X53")
async def test_what_i_deleted_is_not_the_last_message_whatever_is_told_first(server: FakeServer) -> None:
    async with Unisono(server.url, missed="nothing") as unisono:
        tom = await unisono.login(user="me")
        peer, talk, heard = await server.peer(), tom.conversation("1"), tom.events()
        await peer.push(server.message("one"))
        await until(heard, Message)
        gone = [talk.head + 1, talk.head + 2]
        await peer.push(server.place("u/me", {"kind": "messages_deleted", "conversation": "1", "messages": gone}))
        left = {"kind": "message", **LEFT}
        frames = [server.message("two"), server.place("c/1", left), server.message("three")]
        for frame, last in zip(frames, ("one", "one", "three"), strict=True):
            await peer.push(frame)
            await until(heard, Message)
            assert talk.last_message is not None
            assert talk.last_message.text == last
        await peer.push(server.place("u/me", {"kind": "history_deleted", "conversation": "1", "seq": talk.head + 1}))
        await until(heard, events.HistoryDeleted)
        await peer.push(server.message("four"))
        await until(heard, Message)
        assert talk.last_message is None


async def test_what_was_taken_back_before_it_was_brought_along_is_the_last_message(server: FakeServer) -> None:
    """It was taken for one that I deleted, so that there was none, or an older one."""
    waits = {"conversation": "1", "unread": 1, "head": 3, "read": 0, "last": {"seq": 3, "at": 3, "message": LEFT}}
    server.hooks["unread"] = lambda *_: {"kind": "unread", "total": 1, "mentions": 0, "conversations": [waits]}
    async with Unisono(server.url) as unisono:
        tom = await unisono.login(user="me")
        talk, heard = tom.conversation("1"), tom.events()
        await tom.unread()
        assert talk.last_message is not None
        assert (talk.last_message.seq, talk.last_message.is_recalled) == (3, True)
        peer = await server.peer()
        # In the stream it may be one that I deleted.
        await peer.push(server.place("c/1", *({"kind": "message", **LEFT, "key": f"{key}"} for key in range(5))))
        while talk.head < 5:
            await until(heard, Message)
        assert talk.last_message.seq == 3


def said(seq: int, text: str) -> dict[str, Any]:
    """Give an answer to a question for what was said last."""
    entry = {"seq": seq, "at": seq, "message": {"sender": "you", "key": f"{seq}", "content": {"text": text}}}
    return {"kind": "history", "conversation": "1", "messages": [entry], "has_more": False}


@asynccontextmanager
async def hearing(server: FakeServer, *texts: str) -> AsyncIterator[tuple[Client, EventIterator[Any], Peer]]:
    """Log in and hear what is said in the conversation `1`."""
    async with Unisono(server.url, missed="nothing") as unisono:
        tom = await unisono.login(user="me")
        heard, peer = tom.events(), await server.peer()
        for text in texts:
            await peer.push(server.message(text))
            await until(heard, Message)
        yield tom, heard, peer


def deletion(server: FakeServer, *messages: int, conversation: str = "1") -> dict[str, Any]:
    fact = {"kind": "messages_deleted", "conversation": conversation, "messages": messages}
    return server.place("u/me", fact)


@pytest.mark.rows("X53")
async def test_what_is_the_last_message_now_is_told_and_asked_again_where_that_was_deleted_too(
    server: FakeServer,
) -> None:
    """The event said of none, where it is the TypeScript SDK's that says which."""
    async with hearing(server, "one", "two", "three") as (tom, heard, peer):
        talk = tom.conversation("1")
        answers = [said(talk.head - 1, "two"), said(talk.head - 2, "one")]
        server.hooks["history"] = lambda *_: answers.pop(0)
        for message in (talk.head, talk.head - 1):
            await peer.push(deletion(server, message))
        event = await until(heard, events.Unread)
        assert (event.last, event.last and event.last.text) == (talk.last_message, "one")
        assert server.ops().count("history") == 2
        assert "unread" not in server.ops()


def refused(*_: object) -> dict[str, Any]:
    raise Refuse("unavailable")


async def test_a_count_is_taken_over_though_the_last_message_is_refused(server: FakeServer) -> None:
    """Where nothing waited any more, and what was said last was not answered, all of it went on waiting."""
    waits = {"conversation": "1", "unread": 2, "mentions": 0, "head": 2, "read": 0}
    answers = [{"kind": "unread", "total": 2, "mentions": 0, "conversations": [waits]}]

    server.hooks |= {"unread": lambda *_: answers.pop() if answers else None, "history": refused}
    async with hearing(server) as (tom, heard, peer):
        talk = tom.conversation("1")
        await tom.unread()
        assert (talk.unread, talk.last_message) == (2, None)
        edit = {"kind": "revised", "message": 1, "by": "you", "content": {"text": "you!"}, "mentions": ["me"]}
        await peer.push(server.place("c/1", edit))
        event = await until(heard, events.Unread)
        while event.unread:
            event = await until(heard, events.Unread)
        assert (talk.unread, event.last) == (0, None)


@pytest.mark.rows("X53")
async def test_no_question_is_asked_where_no_last_message_was_lost(server: FakeServer) -> None:
    """A device that was away asked about each conversation in which it had missed a deletion, all at once."""
    empty = {"kind": "history", "conversation": "1", "messages": [], "has_more": False}
    server.hooks["history"] = lambda *_: empty
    async with hearing(server, "one", "two", "three") as (tom, heard, peer):
        talk = tom.conversation("1")
        for number in range(5):
            await peer.push(deletion(server, 7, conversation=f"{number + 2}"))
        await peer.push(deletion(server, talk.head - 1))
        await peer.push(deletion(server, talk.head))
        assert (await until(heard, events.Unread)).last is None
        # There is none any more, and that is known.
        await peer.push(deletion(server, talk.head - 2))
        await until(heard, events.MultiDevice)
        await peer.push(server.message("four"))
        await until(heard, Message)
        assert [asked["conversation"] for asked in server.requests("history")] == ["1"]


@pytest.mark.rows("X53")
async def test_a_question_that_was_refused_is_asked_again_at_the_next_deletion(server: FakeServer) -> None:
    async with hearing(server, "one", "two", "three") as (tom, heard, peer):
        talk = tom.conversation("1")
        answers: list[Callable[[], dict[str, Any]]] = [lambda: said(talk.head - 2, "one"), refused]
        server.hooks["history"] = lambda *_: answers.pop()()
        for message, text in ((talk.head, None), (talk.head - 1, "one")):
            await peer.push(deletion(server, message))
            last = (await until(heard, events.Unread)).last
            assert (last and last.text) == text
