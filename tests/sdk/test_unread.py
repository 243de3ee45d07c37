"""The Python client: what waits for me, on all my devices, with the real server."""

import asyncio

import pytest

from tests.sdk.test_against_server import House, house, until, within
from unisono_sdk import Client, Message, NotFound, UnreadTotal, events
from unisono_sdk.waiting import Waiting

__all__ = ["house"]


@pytest.mark.parametrize("codec", ["json", "msgpack"])
@pytest.mark.rows("L96", "L97", "L98", "L99", "L100", "L108", "L179", "X25")
async def test_who_logs_in_is_told_what_waits_in_each_conversation(house: House, codec: str) -> None:
    ann = await house.login("ann", codec=codec)
    first, second = await ann.direct("bob"), await ann.create(["bob", "cat"])
    await first.send("one")
    newest = await first.send("two", mentions=["bob"])
    await second.send("three")
    told: list[events.Unread] = []
    bob = await house.login("bob", codec=codec, handlers={"unread": told.append})
    async with asyncio.timeout(10):
        while len(told) < 2:
            await asyncio.sleep(0.01)
    by_id = {event.conversation.id: event for event in told}
    waiting = by_id[first.id]
    assert (waiting.unread, waiting.mentions, waiting.conversation.unread) == (2, 1, 2)
    assert waiting.last is not None
    assert (waiting.last.seq, waiting.last.at, waiting.last.text) == (newest.seq, newest.at, "two")
    assert by_id[second.id].unread == 1
    assert await bob.unread() == UnreadTotal(messages=3, mentions=1)
    assert await ann.unread() == UnreadTotal(messages=0, mentions=0)


@pytest.mark.rows("L101", "L102", "L103", "X21", "X22", "E6")
async def test_reading_on_one_device_is_told_to_the_others_once_with_nothing_left(house: House) -> None:
    ann, phone, laptop = await house.login("ann"), await house.login("bob"), await house.login("bob")
    told = laptop.events()
    conversation = await ann.direct("bob")
    for number in range(3):
        await conversation.send(f"message {number}", mentions=["bob"])
    here = phone.conversation(conversation.id)
    await here.refresh()
    there = laptop.conversation(conversation.id)
    while there.unread < 3:
        await within(anext(told))
    assert (here.unread, there.unread, there.unread_mentions) == (3, 3, 3)
    await phone.conversation(conversation.id).send("and I say this")
    await here.mark_read()
    event = await until(told, events.Unread)
    assert (event.conversation, event.unread, event.mentions) == (there, 0, 0)
    assert (there.unread, there.read) == (0, 5)
    await conversation.send("after that")
    while there.head < 6:
        await within(anext(told))
    assert (there.unread, await laptop.unread()) == (1, UnreadTotal(messages=1, mentions=0))


@pytest.mark.rows("L103")
async def test_all_can_be_read_at_once_and_a_wish_to_come_back_is_on_all_devices(house: House) -> None:
    ann, phone, laptop = await house.login("ann"), await house.login("bob"), await house.login("bob")
    rooms = [await ann.create(["bob", f"guest {number}"]) for number in range(4)]
    for room in rooms:
        await room.send("hello")
    await phone.mark_all_read([rooms[0].id, phone.conversation(rooms[1].id)])
    assert await laptop.unread() == UnreadTotal(messages=2, mentions=0)
    await phone.mark_all_read()
    assert await laptop.unread() == UnreadTotal(messages=0, mentions=0)
    told = laptop.events()
    await phone.conversation(rooms[2].id).mark_unread()
    event = await until(told, events.Unread)
    assert (event.conversation.id, event.unread, event.conversation.is_marked_unread) == (rooms[2].id, 0, True)
    await laptop.conversation(rooms[2].id).mark_read(1)
    assert not (await phone.conversation(rooms[2].id).refresh()).is_marked_unread
    with pytest.raises(NotFound):
        await ann.mark_all_read(["of others"])


