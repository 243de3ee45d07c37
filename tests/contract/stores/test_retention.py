"""What is too old is removed, and everything that is left stays what it was."""

import asyncio
from collections.abc import Sequence
from random import Random

import pytest

from tests.contract.stores.acts import (
    ANN,
    BOB,
    CIM,
    DAN,
    ROOM,
    AnyStore,
    add,
    conversation_id,
    create,
    edit,
    history,
    mark_delivered,
    mark_read,
    react,
    remove,
    send,
    seqs,
)
from tests.contract.stores.conftest import Home
from tests.contract.stores.test_due_pushes import absent, due, window
from tests.contract.stores.test_search import found, index
from tests.contract.stores.test_traces import all_left
from tests.support.time_and_chance import ManualClock
from unisono.domain.errors import NotFound, UnisonoError
from unisono.domain.facts import MessagePlaced
from unisono.domain.ids import Instant, Seq, UserId, conversation_stream
from unisono.stores.memory import MemoryStore
from unisono.stores.sql import log
from unisono.stores.sql.compiled import Row
from unisono.stores.sql.pages import More, read_page

STREAM = conversation_stream(ROOM)
ALL = 1_000


async def trim(store: AnyStore, before: Instant, limit: int = ALL) -> int:
    """Remove all that is too old of groups; give how many turns it took."""
    turns = 1
    while await store.log.trim("group", before, limit):
        turns += 1
    return turns


async def test_the_time_goes_on_whatever_a_clock_is_set_to(store: AnyStore, clock: ManualClock) -> None:
    began = await store.log.now()
    clock.advance(5)
    clock.set_by(3 * 86_400)
    assert await store.log.now() == began + 5_000


async def talk(store: AnyStore, clock: ManualClock, count: int, sender: UserId = ANN) -> list[Instant]:
    """Let somebody say something once a second; give when."""
    times = []
    for number in range(count):
        clock.advance(1)
        times.append(clock.now())
        await send(store, sender, f"{sender}{clock.now()}", f"tea {number}")
    return times


async def unread(store: AnyStore, user: UserId) -> tuple[int, int]:
    """Give what is unread in all and of how many calls, which all ways to ask agree upon."""
    whole = await store.directory.unread(user, None, 10)
    assert whole.total == sum(one.unread for one in whole.conversations)
    assert whole.mentions == sum(one.mentions for one in whole.conversations)
    for one in whole.conversations:
        mine = await store.directory.find(one.conversation, user)
        assert mine is not None
        assert mine.membership is not None
        assert mine.membership.unread(mine.conversation.head) == one.unread
    return whole.total, whole.mentions


async def test_the_oldest_facts_go_and_the_others_keep_their_places(store: AnyStore, clock: ManualClock) -> None:
    await create(store, ANN, BOB)
    times = await talk(store, clock, 9)
    assert await trim(store, times[4]) == 1
    page = await store.log.read(STREAM, Seq(0), 100)
    assert ([fact.seq for fact in page.facts], page.oldest, page.head) == ([6, 7, 8, 9, 10], 6, 10)
    page = await store.log.read(STREAM, Seq(7), 2)
    assert ([fact.seq for fact in page.facts], page.oldest) == ([8, 9], 6)
    assert await trim(store, times[4]) == 1, "repeating it removes nothing more"
    assert await seqs(store) == [6, 7, 8, 9, 10]
    assert (await send(store, BOB, "next")).seq == 11


async def test_history_says_where_older_ones_are_gone(store: AnyStore, clock: ManualClock) -> None:
    await create(store, ANN, BOB)
    times = await talk(store, clock, 10)
    assert not (await history(store)).trimmed
    await trim(store, times[5])
    for asked, expected, is_trimmed in (
        ({}, [7, 8, 9, 10, 11], True),
        ({"limit": 3}, [9, 10, 11], False),
        ({"limit": 3, "before": 9}, [7, 8], True),
        ({"before": 5}, [], True),
        ({"after": 2}, [7, 8, 9, 10, 11], True),
        ({"after": 2, "limit": 2}, [7, 8], True),
        ({"after": 6}, [7, 8, 9, 10, 11], False),
        ({"after": 8, "limit": 1}, [9], False),
        ({"after_at": times[7]}, [10, 11], False),
        ({"after_at": times[1]}, [7, 8, 9, 10, 11], True),
        ({"before_at": times[7]}, [7, 8], True),
        ({"until": 4}, [], True),
        ({"until": 8}, [7, 8], True),
    ):
        page = await history(store, **asked)
        assert ([entry.seq for entry in page.messages], page.trimmed) == (expected, is_trimmed), asked


