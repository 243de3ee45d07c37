"""Threads under the messages of a group, and what my other devices hear of them."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from tests.sdk.test_against_server import House, house, until, within
from tests.sdk.test_multi_device import heard_by, settled
from unisono_sdk import Client, Conversation, Forbidden, Message, NotFound, events

__all__ = ["house"]

Act = Callable[[Conversation, Message], Awaitable[object]]
"""What Ann does on one device, with a group of hers and a message in it."""


async def thread_of(group: Conversation, message: Message) -> Conversation:
    return await group.create_thread(message.seq)


async def leave(group: Conversation, message: Message) -> object:
    return await (await thread_of(group, message)).quit()


async def rename(group: Conversation, message: Message) -> object:
    return await (await thread_of(group, message)).set_name("Where to eat")


async def destroy(group: Conversation, message: Message) -> None:
    await (await thread_of(group, message)).dissolve()


OPERATIONS = [
    pytest.param("nobody", lambda _, message: message.create_thread("Lunch"), "chatThreadCreate"),
    pytest.param("bob", thread_of, "chatThreadJoin"),
    pytest.param("ann", leave, "chatThreadLeave"),
    pytest.param("ann", rename, "chatThreadNameUpdate"),
    pytest.param("ann", destroy, "chatThreadDestroy"),
]


@pytest.mark.rows("E9", "E56", "E57", "E58", "E59", "E60", "E61", "E73")
@pytest.mark.parametrize(("begun_by", "act", "operation"), OPERATIONS)
async def test_each_other_device_of_mine_is_told_once_what_i_do_with_a_thread(
    house: House, begun_by: str, act: Act, operation: str
) -> None:
    one, two, three = [await house.login("ann") for _ in range(3)]
    bob = await house.login("bob")
    group = await one.create(["bob"])
    said = await group.send("Lunch?")
    if begun_by != "nobody":
        await (one if begun_by == "ann" else bob).conversation(group.id).create_thread(said.seq)
    await settled(group, one, two, three, bob)
    mine, theirs, others = heard_by(one), heard_by(bob), [heard_by(two), heard_by(three)]
    await act(group, said)
    await settled(group, one, two, three, bob)
    assert (mine, theirs) == ([], [])
    for told in others:
        assert [(event.operation, event.by, event.conversation and event.conversation.id) for event in told] == [
            (operation, "ann", f"{group.id}~{said.seq}")
        ]


async def group_of(house: House, *users: str) -> tuple[list[Client], Conversation, Message]:
    """Make a group with a message in it, of the first user."""
    clients = [await house.login(user) for user in users]
    group = await clients[0].create(list(users[1:]))
    return clients, group, await group.send("Lunch?")


async def test_a_thread_is_a_conversation_of_its_own_with_what_it_is_under(house: House) -> None:
    (_, bob, cat), group, said = await group_of(house, "ann", "bob", "cat")
    heard, inbox = bob.events(), bob.messages()
    thread = await said.create_thread("Where to eat")
    assert (thread.is_thread, thread.of, thread.name, thread.members, thread.role) == (
        True,
        "thread",
        "Where to eat",
        ("ann",),
        "member",
    )
    assert (thread.parent and (thread.parent.conversation, thread.parent.message)) == (group.id, said.seq)
    made = await until(heard, events.ThreadMade)
    assert (made.conversation.id, made.thread.id, made.message, made.name) == (
        group.id,
        thread.id,
        said.seq,
        "Where to eat",
    )
    assert (made.thread.parent, made.thread.name) == (thread.parent, "Where to eat")
    assert [(each.id, each.role) async for each in bob.conversation(group.id).threads()] == [(thread.id, None)]
    # Of two who begin it both get the same, and are in it.
    again = await bob.conversation(group.id).create_thread(said.seq)
    assert (again.id, again.members) == (thread.id, ("ann", "bob"))
    assert again.parent == thread.parent
    await thread.send("Pizza?")
    assert (await within(anext(inbox))).conversation.id == thread.id
    assert again.unread == 1
    assert [each.id async for each in bob.threads(page=1)] == [thread.id]
    assert [each.id async for each in cat.threads()] == []
    assert [each.id async for each in bob.conversations()] == [group.id]
    await thread.set_name("Pizza")
    renamed = await until(heard, events.ThreadRenamed)
    assert (renamed.name, renamed.thread.name, renamed.by) == ("Pizza", "Pizza", "ann")
    with pytest.raises(Forbidden):
        await again.set_name("Pasta")
    await thread.dissolve()
    assert (await until(heard, events.ThreadEnded)).thread.id == thread.id
    with pytest.raises(Forbidden):
        await group.create_thread(said.seq)
    assert [each.id async for each in group.threads()] == []


async def test_who_is_out_of_the_group_is_out_of_its_threads(house: House) -> None:
    (_, bob), group, said = await group_of(house, "ann", "bob")
    thread = await said.create_thread()
    theirs = await bob.conversation(group.id).create_thread(said.seq)
    heard, mine = bob.events(), heard_by(bob)
    await group.remove("bob")
    for act in (theirs.send("too late"), theirs.mark_read(1), theirs.join()):
        with pytest.raises(NotFound):
            await act
    gone = [await until(heard, events.Exited), await until(heard, events.Exited)]
    assert {event.conversation.id for event in gone} == {group.id, thread.id}
    assert [event.by for event in gone if event.conversation.is_thread] == [None]
    assert mine == []
    while (await thread.refresh()).members != ("ann",):
        await asyncio.sleep(0.01)
    assert theirs.role is None


async def test_the_end_of_the_group_is_that_of_its_threads(house: House) -> None:
    (_, bob), group, said = await group_of(house, "ann", "bob")
    await said.create_thread()
    theirs = await bob.conversation(group.id).create_thread(said.seq)
    heard = bob.events()
    await group.dissolve()
    with pytest.raises(NotFound):
        await theirs.send("too late")
    ended = [await until(heard, events.Ended), await until(heard, events.Ended)]
    assert [event.conversation.id for event in ended] == [group.id, theirs.id]
