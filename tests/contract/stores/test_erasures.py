"""Erasures in a store: what is to be done is remembered, and what is kept beside the messages can be removed."""

from msgspec import structs

from tests.contract.stores.acts import (
    ANN,
    BOB,
    ROOM,
    AnyStore,
    create,
    end_session,
    look,
    open_session,
    record,
    set_member,
)
from tests.contract.stores.conftest import Home
from tests.support.time_and_chance import NOON, ManualClock
from unisono.domain.commands import SendMessage
from unisono.domain.conversation import Scope
from unisono.domain.erasing import leave
from unisono.domain.facts import Content, Label, MemberChanged, SessionOpened
from unisono.domain.ids import (
    NO_SEQ,
    ConversationId,
    Fence,
    Instant,
    SendKey,
    Seq,
    SessionId,
    UserId,
    conversation_stream,
    user_stream,
)
from unisono.ports.erasures import Erasure
from unisono.ports.wills import Will

LATER = Instant(NOON + 10_000_000)


async def test_what_is_under_way_goes_on_and_what_is_over_begins_anew(store: AnyStore, clock: ManualClock) -> None:
    assert await store.erasures.find(ANN) is None
    begun = await store.erasures.begin(ANN)
    assert begun == Erasure(ANN, Instant(NOON))
    clock.advance(5)
    further = structs.replace(begun, after=ROOM, conversations=3, messages=70)
    await store.erasures.note(further)
    assert await store.erasures.begin(ANN) == await store.erasures.find(ANN) == further
    over = structs.replace(further, finished_at=Instant(clock.now()))
    await store.erasures.note(over)
    assert await store.erasures.find(ANN) == over
    assert await store.erasures.begin(ANN) == Erasure(ANN, Instant(NOON + 5_000))


async def test_of_some_users_those_are_found_who_have_one(store: AnyStore) -> None:
    assert await store.erasures.among([ANN, BOB]) == frozenset()
    over = structs.replace(await store.erasures.begin(ANN), finished_at=LATER)
    await store.erasures.note(over)
    await store.erasures.begin(BOB)
    strangers = [UserId(f"u{number}") for number in range(70)]
    assert await store.erasures.among([*strangers, ANN, BOB, ANN]) == {ANN, BOB}
    assert await store.erasures.among([]) == frozenset()
    await store.erasures.forget(ANN)
    assert await store.erasures.among([ANN, BOB]) == {BOB}


async def test_another_node_that_is_late_takes_nothing_back(store: AnyStore, clock: ManualClock) -> None:
    begun = await store.erasures.begin(ANN)
    over = structs.replace(begun, messages=9, finished_at=Instant(clock.now()))
    await store.erasures.note(over)
    await store.erasures.note(structs.replace(begun, messages=5))
    assert await store.erasures.find(ANN) == over
    clock.advance(1)
    again = await store.erasures.begin(ANN)
    await store.erasures.note(over)
    assert await store.erasures.find(ANN) == again


async def test_those_under_way_are_listed_the_oldest_first(store: AnyStore, clock: ManualClock) -> None:
    for user in (BOB, ANN):
        await store.erasures.begin(user)
        clock.advance(1)
    assert [each.user for each in await store.erasures.unfinished(LATER, LATER, 10)] == [BOB, ANN]
    assert [each.user for each in await store.erasures.unfinished(LATER, LATER, 1)] == [BOB]
    assert [each.user for each in await store.erasures.unfinished(Instant(NOON), LATER, 10)] == [BOB]
    await store.erasures.note(Erasure(BOB, Instant(NOON), finished_at=LATER))
    assert [each.user for each in await store.erasures.unfinished(LATER, LATER, 10)] == [ANN]


async def test_those_that_failed_wait_while_others_are_listed(store: AnyStore) -> None:
    failed = structs.replace(await store.erasures.begin(ANN), after=ROOM, messages=3, failed_at=Instant(NOON + 500))
    await store.erasures.begin(BOB)
    await store.erasures.note(failed)
    assert await store.erasures.find(ANN) == await store.erasures.begin(ANN) == failed
    assert [each.user for each in await store.erasures.unfinished(LATER, Instant(NOON + 499), 10)] == [BOB]
    assert await store.erasures.unfinished(LATER, Instant(NOON + 500), 1) == [failed]