async def test_what_hangs_on_a_message_goes_with_it(store: AnyStore, clock: ManualClock) -> None:
    await create(store, ANN, BOB)
    for number in range(4):
        clock.advance(1)
        await send(store, ANN, f"k{number}", f"tea {number}", mentions=[BOB], receipt=True)
        await react(store, BOB, 2 + 2 * number, "x")
    await edit(store, ANN, 2, "tea and milk")
    await index(store)
    assert await unread(store, BOB) == (4, 3), "an edit calls nobody any more"
    await trim(store, Instant(clock.now() - 1000))
    assert await unread(store, BOB) == (2, 2)
    assert await found(store, BOB, "tea") == ["tea 3", "tea 2"]
    assert await found(store, BOB, "milk") == []
    assert [entry.reactions[0].count for entry in (await history(store)).messages] == [1, 1]
    assert await store.directory.receipts(ROOM, Seq(4)) is None
    for act in (edit(store, ANN, 2, "again"), react(store, ANN, 4, "x")):
        with pytest.raises(NotFound):
            await act
    assert not (await mark_delivered(store, BOB, 5)).facts, "nobody waits to hear of what is gone"
    assert len((await mark_delivered(store, BOB, 9)).facts) == 1
    await index(store)
    assert await found(store, BOB, "tea") == ["tea 3", "tea 2"]


async def test_what_is_gone_is_neither_pushed_nor_counted_nor_given_out(store: AnyStore, clock: ManualClock) -> None:
    await create(store, ANN, BOB)
    times = await talk(store, clock, 12)
    await trim(store, times[9])
    pushed = await due(store, await window(store))
    assert [message.seq for message in pushed] == [11, 12, 13]
    assert await absent(store, pushed[0]) == {BOB: 3}
    assert [entry.seq for part in await all_left(store, ANN) for entry in part.messages] == [11, 12, 13]


async def test_a_key_whose_message_is_gone_sends_anew(store: AnyStore, clock: ManualClock) -> None:
    await create(store, ANN, BOB)
    first = await send(store, ANN, "k")
    assert await send(store, ANN, "k") == first
    clock.advance(1)
    await trim(store, clock.now())
    assert (await send(store, ANN, "k")).seq == first.seq + 1


async def test_a_stream_of_which_all_is_gone_goes_on(store: AnyStore, clock: ManualClock) -> None:
    await create(store, ANN, BOB)
    await talk(store, clock, 3)
    clock.advance(1)
    await trim(store, clock.now())
    page = await store.log.read(STREAM, Seq(0), 100)
    assert (page.facts, page.head, page.oldest) == ((), 4, 5)
    audience = await store.directory.audience(STREAM, await store.log.checkpoint())
    assert (audience.after, audience.head, len(audience.members)) == (4, 4, 2)
    assert (await history(store)).trimmed
    assert await unread(store, BOB) == (0, 0)
    assert (await store.directory.list_of(BOB, None, 10))[0].conversation.member_count == 2
    await talk(store, clock, 2)
    assert await seqs(store) == [5, 6]
    assert await unread(store, BOB) == (2, 0)
    clock.advance(1)
    await trim(store, clock.now())
    assert await seqs(store) == []


async def test_who_left_before_has_nothing_left(store: AnyStore, clock: ManualClock) -> None:
    await create(store, ANN, BOB)
    await talk(store, clock, 2)
    await remove(store, ANN, BOB)
    times = await talk(store, clock, 3)
    await trim(store, times[1])
    page = await store.log.read(STREAM, Seq(1), 100, Seq(4))
    assert (page.facts, page.head, page.oldest) == ((), 4, 6)
    gone = await history(store, BOB, until=4)
    assert (gone.messages, gone.trimmed) == ((), True)
    await add(store, ANN, BOB)
    assert await unread(store, BOB) == (0, 0)
    assert [entry.seq for entry in (await history(store, BOB)).messages] == [6, 7]


async def test_one_kind_goes_and_the_others_stay(store: AnyStore, clock: ManualClock) -> None:
    direct, temporary = conversation_id(1), conversation_id(2)
    await create(store, ANN, BOB)
    await create(store, ANN, BOB, room=direct, of="direct", unique=None)
    await create(store, ANN, BOB, room=temporary, of="temporary")
    for room in (ROOM, direct, temporary):
        await send(store, ANN, "k", room=room)
    clock.advance(1)
    await trim(store, clock.now())
    assert [len(await seqs(store, conversation_stream(room))) for room in (ROOM, direct, temporary)] == [0, 2, 2]
    assert not await store.log.trim("direct", clock.now(), ALL)
    assert [len(await seqs(store, conversation_stream(room))) for room in (ROOM, direct, temporary)] == [0, 0, 2]


