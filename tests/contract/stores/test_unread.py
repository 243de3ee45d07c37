"""What is unread in a store: counted by subtraction, and the same as counting one by one."""

import random

import pytest

from tests.contract.stores.acts import (
    ANN,
    BOB,
    CIM,
    ROOM,
    AnyStore,
    add,
    conversation_id,
    create,
    mark_read,
    mark_unread,
    recall,
    remove,
    send,
)
from tests.contract.stores.conftest import Home
from unisono.domain.answers import ReadMark, Unread
from unisono.domain.conversation import Membership
from unisono.domain.facts import MessagePlaced, ReadMarkMoved
from unisono.domain.ids import INTEGER_MAX, ConversationId, Seq, UserId, conversation_stream
from unisono.stores.sql.book import Book
from unisono.stores.sql.entries import StreamEntry


async def unread(store: AnyStore, user: UserId) -> tuple[int, int]:
    """Give how many messages wait for a user, and how many call them."""
    found = await store.directory.unread(user, None, 100)
    return found.total, found.mentions


async def counted(store: AnyStore, user: UserId, room: ConversationId = ROOM) -> tuple[int, int]:
    """Count one by one what others said after a user's mark and their coming."""
    mine = await store.directory.find(room, user)
    assert mine is not None
    assert mine.membership is not None
    seen_until = max(mine.membership.read, mine.membership.since)
    facts = (await store.log.read(conversation_stream(room), Seq(0), 1000)).facts
    later = [placed.fact for placed in facts if placed.seq > seen_until and isinstance(placed.fact, MessagePlaced)]
    said = [message for message in later if message.sender != user]
    return len(said), sum(message.mention_all or user in message.mentions for message in said)


@pytest.mark.rows("L96", "L97", "L98", "L179", "X22")
async def test_what_others_said_is_unread_and_what_i_said_is_not(store: AnyStore) -> None:
    await create(store, ANN, BOB)
    for number in range(3):
        await send(store, ANN, f"a{number}")
    last = await send(store, BOB, "b0", "bob's")
    assert (await unread(store, ANN), await unread(store, BOB)) == ((1, 0), (3, 0))
    (waiting,) = (await store.directory.unread(ANN, None, 10)).conversations
    assert (waiting.conversation, waiting.unread) == (ROOM, 1)
    assert waiting.last is not None
    assert (waiting.last.seq, waiting.last.at, waiting.last.message.content.text) == (last.seq, last.at, "bob's")


@pytest.mark.parametrize("seed", range(4))
async def test_counting_by_subtraction_is_counting_one_by_one(store: AnyStore, seed: int) -> None:
    chance = random.Random(seed)
    await create(store, ANN, BOB, CIM)
    for number in range(60):
        user = chance.choice((ANN, BOB, CIM))
        act = chance.random()
        if act < 0.6:
            calls = chance.sample((ANN, BOB, CIM), chance.randrange(3))
            await send(store, user, f"k{number}", mentions=calls, mention_all=chance.random() < 0.1)
        elif act < 0.85:
            moved = await mark_read(store, user, chance.randrange(70))
            for fact in moved.facts:
                assert isinstance(fact.fact, ReadMarkMoved)
                assert (fact.fact.unread, fact.fact.mentions) == await counted(store, user)
        elif user != ANN:
            await remove(store, ANN, user)
            await send(store, ANN, f"behind {number}")
            await add(store, ANN, user)
        for each in (ANN, BOB, CIM):
            assert await unread(store, each) == await counted(store, each)


@pytest.mark.rows("L101", "L103", "X21")
async def test_reading_to_the_end_leaves_nothing_and_a_wish_to_come_back_is_kept(store: AnyStore) -> None:
    await create(store, ANN, BOB)
    await send(store, ANN, "a", mentions=(BOB,))
    assert await unread(store, BOB) == (1, 1)
    await mark_read(store, BOB, INTEGER_MAX)
    assert await store.directory.unread(BOB, None, 10) == Unread(0, 0, ())
    await mark_unread(store, BOB)
    (waiting,) = (await store.directory.unread(BOB, None, 10)).conversations
    assert (waiting.unread, waiting.is_marked_unread) == (0, True)
    await mark_read(store, BOB, 1)
    assert (await store.directory.unread(BOB, None, 10)).conversations == ()


async def test_a_mark_walks_over_what_it_passes_and_over_nothing_else(
    durable: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each mark counted all that lay behind it: twenty that changed nothing held up a send for 0.7 s in a long talk."""
    store = await durable.open()
    await create(store, ANN, BOB)
    for number in range(9):
        await send(store, (ANN, BOB)[number % 2], f"{number}")
    walked: list[tuple[int, int]] = []
    count = Book.count_own

    def noted(book: Book, stream: StreamEntry, after: Seq, until: Seq, member: Membership) -> int:
        walked.append((after, until))
        return count(book, stream, after, until, member)

    monkeypatch.setattr(Book, "count_own", noted)
    for seq in (1, 4, 4, 2, 7, 1, INTEGER_MAX, 1):
        await mark_read(store, BOB, seq)
    assert set(walked) == {(1, 4), (4, 7)}


async def test_a_recalled_message_calls_nobody(store: AnyStore) -> None:
    await create(store, ANN, BOB)
    await send(store, ANN, "a", mentions=(BOB,), mention_all=True)
    assert await unread(store, BOB) == (1, 1)
    await recall(store, ANN, 2)
    assert (await store.directory.unread(BOB, None, 10)).mentions == 0


async def test_pages_of_what_waits_follow_each_other_and_know_the_total(store: AnyStore) -> None:
    rooms = [conversation_id(number) for number in range(5)]
    for number, room in enumerate(rooms):
        await create(store, ANN, BOB, room=room)
        for turn in range(number):
            await send(store, ANN, f"{turn}", room=room)
    first = await store.directory.unread(BOB, None, 2)
    assert (first.total, [each.unread for each in first.conversations], first.next) == (10, [1, 2], rooms[2])
    second = await store.directory.unread(BOB, first.next, 2)
    assert (second.total, [each.unread for each in second.conversations], second.next) == (10, [3, 4], None)
    assert await unread(store, ANN) == (0, 0)
    assert await unread(store, CIM) == (0, 0)
    alone = await store.directory.unread(BOB, None, 2, only=rooms[3])
    assert (alone.total, [each.conversation for each in alone.conversations], alone.next) == (10, [rooms[3]], None)
    assert (await store.directory.unread(BOB, None, 2, only=rooms[0])).conversations == ()


async def test_reading_less_than_was_read_ends_a_wish_to_come_back_and_leaves_the_count(store: AnyStore) -> None:
    """What was left behind the lower place used to be told as unread, to all devices."""
    await create(store, ANN, BOB)
    for number in range(6):
        await send(store, ANN, f"{number}")
    await mark_read(store, BOB, 5)
    await mark_unread(store, BOB)
    answer = (await mark_read(store, BOB, 2)).answer
    assert isinstance(answer, ReadMark)
    assert (answer.seq, answer.unread) == (5, 2)
    assert await unread(store, BOB) == (2, 0)
