"""What the stores tell of who is there and who knows whom."""

from tests.contract.stores.acts import (
    ANN,
    BOB,
    CIM,
    DAN,
    AnyStore,
    conversation_id,
    create,
    log_in,
    open_session,
    quit_,
    record,
)
from tests.support.time_and_chance import NOON, ManualClock
from unisono.domain.facts import EndReason
from unisono.domain.ids import Instant, Platform, SessionId, UserId
from unisono.domain.presence import Seen, Sighting
from unisono.ports.sessions import Census, Ending, SessionDecision

WEB, IOS = Platform("web"), Platform("ios")


async def end(store: AnyStore, user: UserId, session: str, reason: EndReason = "closed") -> None:
    await store.sessions.decide(user, lambda now, held: SessionDecision((Ending(SessionId(session), reason),)))


async def seen(store: AnyStore, *users: UserId) -> dict[UserId, tuple[set[Sighting], Instant | None]]:
    found = await store.sessions.seen(users)
    return {user: (set(each.sessions), each.last) for user, each in found.items()}


async def test_a_session_is_seen_live_then_lost_then_over(store: AnyStore, clock: ManualClock) -> None:
    node = await store.sessions.take_lease("node", 60)
    await open_session(store, record("a", at=NOON, node=node))
    await open_session(store, record("b", at=NOON, node=node, platform="ios"))
    assert await seen(store, ANN, BOB) == {ANN: ({Sighting(WEB), Sighting(IOS)}, None)}
    clock.advance(5)
    (held,) = [one for one in await store.sessions.list_of(ANN) if one.session == "a"]
    await store.sessions.detach(SessionId("a"), held.fence, node)
    lost_at = clock.now()
    clock.advance(5)
    assert await seen(store, ANN) == {ANN: ({Sighting(WEB, lost_at), Sighting(IOS)}, None)}
    await end(store, ANN, "a", "expired")
    assert await seen(store, ANN) == {ANN: ({Sighting(IOS)}, lost_at)}
    await end(store, ANN, "b")
    assert await seen(store, ANN) == {ANN: (set(), clock.now())}


async def test_users_who_are_there_and_were_are_counted_once(store: AnyStore, clock: ManualClock) -> None:
    node = await store.sessions.take_lease("node", 600)
    assert await store.sessions.census(Instant(0)) == Census(0, 0)
    for session, user in (("a", ANN), ("b", ANN), ("c", BOB), ("d", CIM)):
        await open_session(store, record(session, user, at=NOON, node=node))
    assert await store.sessions.census(clock.now()) == Census(3, 3)
    clock.advance(5)
    (bobs,) = await store.sessions.list_of(BOB)
    await store.sessions.detach(bobs.session, bobs.fence, node)
    await end(store, CIM, "d")
    lost_at = clock.now()
    clock.advance(5)
    assert await store.sessions.census(lost_at) == Census(1, 3)
    assert await store.sessions.census(Instant(lost_at + 1)) == Census(1, 1)
    clock.advance(600)
    assert await store.sessions.census(clock.now()) == Census(0, 0)


async def test_the_latest_time_of_several_stands(store: AnyStore, clock: ManualClock) -> None:
    node = await store.sessions.take_lease("node", 600)
    await open_session(store, record("old", at=NOON, node=node))
    await open_session(store, record("new", at=NOON, node=node))
    (held, _) = await store.sessions.list_of(ANN)
    await store.sessions.detach(held.session, held.fence, node)
    clock.advance(50)
    other = "old" if held.session == "new" else "new"
    await end(store, ANN, other)
    await end(store, ANN, held.session, "expired")
    assert await seen(store, ANN) == {ANN: (set(), NOON + 50_000)}


async def test_a_session_of_a_node_whose_lease_is_over_was_lost_with_it(store: AnyStore, clock: ManualClock) -> None:
    node = await store.sessions.take_lease("node", 10)
    await open_session(store, record("a", at=NOON, node=node))
    clock.advance(10)
    assert await seen(store, ANN) == {ANN: ({Sighting(WEB, Instant(NOON + 10_000))}, None)}


async def test_when_a_user_was_there_outlives_the_session(store: AnyStore, clock: ManualClock) -> None:
    node = await store.sessions.take_lease("node", 60)
    await log_in(store, record("a", at=NOON, node=node))
    await end(store, ANN, "a")
    clock.advance(1000)
    assert await store.sessions.forget_ended(clock.now()) == 1
    assert await store.sessions.seen([ANN, ANN]) == {ANN: Seen((), NOON)}


async def test_many_users_are_seen_at_once(store: AnyStore) -> None:
    node = await store.sessions.take_lease("node", 60)
    users = [UserId(f"user-{number}") for number in range(300)]
    for user in users:
        await open_session(store, record(f"of-{user}", user, at=NOON, node=node))
    assert await store.sessions.seen(users) == {user: Seen((Sighting(WEB),)) for user in users}
    assert await store.sessions.seen([]) == {}


async def test_users_who_share_a_conversation_that_lists_them_are_acquainted(store: AnyStore) -> None:
    await create(store, ANN, BOB, CIM)
    await create(store, ANN, BOB, room=conversation_id(1))
    await create(store, ANN, room=conversation_id(2), of="room", unique=None)
    others = (BOB, CIM, DAN)
    assert await store.directory.acquainted(ANN, others) == {BOB, CIM}
    assert await store.directory.acquainted(CIM, (ANN, DAN, ANN)) == {ANN}
    assert await store.directory.acquainted(DAN, (ANN, BOB)) == frozenset()
    assert await store.directory.acquainted(ANN, ()) == frozenset()
    await quit_(store, BOB)
    await quit_(store, CIM)
    assert await store.directory.acquainted(ANN, others) == {BOB}
    assert await store.directory.acquainted(CIM, (ANN, BOB)) == frozenset()
