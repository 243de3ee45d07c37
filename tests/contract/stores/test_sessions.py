"""The sessions' promises: one decision per user at a time, resume, fences, leases, revocation."""

import asyncio
from collections.abc import Sequence
from functools import partial

import pytest
from msgspec import structs

from tests.contract.stores.acts import (
    ANN,
    BOB,
    AnyStore,
    digest,
    end_session,
    held,
    limit_of,
    log_in,
    open_session,
    record,
)
from tests.support.time_and_chance import NOON, ManualClock
from unisono.domain.devices import PRESETS
from unisono.domain.errors import DeviceRefused, Invalid, Replaced
from unisono.domain.facts import Label, SessionEnded, SessionOpened
from unisono.domain.ids import Fence, Instant, NodeId, Platform, Seq, SessionId, TabId, Tag, UserId, user_stream
from unisono.domain.session_view import TabView
from unisono.ports.sessions import EndedSession, Ending, SessionDecision, SessionRecord

ONE, TWO = SessionId("one"), SessionId("two")


async def attach(
    store: AnyStore,
    session: str,
    *,
    fence: int | None = None,
    node: int = 1,
    secret: str = "secret",
    address: str | None = None,
) -> SessionRecord | EndedSession | None:
    return await store.sessions.attach(
        SessionId(session), digest(secret), None if fence is None else Fence(fence), NodeId(node), address
    )


def as_told(ended: SessionRecord | EndedSession | None) -> tuple[UserId, Ending]:
    assert isinstance(ended, EndedSession)
    return ended.user, ended.ending


async def test_an_opened_session_is_listed_as_it_was_opened(store: AnyStore) -> None:
    wanted = record("one", at=NOON, credential="c1", expires_at=Instant(NOON + 1000))
    wanted = structs.replace(wanted, issued_at=Instant(NOON - 5000))
    committed = await open_session(store, wanted)
    assert committed.opened == wanted
    assert await store.sessions.list_of(ANN) == [wanted]
    assert await store.sessions.list_of(BOB) == []
    assert await store.sessions.find_open(ONE) == wanted
    assert await store.sessions.find_open(TWO) is None
    assert [fact.fact for fact in committed.facts] == [SessionOpened(ONE, wanted.device, wanted.shown)]
    assert (committed.facts[0].stream, committed.facts[0].seq) == (user_stream(ANN), 1)


async def test_sessions_are_listed_and_decided_over_from_the_oldest_login_on(store: AnyStore) -> None:
    for number, name in enumerate(("c", "a", "b")):
        await open_session(store, record(name, at=Instant(NOON + number)))
    await open_session(store, record("0", at=Instant(NOON + 1)))
    assert [one.session for one in await store.sessions.list_of(ANN)] == ["c", "0", "a", "b"]
    seen: list[str] = []

    def decide(now: Instant, sessions: object) -> SessionDecision:
        assert now == NOON
        seen.extend(one.session for one in sessions)  # type: ignore[attr-defined]
        return SessionDecision()

    committed = await store.sessions.decide(ANN, decide)
    assert seen == ["c", "0", "a", "b"]
    assert (committed.ended, committed.opened, committed.facts) == ((), None, ())


async def test_endings_come_before_the_opening_in_the_users_stream(store: AnyStore) -> None:
    first = record("one", at=NOON)
    await open_session(store, first)
    newcomer = Label(Platform("ios"), "phone")
    wanted = record("two", at=NOON)
    committed = await store.sessions.decide(
        ANN, lambda now, sessions: SessionDecision((Ending(ONE, "displaced", newcomer),), wanted)
    )
    assert committed.ended == (first,)
    assert [fact.fact for fact in committed.facts] == [
        SessionEnded(ONE, first.device, "displaced", newcomer),
        SessionOpened(TWO, wanted.device, wanted.shown),
    ]
    assert [fact.seq for fact in committed.facts] == [2, 3]
    assert await store.sessions.list_of(ANN) == [wanted]
    assert as_told(await store.sessions.find_ended(ONE)) == (ANN, Ending(ONE, "displaced", newcomer))
    assert await store.sessions.find_ended(TWO) is None
    assert await store.sessions.find_open(ONE) is None
    facts = await store.log.read(user_stream(ANN), Seq(0), 10)
    assert [fact.fact for fact in facts.facts][1:] == [fact.fact for fact in committed.facts]


