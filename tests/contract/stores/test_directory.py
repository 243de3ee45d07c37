"""The directory's promises: conversations, members, audiences, history."""

import asyncio
from typing import Any

import pytest

from tests.contract.stores.acts import (
    ANN,
    BOB,
    CIM,
    DAN,
    QUOTAS,
    ROOM,
    AnyStore,
    add,
    conversation_id,
    create,
    edit,
    history,
    mark_read,
    moved,
    recall,
    remove,
    send,
    view_of,
)
from tests.support.time_and_chance import NOON, ManualClock
from unisono.app.changing import present
from unisono.domain import messages
from unisono.domain.answers import Placed
from unisono.domain.commands import SendMessage
from unisono.domain.conversation import Scope
from unisono.domain.errors import Invalid
from unisono.domain.events import Signal, TransientMessage
from unisono.domain.facts import Content, ConversationMade
from unisono.domain.ids import START, Instant, SendKey, Seq, StreamKey, UserId, conversation_stream, user_stream
from unisono.ports.log import Committed

TALK = conversation_stream(ROOM)


async def test_a_member_finds_the_conversation_with_its_members(store: AnyStore, clock: ManualClock) -> None:
    await create(store, ANN, CIM, BOB)
    clock.advance(60)
    await add(store, ANN, DAN)
    clock.advance(60)
    await send(store, ANN, "key")
    await mark_read(store, BOB, 2)
    mine = await store.directory.find(ROOM, BOB, with_members=True)
    assert mine is not None
    assert mine.membership is not None
    conversation = mine.conversation
    assert (conversation.id, conversation.of, conversation.creator) == (ROOM, "group", ANN)
    assert (conversation.created_at, conversation.updated_at) == (NOON, NOON + 60_000)
    assert (conversation.head.seq, conversation.head.at, conversation.member_count) == (3, NOON + 120_000, 4)
    assert (conversation.name, conversation.attributes, conversation.is_unique) == ("name", {"a": 1}, False)
    assert (mine.membership.since, mine.membership.read, mine.membership.until) == (1, 2, None)
    assert mine.members == (ANN, BOB, CIM, DAN)


async def test_members_are_listed_only_where_they_are_asked_for(store: AnyStore) -> None:
    await create(store, ANN, BOB)
    mine = await store.directory.find(ROOM, BOB)
    assert mine is not None
    assert mine.members == ()


async def test_a_stranger_finds_nothing(store: AnyStore) -> None:
    await create(store, ANN, BOB)
    assert await store.directory.find(ROOM, DAN, with_members=True) is None
    assert await store.directory.find(conversation_id(1), ANN, with_members=True) is None


async def test_the_operator_finds_every_conversation_with_its_members(store: AnyStore) -> None:
    await create(store, ANN, BOB)
    await remove(store, ANN, BOB)
    found = await store.directory.find(ROOM, None, with_members=True)
    assert found is not None
    assert (found.membership, found.members, found.until) == (None, (ANN,), None)
    assert found.conversation.head.seq == 2
    assert await store.directory.find(conversation_id(9), None, with_members=True) is None


async def test_a_room_is_there_for_anybody_and_on_nobodys_list(store: AnyStore) -> None:
    made = await create(store, ANN, of="room", unique=None)
    again = await create(store, ANN, of="room", unique=None, room=ROOM)
    assert (view_of(made).is_new, view_of(again).is_new) == (True, False)
    assert view_of(again).conversation == ROOM
    for user in (ANN, DAN):
        mine = await store.directory.find(ROOM, user, with_members=True)
        assert mine is not None
        assert (mine.conversation.of, mine.conversation.creator, mine.conversation.member_count) == ("room", ANN, 0)
        assert (mine.membership, mine.is_member, mine.until, mine.members) == (None, False, None, ())
        assert await store.directory.list_of(user, None, 10) == []
    assert [fact.fact for fact in (await store.log.read(user_stream(ANN), Seq(0), 10)).facts] == [
        ConversationMade(conversation=ROOM, of="room")
    ]


