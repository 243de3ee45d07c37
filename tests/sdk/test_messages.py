"""The Python client: what a message can carry, with the real server."""

import pytest

from tests.sdk.test_against_server import House, house, until, within
from unisono_sdk import Content, Forbidden, Message, Unacceptable, events

__all__ = ["house"]


@pytest.mark.parametrize("codec", ["json", "msgpack"])
@pytest.mark.rows("L55", "L58", "L91", "L92", "L93", "L109", "L110", "L111", "L112", "L124", "L125")
async def test_all_that_a_message_carries_arrives_and_is_kept(house: House, codec: str) -> None:
    ann, bob = await house.login("ann", codec=codec), await house.login("bob", codec=codec)
    inbox = bob.messages()
    conversation = await ann.direct("bob")
    first = await conversation.send("where?")
    content = Content(
        type=-5,
        text="here",
        attributes={"place": "home", "title": "Sofa"},
        data={"location": {"latitude": 31.75, "longitude": -120.5}},
        binary=bytes(range(256)),
    )
    push = {"alert": "Ann is here", "badge": "Increment", "sound": "tada.mp3", "category": "x", "custom": {"key": 1}}
    sent = await conversation.send(content, mentions=["bob"], reply_to=first, push=push)
    await within(anext(inbox))
    received = await within(anext(inbox))
    (kept,) = (await bob.conversation(conversation.id).history(limit=1)).messages
    for message in (sent, received, kept):
        assert (message.seq, message.at, message.sender, message.key) == (sent.seq, sent.at, "ann", sent.key)
        assert message.content == content
        assert (message.mentions, message.reply_to, message.push) == (("bob",), first.seq, push)
        assert message.conversation.id == conversation.id
    assert (sent.mentions_me, received.mentions_me, kept.mentions_me) == (False, True, True)
    assert sent.seq > first.seq
    assert sent.at >= first.at


async def test_a_message_to_all_calls_everybody_but_its_sender(house: House) -> None:
    ann, bob = await house.login("ann"), await house.login("bob")
    inbox = bob.messages()
    sent = await (await ann.create(["bob"])).send("all of you!", mention_all=True)
    assert ((await within(anext(inbox))).mentions_me, sent.mentions_me) == (True, False)


async def test_what_cannot_be_carried_is_refused_and_leaves_nothing(house: House) -> None:
    ann = await house.login("ann")
    conversation = await ann.direct("bob")
    with pytest.raises(Unacceptable):
        await conversation.send("to what?", reply_to=99)
    with pytest.raises(Unacceptable):
        await conversation.send("push", push={"alert": "x" * 5000})
    with pytest.raises(Unacceptable):
        await conversation.send("many", mentions=[f"u{n}" for n in range(101)])
    assert len(await conversation.history()) == 0


@pytest.mark.parametrize("codec", ["json", "msgpack"])
@pytest.mark.rows("X20")
async def test_an_edit_and_a_recall_reach_everybody_and_who_comes_later_sees_what_is_left(
    house: House, codec: str
) -> None:
    ann, bob = await house.login("ann", codec=codec), await house.login("bob", codec=codec)
    tablet = await house.login("ann")
    bobs, tablets = bob.events(), tablet.events()
    conversation = await ann.direct("bob")
    message = await conversation.send("Helo bob")
    edited = await message.edit("Hello Bob", mentions=["bob"])
    assert (edited.text, edited.mentions, edited.seq, edited.edited_at is None) == ("Hello Bob", ("bob",), 2, False)
    await (await until(bobs, Message)).react("+")
    gone = await edited.recall()
    for happened in (bobs, tablets):
        event = await until(happened, events.Edited)
        assert (event.seq, event.by, event.content.text, event.mentions) == (2, "ann", "Hello Bob", ("bob",))
        reacted = await until(happened, events.Reacted)
        assert (reacted.seq, reacted.by, reacted.reaction, reacted.is_on) == (2, "bob", "+", True)
        recalled = await until(happened, events.Recalled)
        assert (recalled.seq, recalled.by) == (2, "ann")
    late = await house.login("bob")
    (kept,) = (await late.conversation(conversation.id).history()).messages
    for left in (gone, kept):
        assert (left.seq, left.is_recalled, left.text, left.mentions, left.reactions) == (2, True, None, (), ())
        assert (left.sender, left.key, left.edited_at) == ("ann", message.key, None)
    assert "Hello" not in repr(kept)


async def test_reactions_are_counted_and_another_may_neither_edit_nor_recall(house: House) -> None:
    ann, bob = await house.login("ann"), await house.login("bob")
    conversation = await ann.direct("bob")
    message = await conversation.send("tea?")
    await message.react("+")
    (his,) = (await bob.conversation(conversation.id).history()).messages
    await his.react("+")
    await his.react("!")
    await his.react("!", on=False)
    (seen,) = (await conversation.history()).messages
    assert [(each.reaction, each.count, each.is_mine) for each in seen.reactions] == [("+", 2, True)]
    for refused in (his.edit("coffee!"), his.recall()):
        with pytest.raises(Forbidden):
            await refused
    assert (await conversation.history()).messages[0].text == "tea?"