async def test_ending_what_is_over_or_somebody_elses_does_nothing(store: AnyStore) -> None:
    await open_session(store, record("one", at=NOON))
    await end_session(store, ANN, "one")
    again = await end_session(store, ANN, "one")
    await open_session(store, record("two", BOB, at=NOON))
    foreign = await end_session(store, ANN, "two")
    assert (again.ended, again.facts, foreign.ended, foreign.facts) == ((), (), (), ())
    assert len(await store.sessions.list_of(BOB)) == 1


async def test_a_repeated_login_renews_its_session_and_leaves_no_fact(store: AnyStore, clock: ManualClock) -> None:
    first = await open_session(store, record("one", device="d", at=NOON, node=NodeId(1), secret="first"))
    clock.advance(5)
    again = await open_session(
        store, record("one", device="d", at=clock.now(), node=NodeId(2), secret="second", credential="c2")
    )
    assert again.facts == ()
    assert again.ended == ()
    assert again.opened is not None
    assert first.opened is not None
    assert again.opened.fence > first.opened.fence
    assert (again.opened.opened_at, again.opened.credential) == (NOON, "c2")
    await store.sessions.detach(ONE, first.opened.fence, NodeId(1))
    assert await attach(store, "one", secret="first") is None
    assert isinstance(await attach(store, "one", secret="second"), SessionRecord)
    assert len(await store.sessions.list_of(ANN)) == 1


async def test_a_session_id_is_never_used_twice(store: AnyStore) -> None:
    await open_session(store, record("one", at=NOON))
    with pytest.raises(Invalid):
        await open_session(store, record("one", device="another", at=NOON))
    with pytest.raises(Invalid):
        await open_session(store, record("one", BOB, at=NOON))
    await end_session(store, ANN, "one")
    with pytest.raises(Invalid):
        await open_session(store, record("one", at=NOON))
    assert await store.sessions.list_of(ANN) == []


async def test_what_only_ran_out_can_be_closed_for_good(store: AnyStore) -> None:
    """Nobody ended it, so its client could come back by it, also after everybody was put out."""
    for name in ("one", "two", "three", "four", "here"):
        await open_session(store, record(name, at=NOON))
    await open_session(store, record("bobs", BOB, at=NOON))
    for user, name in ((ANN, "one"), (ANN, "two"), (ANN, "three"), (ANN, "four"), (BOB, "bobs")):
        over = SessionDecision(ends=(Ending(SessionId(name), "displaced" if name == "three" else "expired"),))
        await store.sessions.decide(user, partial(_decided, over))

    async def reasons(*names: str) -> list[str | None]:
        found = [await store.sessions.find_ended(SessionId(name)) for name in names]
        return [None if each is None else each.ending.reason for each in found]

    await store.sessions.close_expired(ANN, record("one", at=NOON).device)
    assert await reasons("one", "two") == ["closed", "expired"]
    await store.sessions.close_expired(ANN)
    assert await reasons("one", "two", "three", "four") == ["closed", "closed", "displaced", "closed"]
    assert await reasons("here", "bobs") == [None, "expired"]
    assert [each.session for each in await store.sessions.list_of(ANN)] == ["here"]


def _decided(decision: SessionDecision, now: Instant, held: Sequence[SessionRecord]) -> SessionDecision:
    del now, held
    return decision


