"""What the tables say of conversations that ended, or should have."""

from tests.contract.stores.acts import (
    ANN,
    BOB,
    CIM,
    DAN,
    ROOM,
    AnyStore,
    conversation_id,
    create,
    dissolve,
    expire,
    history,
    join,
    look,
    moved,
    send,
    seqs,
    update,
)
from tests.support.time_and_chance import NOON, ManualClock
from unisono.domain.commands import TTL_DEFAULT_S
from unisono.domain.conversation import Scope
from unisono.domain.facts import ConversationEnded, ConversationExited
from unisono.domain.ids import ConversationId, Instant, Seq, conversation_stream, user_stream

ENDS_AT = NOON + TTL_DEFAULT_S * 1000


async def overdue(store: AnyStore, at: int, limit: int = 10) -> list[ConversationId]:
    """List conversations whose time is up."""
    return list(await store.directory.expired(Instant(at), limit))


async def test_those_whose_time_is_up_are_listed_the_longest_overdue_first(store: AnyStore, clock: ManualClock) -> None:
    rooms = [conversation_id(number) for number in (3, 1, 2)]
    for room in rooms:
        await create(store, ANN, BOB, room=room, of="temporary")
        clock.advance(1)
    await create(store, ANN, BOB)
    assert await overdue(store, ENDS_AT - 1) == []
    assert await overdue(store, ENDS_AT) == rooms[:1]
    assert await overdue(store, ENDS_AT + 2000) == rooms
    assert await overdue(store, ENDS_AT + 2000, limit=2) == rooms[:2]


async def test_an_end_makes_all_former_members_at_its_place(store: AnyStore, clock: ManualClock) -> None:
    await create(store, ANN, BOB, of="temporary")
    said = await send(store, ANN, "k")
    seen = (await look(store, Scope(conversation=ROOM))).conversation
    found = await store.directory.find(ROOM, BOB)
    assert seen is not None
    assert found is not None
    assert (seen.expires_at, found.conversation) == (ENDS_AT, seen)
    assert (await store.directory.unread(BOB, None, 10)).total == 1
    clock.advance(TTL_DEFAULT_S)
    before = await store.log.checkpoint()
    committed = await expire(store)
    assert committed.facts[0].fact == ConversationEnded(reason="expired")
    exited = ConversationExited(conversation=ROOM, seq=Seq(3))
    assert {fact.stream: fact.fact for fact in committed.facts[1:]} == {
        user_stream(ANN): exited,
        user_stream(BOB): exited,
    }
    for user in (ANN, BOB):
        mine = await store.directory.find(ROOM, user)
        assert mine is not None
        assert (mine.until, mine.conversation.member_count, mine.conversation.expires_at) == (3, 0, None)
        assert await store.directory.list_of(user, None, 10) == []
        assert (await store.directory.unread(user, None, 10)).total == 0
        assert await moved(store, user, before) == {conversation_stream(ROOM): 3, user_stream(user): 2}
    assert [entry.seq for entry in (await history(store, BOB, until=3)).messages] == [said.seq]
    assert await overdue(store, ENDS_AT) == []


async def test_ending_it_again_places_nothing(store: AnyStore, clock: ManualClock) -> None:
    await create(store, ANN, BOB, of="temporary")
    assert (await expire(store)).facts == ()
    clock.advance(TTL_DEFAULT_S)
    assert len((await expire(store)).facts) == 3
    assert (await expire(store)).facts == ()
    assert await seqs(store) == [1, 2]


async def test_a_group_that_was_dissolved_is_closed_and_no_longer_the_unique_one(store: AnyStore) -> None:
    await create(store, ANN, BOB, unique=True)
    await update(store, ANN, joining="open")
    await join(store, CIM)
    await dissolve(store, ANN)
    closed = (await look(store, Scope(conversation=ROOM))).conversation
    assert closed is not None
    assert (closed.joining, closed.member_count, closed.is_unique) == ("invited", 0, False)
    assert await store.directory.find(ROOM, DAN) is None
    other = await create(store, ANN, BOB, unique=True, room=conversation_id(7), key="other")
    assert other.facts


async def test_who_saw_a_stream_that_ended_is_nobody(store: AnyStore) -> None:
    await create(store, ANN, BOB)
    await dissolve(store, ANN)
    stream = conversation_stream(ROOM)
    assert (await store.directory.audience(stream, await store.log.checkpoint())).members == frozenset()
