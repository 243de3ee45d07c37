"""What the tables say of what the operator says, and of who subscribes."""

import pytest

from tests.contract.stores.acts import (
    ANN,
    BOB,
    CIM,
    DAN,
    ROOM,
    AnyStore,
    announce,
    close,
    conversation_id,
    create,
    enroll,
    expire,
    found,
    history,
    join,
    look,
    mark_read,
    moved,
    quit_,
    seqs,
)
from tests.support.time_and_chance import NOON, ManualClock
from unisono.domain.answers import Count, Placed
from unisono.domain.conversation import Membership, Scope
from unisono.domain.errors import Forbidden, NotFound
from unisono.domain.ids import START, Instant, Seq, UserId, conversation_stream, user_stream

STREAM = conversation_stream(ROOM)


async def place(store: AnyStore, user: UserId) -> Membership | None:
    """Give a user's place, as a decision, a reader and whoever delivers see it: alike."""
    seen = (await look(store, Scope(conversation=ROOM, users=(user,)))).memberships.get(user)
    mine = await store.directory.find(ROOM, user, with_members=True)
    assert mine is not None
    assert (mine.membership, mine.members) == (seen, ())
    assert list(await store.directory.places(ROOM, (user, user))) == ([] if seen is None else [seen])
    return seen


async def unread(store: AnyStore, user: UserId) -> int:
    """Count what waits for a user."""
    return (await store.directory.unread(user, None, 10)).total


async def count(store: AnyStore) -> int:
    """Count the subscribers."""
    seen = (await look(store, Scope(conversation=ROOM))).conversation
    assert seen is not None
    return seen.member_count


async def test_who_subscribes_stands_in_no_stream_but_their_own(store: AnyStore) -> None:
    await found(store)
    await announce(store, "a")
    assert (await place(store, BOB), await count(store)) == (None, 0)
    checkpoint = await store.log.checkpoint()
    await join(store, BOB)
    assert await place(store, BOB) == Membership(BOB, Seq(2))
    assert (await seqs(store), await seqs(store, user_stream(BOB)), await count(store)) == ([1, 2], [1], 1)
    assert await moved(store, BOB, checkpoint) == {user_stream(BOB): 1}
    await announce(store, "b")
    assert await moved(store, BOB, checkpoint) == {user_stream(BOB): 1, STREAM: 3}
    assert [mine.conversation.id for mine in await store.directory.list_of(BOB, None, 9)] == [ROOM]


async def test_the_last_announcement_waits_for_who_subscribes_and_is_read_like_any(store: AnyStore) -> None:
    await found(store)
    for key in ("a", "b"):
        await announce(store, key)
    await join(store, BOB)
    assert await unread(store, BOB) == 1
    await announce(store, "c")
    assert await unread(store, BOB) == 2
    await mark_read(store, BOB, 3)
    assert await unread(store, BOB) == 1
    assert [entry.seq for entry in (await history(store, BOB)).messages] == [2, 3, 4]


async def test_who_quits_has_no_more_of_it_and_may_come_back(store: AnyStore) -> None:
    await found(store)
    await join(store, BOB)
    await announce(store, "a")
    checkpoint = await store.log.checkpoint()
    await quit_(store, BOB)
    await announce(store, "b")
    left = await place(store, BOB)
    assert left is not None
    assert (left.since, left.until, await count(store), await unread(store, BOB)) == (1, 2, 0, 0)
    assert await moved(store, BOB, checkpoint) == {user_stream(BOB): 2}
    assert await store.directory.list_of(BOB, None, 9) == []
    await join(store, BOB)
    back = await place(store, BOB)
    assert back is not None
    assert (back.since, back.until, await count(store), await unread(store, BOB)) == (3, None, 1, 1)


async def test_an_announcement_keeps_its_first_place(store: AnyStore) -> None:
    await found(store)
    placed = [(await announce(store, "a", text)).answer for text in ("one", "two")]
    assert all(isinstance(each, Placed) and each.seq == 2 for each in placed)
    assert await seqs(store) == [1, 2]