async def test_a_refused_opening_ends_nobody(store: AnyStore) -> None:
    await open_session(store, record("one", at=NOON))
    taken = record("two", BOB, at=NOON)
    await open_session(store, taken)
    wanted = record("two", at=NOON)
    with pytest.raises(Invalid):
        await store.sessions.decide(ANN, lambda now, sessions: SessionDecision((Ending(ONE, "displaced"),), wanted))
    assert len(await store.sessions.list_of(ANN)) == 1
    assert (await store.log.read(user_stream(ANN), Seq(0), 10)).head == 1


async def test_a_decision_that_raises_leaves_no_trace(store: AnyStore) -> None:
    policy = PRESETS["turms-keep"]
    await log_in(store, record("one", at=NOON), policy)
    with pytest.raises(DeviceRefused):
        await log_in(store, record("two", at=NOON), policy)
    assert [one.session for one in await store.sessions.list_of(ANN)] == [ONE]


@pytest.mark.rows("E11", "E12")
async def test_four_devices_of_a_platform_stay_whoever_joins_on_another(store: AnyStore) -> None:
    names = [f"web-{number}" for number in range(4)]
    for number, name in enumerate(names):
        await log_in(store, record(name, at=Instant(NOON + number)))
    await log_in(store, record("phone", at=Instant(NOON + 4), platform="ios"))
    assert [one.session for one in await store.sessions.list_of(ANN)] == [*names, "phone"]
    fifth = await log_in(store, record("web-4", at=Instant(NOON + 5)))
    assert [one.session for one in fifth.ended] == ["web-0"]


@pytest.mark.rows("T1")
async def test_of_two_tabs_that_log_in_as_one_device_type_exactly_one_stays(store: AnyStore) -> None:
    policy = PRESETS["turms"]
    await asyncio.gather(*(log_in(store, record(name, at=NOON), policy) for name in ("one", "two")))
    assert len(await store.sessions.list_of(ANN)) == 1


async def test_two_hundred_logins_at_once_never_exceed_three_devices(store: AnyStore) -> None:
    policy = limit_of(3)
    committed = await asyncio.gather(
        *(log_in(store, record(f"session-{number:03}", at=NOON), policy) for number in range(200))
    )
    alive = 0
    for fact in (await store.log.read(user_stream(ANN), Seq(0), 1000)).facts:
        alive += 1 if isinstance(fact.fact, SessionOpened) else -1
        assert alive <= 3
    assert alive == len(await store.sessions.list_of(ANN)) == 3
    assert sum(len(one.ended) for one in committed) == 197


async def test_attaching_needs_the_right_secret(store: AnyStore) -> None:
    await open_session(store, record("one", at=NOON))
    assert await attach(store, "one", secret="wrong") is None
    assert await attach(store, "none") is None
    await end_session(store, ANN, "one")
    assert await attach(store, "one", secret="wrong") is None


async def test_attaching_takes_the_session_over_and_leaves_no_fact(store: AnyStore, clock: ManualClock) -> None:
    node = await store.sessions.take_lease("node", 60)
    await open_session(store, record("one", at=NOON))
    clock.advance(5)
    taken = await attach(store, "one", node=node)
    assert isinstance(taken, SessionRecord)
    assert (taken.node, taken.fence, taken.seen_at, taken.detached_at) == (node, 1, NOON + 5000, None)
    assert await held(store) == taken
    assert (await store.log.read(user_stream(ANN), Seq(0), 10)).head == 1


async def test_attaching_what_is_over_tells_how_it_ended(store: AnyStore) -> None:
    wanted = structs.replace(record("one", at=NOON), tag=Tag("mobile"))
    await open_session(store, wanted)
    await end_session(store, ANN, "one")
    ended = await attach(store, "one")
    assert as_told(ended) == (ANN, Ending(ONE, "closed"))
    assert isinstance(ended, EndedSession)
    assert (ended.record.device, ended.record.shown, ended.record.tag) == (wanted.device, wanted.shown, "mobile")