async def test_no_credential_is_good_until_it_is_forgotten(store: AnyStore) -> None:
    begun = await store.erasures.begin(ANN)
    assert await store.sessions.is_revoked(ANN, "jti:1", LATER)
    assert await store.sessions.is_revoked(ANN, None, None)
    assert not await store.sessions.is_revoked(BOB, "jti:1", LATER)
    await store.erasures.forget(ANN)
    assert await store.erasures.find(ANN) == begun
    await store.erasures.note(structs.replace(begun, finished_at=LATER))
    assert await store.sessions.is_revoked(ANN, None, None)
    await store.erasures.forget(ANN)
    assert await store.erasures.find(ANN) is None
    assert not await store.sessions.is_revoked(ANN, None, None)


async def test_facts_are_emptied_where_they_stand(store: AnyStore) -> None:
    await create(store, ANN, BOB)
    await set_member(store, ANN, ANN, attributes={"nick": "Annie"})
    await open_session(store, record("one", ANN, at=Instant(NOON)))
    for _ in range(2):
        await store.erasures.scrub(conversation_stream(ROOM), [Seq(2)])
        await store.erasures.scrub(user_stream(ANN), [Seq(1), Seq(2)])
    await store.erasures.scrub(conversation_stream(ConversationId("f" * 24)), [])
    talk = (await store.log.read(conversation_stream(ROOM), NO_SEQ, 10)).facts
    assert talk[1].fact == MemberChanged(ANN, by=ANN, attributes={})
    own = (await store.log.read(user_stream(ANN), NO_SEQ, 10)).facts
    opened = own[1].fact
    assert isinstance(opened, SessionOpened)
    assert opened.shown == Label(opened.shown.platform)


async def test_what_stands_beside_the_log_is_dropped_of_one_user(store: AnyStore) -> None:
    node = await store.sessions.take_lease("n", 60)
    await create(store, ANN, BOB)
    for user, name in ((ANN, "one"), (ANN, "two"), (BOB, "three"), (BOB, "four")):
        await open_session(store, record(name, user, at=Instant(NOON), node=node))
        will = Will(SessionId(name), user, SendMessage(ROOM, SendKey(name), Content(text="bye")), after_ms=0)
        await store.wills.leave(will)
        await store.sessions.detach(SessionId(name), Fence(0), node)
    await end_session(store, ANN, "one")
    await end_session(store, BOB, "three")
    assert [will.session for will in await store.wills.due(10)] == ["four", "two"]
    await store.erasures.drop_rest(ANN)
    assert await store.sessions.find_ended(SessionId("one")) is None
    assert await store.sessions.find_open(SessionId("two")) is not None
    assert await store.sessions.find_ended(SessionId("three")) is not None
    seen = await store.sessions.seen((ANN, BOB))
    assert (seen[ANN].last, seen[BOB].last) == (None, NOON)
    assert [will.session for will in await store.wills.due(10)] == ["four"]


async def test_a_chat_of_two_can_begin_anew_when_one_has_left_it(store: AnyStore) -> None:
    """The one that is left stays with the other, and is no longer that of the two."""
    await create(store, ANN, BOB, of="direct", unique=None)
    unique = Scope(users=(ANN,), unique_of=("direct", (ANN, BOB)))
    assert (await look(store, unique)).conversation is not None
    scope = Scope(conversation=ROOM, users=(ANN,), all_members=True)
    await store.log.transact(scope, lambda snapshot: leave(snapshot, ANN))
    assert (await look(store, unique)).conversation is None
    mine = await store.directory.find(ROOM, BOB, with_members=True)
    assert mine is not None
    assert mine.members == (BOB,)
    again = ConversationId("1" * 24)
    await create(store, BOB, ANN, of="direct", unique=None, room=again)
    assert (await look(store, unique)).conversation is not None


async def test_erasures_outlive_the_server(durable: Home) -> None:
    store = await durable.open()
    begun = await store.erasures.begin(ANN)
    await durable.close(store)
    later = await durable.open()
    assert await later.erasures.unfinished(LATER, LATER, 10) == [begun]