async def unread_everywhere(clients: list[Client], conversation: str) -> set[int]:
    """Give what devices think is unread, when nothing moves any more."""
    await asyncio.sleep(0)
    return {client.conversation(conversation).unread for client in clients}


@pytest.mark.rows("X21", "E6")
async def test_four_devices_agree_after_all_has_gone_criss_cross(house: House) -> None:
    ann = await house.login("ann")
    devices = [await house.login("bob") for _ in range(4)]
    conversation = await ann.direct("bob")
    for number in range(20):
        sends = [conversation.send(f"{number} {turn}") for turn in range(3)]
        reader = devices[number % 4].conversation(conversation.id)
        await asyncio.gather(
            *sends, reader.mark_read(), devices[(number + 1) % 4].conversation(conversation.id).send("x")
        )
    last = await conversation.send("the last")
    async with asyncio.timeout(20):
        while any(device.conversation(conversation.id).head < last.seq for device in devices):
            await asyncio.sleep(0.01)
    truth = (await devices[0].unread()).messages
    assert truth >= 1
    async with asyncio.timeout(10):
        while await unread_everywhere(devices, conversation.id) != {truth}:
            await asyncio.sleep(0.01)


@pytest.mark.rows("X21")
async def test_an_edit_or_a_recall_changes_who_is_called_on_all_devices(house: House) -> None:
    ann, phone, laptop = await house.login("ann"), await house.login("bob"), await house.login("bob")
    conversation = await ann.direct("bob")
    message = await conversation.send("bob?", mentions=["bob"])
    views = [each.conversation(conversation.id) for each in (phone, laptop)]

    async def become(unread: int, mentions: int) -> None:
        async with asyncio.timeout(10):
            while {(view.unread, view.unread_mentions) for view in views} != {(unread, mentions)}:
                await asyncio.sleep(0.01)

    await become(1, 1)
    message = await message.edit("cat?", mentions=["cat"])
    await become(1, 0)
    message = await message.edit("all of you?", mention_all=True)
    await become(1, 1)
    await message.recall()
    await become(1, 0)


@pytest.mark.rows("X21")
async def test_who_left_and_came_back_has_nothing_waiting_from_before(house: House) -> None:
    ann, bob = await house.login("ann"), await house.login("bob")
    told, group = bob.events(), await ann.create(["bob", "cat"], unique=False)
    await group.send("before", mentions=["bob"])
    await until(told, Message)
    view = bob.conversation(group.id)
    await view.mark_unread()
    await group.remove("bob")
    await group.add("bob")
    assert (await until(told, events.Entered)).conversation is view
    last = await group.send("after")
    while view.head < last.seq:
        await within(anext(told))
    assert (view.unread, view.unread_mentions, view.is_marked_unread) == (1, 0, False)
    assert await bob.unread() == UnreadTotal(messages=1, mentions=0)


def test_counts_and_messages_may_come_in_any_order() -> None:
    waiting = Waiting()
    waiting.came(5, calls_me=True)
    waiting.came(7, calls_me=False)
    waiting.came(7, calls_me=False)
    assert (waiting.unread, waiting.mentions) == (2, 1)
    waiting.counted(1, mentions=1, as_of=6, read=3)
    assert (waiting.unread, waiting.mentions) == (2, 1)
    waiting.came(6, calls_me=True)
    assert waiting.unread == 2, "the server had counted it"
    waiting.counted(9, mentions=9, as_of=5, read=3)
    assert waiting.unread == 2, "an older count"
    waiting.counted(0, mentions=0, as_of=9, read=9)
    waiting.came(8, calls_me=True)
    assert (waiting.unread, waiting.mentions) == (0, 0)


def test_a_count_asked_for_before_a_fact_and_come_after_it_says_nothing_of_my_wish_to_come_back() -> None:
    def counted_late(waiting: Waiting) -> bool:
        waiting.counted(1, mentions=0, as_of=6, read=3, is_marked=True)
        return waiting.is_marked

    waiting = Waiting()
    assert counted_late(waiting)
    waiting.mark(is_marked=False)
    assert not counted_late(waiting)
    waiting.doubt()
    assert counted_late(waiting)
