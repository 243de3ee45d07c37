"""The Python client: who got and who read my messages, with the real server."""

import asyncio

import pytest

from tests.sdk.test_against_server import House, house, until, within
from unisono_sdk import Client, Forbidden, Message, events
from unisono_sdk.answers import Facts
from unisono_sdk.commands import ReadStream
from unisono_sdk.desk import ask
from unisono_sdk.facts import Content, MessagePlaced
from unisono_sdk.receipts import SENT_REMEMBERED, SentMessages

__all__ = ["house"]


@pytest.mark.parametrize("codec", ["json", "msgpack"])
@pytest.mark.rows("L84", "L86", "L87", "L88", "L90", "L113", "X23", "X24", "E5")
async def test_the_first_device_of_a_recipient_makes_a_message_delivered(house: House, codec: str) -> None:
    ann, tablet = await house.login("ann", codec=codec), await house.login("ann", codec=codec)
    conversation = await ann.direct("bob")
    told, there = ann.events(), tablet.events()
    message = await conversation.send("are you there?", receipt=True)
    assert (message.status, message.delivered_at) == ("sent", None)
    phone, laptop = await house.login("bob", codec=codec), await house.login("bob", codec=codec)
    inbox = phone.messages(), laptop.messages()
    second = await conversation.send("hello?", receipt=True)
    for each in inbox:
        assert (await within(anext(each))).said.receipt
    first_receipt = await until(told, events.Receipt)
    assert first_receipt.message is message
    receipt = await until(told, events.Receipt)
    assert receipt.message is second
    assert (receipt.user, receipt.is_read, receipt.conversation) == ("bob", False, conversation)
    assert second.delivered_at is not None
    assert (second.status, second.delivered_at.timestamp() * 1000) == ("delivered", receipt.at)
    elsewhere = await until(there, events.Receipt)
    assert (elsewhere.message, elsewhere.seq, elsewhere.user) == (None, second.seq, "bob")
    await phone.conversation(conversation.id).mark_read()
    read = await until(told, events.Receipt)
    assert (read.message, read.is_read) == (message, True)
    found = await second.receipts()
    assert (found.delivered, found.read, found.of) == (("bob",), ("bob",), 1)
    await asyncio.sleep(0.05)
    assert (await kinds_of_facts(ann)).count("delivered_to") == 1, (
        "of two devices the first one tells, of both messages"
    )


async def kinds_of_facts(client: Client) -> list[str]:
    """Give what happened in a user's own stream."""
    answer = await ask(client._counter, ReadStream(stream=f"u/{client.user}", after=0, limit=100), Facts)
    return [placed.fact.kind for placed in answer.facts]


@pytest.mark.rows("L89", "X24")
async def test_without_asking_there_is_no_receipt_and_in_a_group_each_recipient_counts(house: House) -> None:
    ann, bob, cat = [await house.login(user) for user in ("ann", "bob", "cat")]
    group = await ann.create(["bob", "cat", "dan"])
    told = ann.events()
    quiet = await group.send("nobody says a word")
    asked = await group.send("everybody does", receipt=True)
    users = {(await until(told, events.Receipt)).user for _ in range(2)}
    assert users == {"bob", "cat"}
    found = await asked.receipts()
    assert (found.delivered, found.read, found.of) == (("bob", "cat"), (), 3)
    assert (quiet.status, asked.status) == ("sent", "delivered")
    assert (await bob.conversation(group.id).history()).messages[0].status == "none"
    his = (await cat.conversation(group.id).history()).messages[0]
    with pytest.raises(Forbidden):
        await his.receipts()


def test_so_many_messages_are_kept_for_their_receipts() -> None:
    sent = SentMessages()
    said = MessagePlaced(sender="me", key="k", content=Content(text="x"), receipt=True)
    for seq in range(1, SENT_REMEMBERED + 3):
        sent.keep(
            Message(conversation=None, seq=seq, at=0, said=said, is_mine=True, is_from_here=True)  # type: ignore[arg-type]
        )
    assert [message.seq for message in sent.told("bob", 4, 100, is_read=False)] == [3, 4]
    assert sent.told("bob", 3, 200, is_read=False) == []
    assert [message.seq for message in sent.told("cat", 5, 300, is_read=False)] == [3, 4, 5]
    assert [message.seq for message in sent.told("bob", 4, 400, is_read=True)] == [3, 4]
    assert [sent.delivered_at(seq) for seq in (3, 4, 5, 6)] == [100, 100, 300, None]
    assert [message.seq for message in sent.told("dan", 3, 500, is_read=True)] == [3]