async def test_a_room_keeps_what_is_said_and_who_said_it_where_it_is_to(store: AnyStore, clock: ManualClock) -> None:
    await create(store, ANN, of="room", unique=None, keeps_history=True)

    async def say(user: UserId, key: str) -> Committed:
        clock.advance(1)
        scope = Scope(conversation=ROOM, users=(user,), sender=user, key=SendKey(key))
        command = SendMessage(ROOM, SendKey(key), Content(text=key), mentions=(ANN,))
        return await store.log.transact(scope, present(lambda seen: messages.send(seen, user, command, QUOTAS)))

    for user, key in ((BOB, "one"), (CIM, "two"), (BOB, "three")):
        said = await say(user, key)
        (signal,) = said.signals
        assert isinstance(signal, Signal)
        assert isinstance(signal.event, TransientMessage)
        assert isinstance(said.answer, Placed)
        assert (signal.event.seq, signal.event.at) == (said.answer.seq, said.answer.at)
    again = await say(BOB, "one")
    assert (again.facts, again.signals) == ((), ())
    for user in (ANN, BOB, DAN):
        mine = await store.directory.find(ROOM, user, with_members=True)
        assert mine is not None
        assert mine.conversation.keeps_history
        assert (mine.membership, mine.members, mine.conversation.member_count) == (None, (), 0)
        assert [entry.message.content.text for entry in (await history(store)).messages] == ["one", "two", "three"]
        assert (await store.directory.unread(user, None, 10)).total == 0
        assert await store.directory.list_of(user, None, 10) == []
    left = await store.traces.left_in(ROOM, BOB, Seq(0))
    assert [entry.seq for entry in left.messages] == [2, 4]
    assert [place.conversation.id for place in await store.traces.places(BOB, None, 10)] == [ROOM]
    assert await store.traces.places(DAN, None, 10) == []
    assert await moved(store, BOB) == {}
    while await store.log.trim("room", Instant(clock.now() - 1500), 10):
        pass
    assert [entry.message.content.text for entry in (await history(store)).messages] == ["three"]


async def test_a_former_member_finds_it_as_far_as_they_were_there(store: AnyStore) -> None:
    await create(store, ANN, BOB)
    await remove(store, ANN, BOB)
    await send(store, ANN, "key")
    mine = await store.directory.find(ROOM, BOB, with_members=True)
    assert mine is not None
    assert (mine.until, mine.conversation.head.seq, mine.members) == (2, 2, ())


async def test_conversations_are_listed_from_the_oldest_a_page_at_a_time(store: AnyStore) -> None:
    rooms = [conversation_id(number) for number in (4, 1, 6, 0, 5, 2, 3)]
    for room in rooms:
        await create(store, ANN, BOB, room=room)
    await remove(store, ANN, BOB, room=rooms[3])
    left = [room for room in rooms if room != rooms[3]]
    assert [mine.conversation.id for mine in await store.directory.list_of(BOB, None, 10)] == left
    assert [mine.conversation.id for mine in await store.directory.list_of(BOB, None, 2)] == left[:2]
    assert [mine.conversation.id for mine in await store.directory.list_of(BOB, left[1], 2)] == left[2:4]
    assert await store.directory.list_of(BOB, left[-1], 2) == []
    assert [mine.conversation.id for mine in await store.directory.list_of(BOB, rooms[3], 2)] == rooms[4:6]
    for stranger in (conversation_id(99), rooms[0]):
        with pytest.raises(Invalid, match="never in"):
            await store.directory.list_of(DAN, stranger, 2)
    assert all(mine.members == () for mine in await store.directory.list_of(ANN, None, 10))
    assert await store.directory.list_of(DAN, None, 10) == []


async def test_an_audience_is_that_of_the_fact_a_checkpoint_reaches(store: AnyStore) -> None:
    await create(store, ANN, BOB)
    start = await store.log.checkpoint()
    await send(store, ANN, "one")
    await add(store, ANN, CIM)
    middle = await store.log.checkpoint()
    await remove(store, ANN, BOB)
    end = await store.log.checkpoint()
    seen = [await store.directory.audience(TALK, checkpoint) for checkpoint in (START, start, middle, end)]
    assert [(audience.after, audience.head, set(audience.members)) for audience in seen] == [
        (0, 4, set()),
        (1, 4, {ANN, BOB}),
        (3, 4, {ANN, BOB, CIM}),
        (4, 4, {ANN, CIM}),
    ]


