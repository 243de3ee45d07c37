"""Leases: which node carries which sessions, kept by a clock that nobody sets."""

import pytest

from tests.contract.stores.acts import ANN, AnyStore, held, open_session, record
from tests.support.time_and_chance import NOON, ManualClock
from unisono.domain.ids import Instant, NodeId
from unisono.ports.sessions import LeaseState


async def test_a_lease_that_ran_out_leaves_its_sessions_detached_since_then(
    store: AnyStore, clock: ManualClock
) -> None:
    node = await store.sessions.take_lease("node", 10)
    await open_session(store, record("one", at=NOON, node=node))
    clock.advance(9.999)
    assert (await held(store)).node == node
    clock.advance(0.001)
    assert ((await held(store)).node, (await held(store)).detached_at) == (None, NOON + 10_000)
    assert await store.sessions.keep_lease(node, 10) is LeaseState.OVER
    clock.advance(100)
    assert await store.sessions.users_with_expired(Instant(NOON + 10_000), 10) == []
    assert await store.sessions.users_with_expired(Instant(NOON + 10_001), 10) == [ANN]


async def test_a_lease_that_is_kept_carries_its_sessions_on(store: AnyStore, clock: ManualClock) -> None:
    node = await store.sessions.take_lease("node", 10)
    await open_session(store, record("one", at=NOON, node=node))
    for _ in range(5):
        clock.advance(9)
        assert await store.sessions.keep_lease(node, 10) is LeaseState.HELD
    assert (await held(store)).node == node
    assert await store.sessions.keep_lease(NodeId(node + 1), 10) is LeaseState.OVER


@pytest.mark.parametrize("hours", [-24, 24])
async def test_a_clock_that_is_set_takes_no_lease_away(store: AnyStore, clock: ManualClock, hours: int) -> None:
    """An hour forward used to end the lease and, in the next moment, all sessions of the node."""
    node = await store.sessions.take_lease("node", 10)
    await open_session(store, record("one", at=NOON, node=node))
    clock.advance(5)
    clock.set_by(hours * 3600)
    assert (await held(store)).node == node
    before = Instant(clock.now() - 1800 * 1000)
    assert await store.sessions.users_with_expired(before, 10) == []
    assert await store.sessions.keep_lease(node, 10) is LeaseState.HELD
    clock.advance(9)
    assert await store.sessions.keep_lease(node, 10) is LeaseState.HELD
    clock.advance(10)
    assert await store.sessions.keep_lease(node, 10) is LeaseState.OVER


async def test_a_name_that_another_took_and_left_may_be_taken_again(store: AnyStore, clock: ManualClock) -> None:
    first = await store.sessions.take_lease("node", 60)
    await store.sessions.take_lease("node", 10)
    assert await store.sessions.keep_lease(first, 60) is LeaseState.TAKEN
    clock.advance(10)
    assert await store.sessions.keep_lease(first, 60) is LeaseState.OVER


async def test_a_lease_is_remembered_as_long_as_sessions_name_it(store: AnyStore, clock: ManualClock) -> None:
    node = await store.sessions.take_lease("node", 10)
    await open_session(store, record("one", at=NOON, node=node))
    clock.advance(3600)
    await store.sessions.forget_ended(clock.now())
    assert (await held(store)).detached_at == NOON + 10_000
    assert await store.sessions.users_with_expired(clock.now(), 10) == [ANN]


async def test_a_new_lease_ends_the_earlier_ones_of_its_name_and_grows(store: AnyStore, clock: ManualClock) -> None:
    first = await store.sessions.take_lease("node", 60)
    other = await store.sessions.take_lease("other", 60)
    await open_session(store, record("one", at=NOON, node=first))
    await open_session(store, record("two", at=NOON, node=other))
    clock.advance(5)
    second = await store.sessions.take_lease("node", 60)
    assert first < other < second
    assert (await held(store)).detached_at == NOON + 5000
    assert (await held(store, "two")).node == other
    assert await store.sessions.keep_lease(first, 60) is LeaseState.TAKEN
    assert await store.sessions.keep_lease(second, 60) is LeaseState.HELD


async def test_what_a_lost_node_carried_counts_from_the_end_of_its_lease(store: AnyStore, clock: ManualClock) -> None:
    """A server that was killed and comes back an hour later finds its sessions detached for nearly that hour."""
    first = await store.sessions.take_lease("node", 10)
    await open_session(store, record("one", at=NOON, node=first))
    clock.advance(3600)
    await store.sessions.take_lease("node", 10)
    assert (await held(store)).detached_at == NOON + 10_000