async def test_each_turn_is_small_and_what_was_done_stays_done(home: Home, clock: ManualClock) -> None:
    store = await home.open()
    rooms = [conversation_id(number) for number in range(5)]
    for room in rooms:
        await create(store, ANN, BOB, room=room)
        for number in range(6):
            await send(store, ANN, f"k{number}", room=room)
    clock.advance(1)

    async def left(store: AnyStore) -> int:
        return sum([len(await seqs(store, conversation_stream(room))) for room in rooms])

    before = await left(store)
    for turn in range(1, 4):
        assert await store.log.trim("group", clock.now(), 4)
        assert await left(store) == before - 4 * turn
    if not isinstance(store, MemoryStore):
        await home.close(store)
        store = await home.open()
    assert await left(store) == before - 12
    await trim(store, clock.now(), 4)
    assert await left(store) == 0


async def test_two_nodes_remove_everything_once(shared: Home, clock: ManualClock) -> None:
    first, second = await shared.open(), await shared.open()
    await create(first, ANN, BOB, CIM)
    times = await talk(first, clock, 40)
    await asyncio.gather(trim(first, times[30], 3), trim(second, times[30], 3), talk(first, clock, 20, BOB))
    assert (await seqs(first))[0] == 32
    assert (await unread(first, CIM), await unread(second, ANN)) == ((30, 0), (20, 0))
    assert await unread(first, BOB) == (10, 0)


async def test_who_reads_while_it_is_trimmed_finds_no_hole(durable: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the head of a stream and its facts a turn of another thread comes."""
    store, loop = await durable.open(), asyncio.get_running_loop()
    await create(store, ANN, BOB)
    times = await talk(store, durable.clock, 30)
    until = iter(times[5:])

    def interrupted(more: More, limit: int) -> tuple[list[Row], bool]:
        asyncio.run_coroutine_threadsafe(trim(store, next(until)), loop).result(10)
        return read_page(more, limit)

    monkeypatch.setattr(log, "read_page", interrupted)
    monkeypatch.setattr("unisono.stores.sql.history.read_page", interrupted)
    for oldest in (1, 7, 8):
        page = await store.log.read(STREAM, Seq(0), 100)
        assert (page.oldest, [fact.seq for fact in page.facts]) == (oldest, list(range(oldest, 32)))
    for first in (9, 10):
        shown = await history(store, after=8, limit=100)
        assert ([entry.seq for entry in shown.messages], shown.trimmed) == (list(range(first, 32)), first > 9)


async def test_marks_and_counts_stay_right_through_a_random_life(durable: Home) -> None:
    """The store in memory lives the same life, and what is unread is counted from the facts as well."""
    chance, clock = Random(11), durable.clock
    real, fake = await durable.open(), MemoryStore(clock)
    users = (ANN, BOB, CIM, DAN)
    for store in (real, fake):
        await create(store, ANN, BOB, CIM)
    for step in range(250):
        clock.advance(chance.choice((0, 1, 1)))
        user = chance.choice(users)
        head = (await real.log.read(STREAM, Seq(0), 1)).head
        act = chance.choice(
            ("send", "send", "send", "send", "call", "read", "read", "leave", "join", "edit", "trim", "index")
        )
        seq, before = chance.randint(1, head), Instant(clock.now() - chance.randint(0, 30_000))
        outcomes: list[object] = []
        for store in (real, fake):
            try:
                outcomes.append(await live(store, act, user, seq=seq, before=before))
            except UnisonoError as fault:
                outcomes.append(fault.code)
        assert outcomes[0] == outcomes[1], (step, act)
        assert await seqs(real) == await seqs(fake), (step, act)
        for each in users:
            counted = await counted_from_facts(real, each)
            assert await unread(real, each) == await unread(fake, each) == counted, (step, act, each)


ACTS = ("send", "send", "send", "send", "call", "read", "read", "leave", "join", "edit", "trim", "index")


async def live(store: AnyStore, act: str, user: UserId, *, seq: int, before: Instant) -> object:
    """Do it; give what a reader is answered."""
    match act:
        case "send" | "call":
            everybody = (ANN, BOB, CIM, DAN) if act == "call" else ()
            await send(store, user, f"{act}{before}{seq}", "tea", mentions=everybody)
        case "read":
            return (await mark_read(store, user, seq)).answer
        case "leave":
            await remove(store, ANN, user)
        case "join":
            await add(store, ANN, user)
        case "edit":
            await edit(store, user, seq, "coffee")
        case "trim":
            await trim(store, before, 7)
        case _:
            await index(store)
    return None


async def counted_from_facts(store: AnyStore, user: UserId) -> tuple[int, int]:
    """Count what a member has not read of what is kept."""
    mine = await store.directory.find(ROOM, user)
    if mine is None or mine.membership is None or not mine.is_member:
        return 0, 0
    member = mine.membership
    waiting = [
        message for seq, message in await kept(store) if seq > max(member.read, member.since) and message.sender != user
    ]
    return len(waiting), sum(user in message.mentions for message in waiting)


async def kept(store: AnyStore) -> Sequence[tuple[int, MessagePlaced]]:
    page = await store.log.read(STREAM, Seq(0), 1_000)
    return [(fact.seq, fact.fact) for fact in page.facts if isinstance(fact.fact, MessagePlaced)]