async def test_a_users_stream_has_its_user_for_audience(store: AnyStore) -> None:
    await create(store, ANN, BOB)
    checkpoint = await store.log.checkpoint()
    await mark_read(store, BOB, 1)
    audience = await store.directory.audience(user_stream(BOB), checkpoint)
    assert (audience.after, audience.head, audience.members) == (1, 2, frozenset((BOB,)))
    unknown = await store.directory.audience(user_stream(DAN), checkpoint)
    assert (unknown.after, unknown.head, unknown.epoch, unknown.members) == (
        0,
        0,
        await store.log.epoch(),
        frozenset((DAN,)),
    )


async def test_an_unknown_conversation_has_nobody_for_audience(store: AnyStore) -> None:
    audience = await store.directory.audience(StreamKey("c/none"), START)
    assert (audience.after, audience.head, audience.epoch, audience.members) == (
        0,
        0,
        await store.log.epoch(),
        frozenset(),
    )


@pytest.mark.parametrize(
    ("asked", "expected", "has_more"),
    [
        ({}, [9, 10, 11], True),
        ({"limit": 8}, [2, 3, 5, 6, 8, 9, 10, 11], False),
        ({"limit": 7}, [3, 5, 6, 8, 9, 10, 11], True),
        ({"limit": 99}, [2, 3, 5, 6, 8, 9, 10, 11], False),
        ({"before": 9}, [5, 6, 8], True),
        ({"before": 6}, [2, 3, 5], False),
        ({"before": 2}, [], False),
        ({"after": 0}, [2, 3, 5], True),
        ({"after": 3}, [5, 6, 8], True),
        ({"after": 8}, [9, 10, 11], False),
        ({"after": 11}, [], False),
        ({"after": 2, "before": 10}, [6, 8, 9], True),
        ({"after": 2, "before": 8}, [3, 5, 6], False),
        ({"until": 6}, [3, 5, 6], True),
        ({"until": 3}, [2, 3], False),
        ({"after": 2, "until": 5}, [3, 5], False),
    ],
)
async def test_history_is_bounded_on_every_side(
    store: AnyStore, asked: dict[str, Any], expected: list[int], has_more: bool
) -> None:
    await create(store, ANN, BOB)
    for act in "mm+mm-mmmm":
        match act:
            case "+":
                await add(store, ANN, CIM)
            case "-":
                await remove(store, ANN, CIM)
            case _:
                mine = await store.directory.find(ROOM, ANN, with_members=True)
                assert mine is not None
                await send(store, ANN, f"key-{mine.conversation.head.seq}", f"text {mine.conversation.head.seq + 1}")
    page = await history(store, **({"limit": 3} | asked))
    assert ([message.seq for message in page.messages], page.has_more) == (expected, has_more)
    assert all(message.message.content.text == f"text {message.seq}" for message in page.messages)
    assert all((message.message.sender, message.at) == (ANN, NOON) for message in page.messages)


async def test_an_unknown_conversation_has_no_history(store: AnyStore) -> None:
    page = await history(store, limit=3)
    assert (page.messages, page.has_more) == ((), False)


async def test_names_of_64_characters_of_any_script_are_kept_apart(store: AnyStore) -> None:
    """Compared by code point: PostgreSQL would sort and fold them by its locale otherwise."""
    users = [UserId(name * 64) for name in ("a", "A", "ä", "\N{OLD PERSIAN SIGN A}", "%", "_", "'", "ß")]
    committed = await create(store, users[0], *users[1:])
    assert set(view_of(committed).members) == set(users)
    for user in users:
        assert (await store.log.moved(user, START, None, 10)).heads[0].stream == TALK


async def test_large_messages_come_in_short_pages_and_none_is_left_out(store: AnyStore) -> None:
    """A page is one frame: a thousand messages of 64 KiB would pass any outbox."""
    await create(store, ANN, BOB)
    texts = {await place_of(store, number): f"{number}" * 50_000 for number in range(8)}
    upwards: list[Seq] = []
    has_more = True
    while has_more:
        after = upwards[-1] if upwards else Seq(0)
        page = await history(store, after=after, limit=100)
        assert page.messages
        upwards += [message.seq for message in page.messages]
        has_more = page.has_more
    downwards: list[Seq] = []
    has_more = True
    while has_more:
        before = downwards[0] if downwards else None
        page = await history(store, before=before, limit=100)
        assert all(message.message.content.text == texts[message.seq] for message in page.messages)
        downwards = [message.seq for message in page.messages] + downwards
        has_more = page.has_more
    assert upwards == downwards == sorted(texts)
    read: list[int] = []
    while len(read) < 9:
        facts = await store.log.read(TALK, Seq(len(read)), 100)
        assert facts.facts
        assert facts.head == 9
        read += [fact.seq for fact in facts.facts]
    assert read == list(range(1, 10))