async def test_a_lower_fence_than_the_highest_seen_is_refused_and_none_holds_twice(store: AnyStore) -> None:
    """An equal fence used to hold again, and a detachment that came late took the session off its new link."""
    await open_session(store, record("one", at=NOON))
    taken = [await attach(store, "one", fence=fence) for fence in (None, 7, 7, None, 9)]
    fences = [one.fence for one in taken if isinstance(one, SessionRecord)]
    assert fences == [1, 7, 8, 9, 10]
    with pytest.raises(Replaced):
        await attach(store, "one", fence=8)
    assert (await held(store)).fence == 10


async def test_a_connection_that_goes_late_leaves_its_successor_alone(store: AnyStore, clock: ManualClock) -> None:
    node = await store.sessions.take_lease("node", 60)
    await open_session(store, record("one", at=NOON))
    await attach(store, "one", node=node)
    await attach(store, "one", node=node)
    await store.sessions.detach(ONE, Fence(1), node)
    assert (await held(store)).node == node
    clock.advance(3)
    await store.sessions.detach(ONE, Fence(2), node)
    assert ((await held(store)).node, (await held(store)).detached_at) == (None, NOON + 3000)
    clock.advance(3)
    await store.sessions.detach(ONE, Fence(2), node)
    assert (await held(store)).detached_at == NOON + 3000


async def test_only_the_node_that_carries_a_session_can_let_it_go(store: AnyStore) -> None:
    """Two nodes may hold the same fence of one login: repeated at both, or taken over after a lost lease."""
    first, second = [await store.sessions.take_lease(name, 60) for name in ("first", "second")]
    await open_session(store, record("one", at=NOON, node=second))
    await store.sessions.detach(ONE, Fence(0), first)
    assert (await held(store)).node == second
    await store.sessions.detach(ONE, Fence(0), second)
    assert (await held(store)).node is None


async def test_touching_moves_the_last_sign_of_life_forward_alone(store: AnyStore) -> None:
    await open_session(store, record("one", at=NOON))
    await store.sessions.touch([(ONE, Instant(NOON + 9)), (TWO, Instant(NOON + 9))])
    await store.sessions.touch([(ONE, Instant(NOON + 5))])
    await store.sessions.touch([])
    assert (await held(store)).seen_at == NOON + 9


async def test_users_whose_window_or_credential_ran_out_are_listed(store: AnyStore, clock: ManualClock) -> None:
    users = [type(ANN)(f"user-{number}") for number in range(6)]
    for user in users:
        await open_session(store, record(f"of-{user}", user, at=NOON, node=NodeId(1)))
        await store.sessions.detach(SessionId(f"of-{user}"), Fence(0), NodeId(1))
        clock.advance(1)
    cut = Instant(NOON + 3000)
    assert await store.sessions.users_with_expired(cut, 10) == users[:3]
    assert await store.sessions.users_with_expired(cut, 2) == users[:2]
    await end_session(store, users[0], f"of-{users[0]}")
    assert await store.sessions.users_with_expired(cut, 10) == users[1:3]
    await attach(store, f"of-{users[1]}", node=await store.sessions.take_lease("node", 60))
    assert await store.sessions.users_with_expired(cut, 10) == users[2:3]
    await open_session(store, record("paid", BOB, at=NOON, node=NodeId(2), expires_at=Instant(clock.now() + 1)))
    assert BOB not in await store.sessions.users_with_expired(Instant(0), 10)
    clock.advance(0.002)
    assert BOB in await store.sessions.users_with_expired(Instant(0), 10)


async def test_users_of_a_credential_are_those_with_open_sessions(store: AnyStore) -> None:
    await open_session(store, record("one", at=NOON, credential="c"))
    await open_session(store, record("two", at=NOON, credential="c"))
    await open_session(store, record("three", BOB, at=NOON, credential="c"))
    assert await store.sessions.users_of_credential("c") == [ANN, BOB]
    await end_session(store, BOB, "three")
    assert await store.sessions.users_of_credential("c") == [ANN]
    assert await store.sessions.users_of_credential("other") == []