async def test_what_is_for_all_is_listed_and_enrolled_in_once(store: AnyStore) -> None:
    await found(store, room=conversation_id(2))
    await create(store, ANN, BOB, room=conversation_id(3))
    assert await store.directory.for_all() == []
    await found(store, audience="all")
    await found(store, room=conversation_id(1), audience="all")
    assert await store.directory.for_all() == [ROOM, conversation_id(1)]
    await announce(store, "a")
    assert len((await enroll(store, BOB, Instant(NOON - 1))).facts) == 1
    assert len((await enroll(store, CIM, Instant(NOON))).facts) == 1
    assert [await place(store, user) for user in (BOB, CIM)] == [Membership(BOB, Seq(1)), Membership(CIM, Seq(2))]
    assert [await unread(store, user) for user in (BOB, CIM)] == [1, 1]
    await quit_(store, BOB)
    assert (await enroll(store, BOB, Instant(0))).facts == ()
    assert (await enroll(store, CIM, Instant(0))).facts == ()


async def test_whoever_delivers_asks_about_users_and_gets_no_list(store: AnyStore) -> None:
    await found(store)
    crowd = [UserId(f"user-{number:03}") for number in range(300)]
    for user in crowd[::3]:
        await join(store, user)
    audience = await store.directory.audience(STREAM, await store.log.checkpoint())
    assert (audience.is_subscribed, audience.members, audience.after) == (True, frozenset(), 1)
    places = await store.directory.places(ROOM, [*crowd, DAN])
    assert sorted(member.user for member in places) == crowd[::3]
    assert await store.directory.places(conversation_id(9), crowd) == []
    assert await store.directory.places(ROOM, ()) == []
    await create(store, ANN, BOB, room=conversation_id(3))
    assert not (await store.directory.audience(conversation_stream(conversation_id(3)), START)).is_subscribed


async def test_a_decision_about_it_loads_no_subscribers(store: AnyStore) -> None:
    await found(store)
    await join(store, BOB)
    seen = await look(store, Scope(conversation=ROOM, users=(CIM,), all_members=True))
    assert seen.memberships == {}


async def test_subscribers_are_not_acquainted(store: AnyStore) -> None:
    await found(store)
    for user in (BOB, CIM):
        await join(store, user)
    assert await store.directory.acquainted(BOB, (CIM,)) == frozenset()


async def test_what_is_ended_is_found_until_the_last_subscriber_has_left(store: AnyStore, clock: ManualClock) -> None:
    await found(store, audience="all")
    await announce(store, "a")
    for user in (BOB, CIM, DAN):
        await join(store, user)
    await quit_(store, DAN)
    clock.advance(1)
    assert (await close(store)).answer == Count(ROOM, 2)
    assert (await close(store)).facts == ()
    assert (await store.directory.for_all(), await count(store)) == ([], 2)
    assert await store.directory.expired(clock.now(), 10) == [ROOM]
    await expire(store, BOB)
    assert (await expire(store, BOB)).facts == ()
    assert (await store.directory.expired(clock.now(), 10), await count(store)) == ([ROOM], 1)
    await expire(store, CIM)
    assert (await store.directory.expired(clock.now(), 10), await count(store)) == ([], 0)
    for user in (BOB, CIM):
        left = await place(store, user)
        assert left is not None
        assert (left.until, await unread(store, user)) == (3, 0)
    assert await seqs(store) == [1, 2, 3]
    with pytest.raises(Forbidden, match="over"):
        await announce(store, "b")


async def test_what_nobody_subscribed_to_is_over_at_once(store: AnyStore, clock: ManualClock) -> None:
    await found(store)
    await close(store)
    assert await store.directory.expired(clock.now(), 10) == []
    with pytest.raises(NotFound):
        await join(store, BOB)
