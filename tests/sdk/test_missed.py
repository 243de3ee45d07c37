"""The Python client: messages that waited, for a client that brings no state from before."""

from pathlib import Path

import pytest

from tests.sdk.test_against_server import House, house, until
from unisono_sdk import FileState, Message, Unisono, events
from unisono_sdk.waiting import Told

__all__ = ["house"]


@pytest.mark.rows("L37", "L104", "L105", "L106", "L107", "X25", "E4")
async def test_what_waited_comes_as_messages_with_a_mark_where_the_rest_is(house: House) -> None:
    ann = await house.login("ann")
    first, second = await ann.direct("bob"), await ann.create(["bob"], unique=False)
    for number in range(25):
        await first.send(f"a{number}")
    await second.send("b0", receipt=True)
    heard: dict[str, list[str]] = {first.id: [], second.id: []}
    capped: list[events.StartOver] = []
    receipts = ann.events()
    bob = await house.login(
        "bob",
        missed="messages",
        handlers={
            "message": lambda message: heard[message.conversation.id].append(message.text),
            "start_over": capped.append,
        },
    )
    inbox = bob.messages()
    receipt = await until(receipts, events.Receipt)
    assert (receipt.user, receipt.is_read) == ("bob", False)
    await second.send("b1")
    while (await until(inbox, Message)).text != "b1":
        pass
    assert heard[first.id] == [f"a{number}" for number in range(5, 25)]
    assert heard[second.id] == ["b0", "b1"]
    (gap,) = capped
    assert (gap.conversation, gap.reason) == (bob.conversation(first.id), "capped")
    rest = await bob.conversation(first.id).history(after=gap.first - 1, before=gap.until + 1)
    assert [message.text for message in rest] == [f"a{number}" for number in range(5)]
    assert bob.conversation(first.id).unread == 25


@pytest.mark.rows("L108")
async def test_without_the_option_nothing_comes_of_itself(house: House) -> None:
    ann = await house.login("ann")
    chat = await ann.direct("bob")
    await chat.send("one")
    heard: list[Message] = []
    bob = await house.login("bob", handlers={"message": heard.append})
    await bob.unread()
    inbox = bob.messages()
    await chat.send("two")
    await until(inbox, Message)
    assert [message.text for message in heard] == ["two"]


async def test_who_brings_a_state_gets_all_that_was_missed_and_each_once(house: House, tmp_path: Path) -> None:
    ann = await house.login("ann")
    chat = await ann.direct("bob")
    state = FileState(tmp_path / "bob.json")
    async with Unisono(f"ws://127.0.0.1:{house.port}", state=state, missed="messages") as unisono:
        inbox = (await unisono.login(user="bob")).messages()
        await chat.send("before")
        await until(inbox, Message)
    for number in range(25):
        await chat.send(str(number))
    heard: list[str] = []
    again = await house.login(
        "bob", state=state, missed="messages", handlers={"message": lambda message: heard.append(message.text)}
    )
    inbox = again.messages()
    await chat.send("last")
    while (await until(inbox, Message)).text != "last":
        pass
    assert heard == [*map(str, range(25)), "last"]


def test_each_message_is_told_once_whichever_way_it_comes_first() -> None:
    told = Told()
    assert [told.waited(seq) for seq in (3, 5)] == [True, True]
    assert [told.comes(seq) for seq in (5, 6)] == [False, True]
    late = Told()
    assert late.comes(5)
    assert [late.waited(seq) for seq in (3, 4, 5, 6)] == [True, True, False, False]