async def place_of(store: AnyStore, number: int) -> Seq:
    return (await send(store, ANN, f"{number}", f"{number}" * 50_000)).seq


async def test_long_pages_are_put_together_without_a_seam(store: AnyStore) -> None:
    await create(store, ANN, BOB)
    await asyncio.gather(*(send(store, ANN, f"{number}") for number in range(450)))
    facts = await store.log.read(TALK, Seq(0), 1000)
    assert [fact.seq for fact in facts.facts] == list(range(1, 452))
    newest = await history(store, limit=300)
    assert ([message.seq for message in newest.messages], newest.has_more) == (list(range(152, 452)), True)
    oldest = await history(store, after=1, limit=450)
    assert ([message.seq for message in oldest.messages], oldest.has_more) == (list(range(2, 452)), False)


@pytest.mark.rows("L233")
async def test_ten_asked_for_are_the_ten_newest_in_rising_order_of_time(store: AnyStore, clock: ManualClock) -> None:
    await create(store, ANN, BOB)
    for number in range(21):
        clock.advance(1)
        await send(store, ANN, f"{number}")
    page = await history(store, limit=10)
    assert [message.at for message in page.messages] == [NOON + 1000 * second for second in range(12, 22)]


TIMES = (0, 5, 5, 5, 9, 4, 4, 20)
"""Seconds at which messages are sent, by the clock; by the log the sixth and seventh are as late as the fifth."""


@pytest.mark.parametrize(
    ("asked", "expected", "has_more"),
    [
        ({"before_at": 5}, [2], False),
        ({"before_at": 6}, [3, 4, 5], True),
        ({"before_at": 0}, [], False),
        ({"after_at": 5}, [6, 7, 8], True),
        ({"after_at": 9}, [9], False),
        ({"after_at": 20}, [], False),
        ({"after_at": 0, "before_at": 9}, [3, 4, 5], False),
        ({"after_at": 9, "before_at": 5}, [], False),
        ({"after_at": 4, "before": 7}, [4, 5, 6], True),
        ({"after_at": 4, "before": 7, "direction": "newer"}, [3, 4, 5], True),
        ({"before_at": 20, "after": 6}, [7, 8], False),
        ({"before_at": 20, "until": 6}, [4, 5, 6], True),
        ({"direction": "newer"}, [2, 3, 4], True),
        ({"direction": "newer", "before": 4}, [2, 3], False),
        ({"direction": "older", "after": 2}, [7, 8, 9], True),
        ({"type": 3}, [4, 7], False),
        ({"type": 3, "limit": 1}, [7], True),
        ({"type": 3, "limit": 1, "direction": "newer"}, [4], True),
        ({"type": 3, "before_at": 9}, [4], False),
        ({"type": -1, "limit": 2}, [8, 9], True),
        ({"type": -1, "limit": 2, "direction": "newer"}, [2, 3], True),
        ({"type": 4}, [], False),
    ],
)
async def test_history_is_found_by_time_direction_and_type(
    store: AnyStore, clock: ManualClock, asked: dict[str, Any], expected: list[int], has_more: bool
) -> None:
    await create(store, ANN, BOB)
    for number, second in enumerate(TIMES):
        clock.advance(second - (clock.now() - NOON) / 1000)
        await send(store, ANN, f"{number}", of_type=3 if number in {2, 5} else -1)
    given = {name: NOON + value * 1000 if name.endswith("_at") else value for name, value in asked.items()}
    page = await history(store, **({"limit": 3} | given))
    assert ([message.seq for message in page.messages], page.has_more) == (expected, has_more)


async def test_a_recalled_message_has_no_type_and_an_edited_one_its_present_type(store: AnyStore) -> None:
    await create(store, ANN, BOB)
    await send(store, ANN, "1")
    await send(store, ANN, "2", of_type=3)
    await send(store, ANN, "3", of_type=3)
    await edit(store, ANN, 2, "now of another type", of_type=3)
    await edit(store, ANN, 3, "a text")
    await recall(store, ANN, 4)
    assert [[each.seq for each in (await history(store, type=type_)).messages] for type_ in (3, -1)] == [[2], [3]]
    assert len((await history(store)).messages) == 3