async def test_a_revoked_credential_is_void_until_its_time(store: AnyStore, clock: ManualClock) -> None:
    revoked = store.sessions.is_revoked
    await store.sessions.revoke_credential("c", Instant(NOON + 1000))
    await store.sessions.revoke_credential("c", Instant(NOON + 500))
    assert await revoked(ANN, "c", NOON)
    assert not await revoked(ANN, "d", NOON)
    assert not await revoked(ANN, None, None)
    clock.advance(0.999)
    assert await revoked(ANN, "c", NOON)
    clock.advance(0.001)
    assert not await revoked(ANN, "c", NOON)


async def test_credentials_issued_before_an_instant_are_void(store: AnyStore) -> None:
    revoked = store.sessions.is_revoked
    await store.sessions.revoke_before(ANN, NOON)
    await store.sessions.revoke_before(ANN, Instant(NOON - 1000))
    assert await revoked(ANN, "c", Instant(NOON - 1))
    assert not await revoked(ANN, "c", NOON)
    assert await revoked(ANN, "c", None)
    assert await revoked(ANN, None, None)
    assert not await revoked(BOB, "c", None)


async def test_what_ended_long_ago_is_forgotten(store: AnyStore, clock: ManualClock) -> None:
    await open_session(store, record("one", at=NOON))
    await open_session(store, record("two", at=NOON))
    await open_session(store, record("three", at=NOON))
    await end_session(store, ANN, "one")
    clock.advance(10)
    await end_session(store, ANN, "two")
    assert await store.sessions.forget_ended(NOON) == 0
    assert await store.sessions.forget_ended(Instant(NOON + 1)) == 1
    assert await store.sessions.find_ended(ONE) is None
    assert await store.sessions.find_ended(TWO) is not None
    assert [one.session for one in await store.sessions.list_of(ANN)] == ["three"]


async def test_forgetting_keeps_what_still_counts(store: AnyStore, clock: ManualClock) -> None:
    node = await store.sessions.take_lease("node", 10)
    await open_session(store, record("one", at=NOON, node=node))
    await store.sessions.revoke_credential("short", Instant(NOON + 1000))
    await store.sessions.revoke_credential("long", Instant(NOON + 100_000))
    await store.sessions.revoke_before(ANN, NOON)
    clock.advance(50)
    assert await store.sessions.forget_ended(clock.now()) == 0
    assert await store.sessions.is_revoked(BOB, "long", NOON)
    assert await store.sessions.is_revoked(ANN, None, None)
    assert (await held(store)).detached_at == NOON + 10_000
    assert await store.sessions.take_lease("other", 10) > node


async def test_a_session_is_where_its_last_connection_came_from(store: AnyStore) -> None:
    await open_session(store, structs.replace(record("one", at=NOON), address="192.0.2.1"))
    assert [held.address for held in await store.sessions.list_of(ANN)] == ["192.0.2.1"]
    await attach(store, "one", address="192.0.2.2")
    assert [held.address for held in await store.sessions.list_of(ANN)] == ["192.0.2.2"]


async def test_tabs_told_last_are_those_of_the_session_until_it_is_over(store: AnyStore) -> None:
    await open_session(store, record("one", at=NOON))
    await open_session(store, record("two", at=NOON))
    await store.sessions.share(ONE, (TabView(TabId("a")),))
    tabs = (TabView(TabId("a"), Instant(NOON), "Inbox"), TabView(TabId("b")))
    await store.sessions.share(ONE, tabs)
    assert [one.tabs for one in await store.sessions.list_of(ANN)] == [tabs, ()]
    attached = await attach(store, "one")
    assert isinstance(attached, SessionRecord)
    assert attached.tabs == tabs
    await store.sessions.share(ONE, ())
    found = await store.sessions.find_open(ONE)
    assert found is not None
    assert found.tabs == ()
    await end_session(store, ANN, ONE)
    await store.sessions.share(ONE, tabs)
    ended = await store.sessions.find_ended(ONE)
    assert ended is not None
    assert ended.record.tabs == ()
