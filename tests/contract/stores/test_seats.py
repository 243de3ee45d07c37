"""Seats in rooms: kept by session and tab, counted where their session is live, gone with it."""

import asyncio

import pytest

from tests.contract.stores.acts import ANN, BOB, AnyStore, conversation_id, digest, open_session, record
from tests.contract.stores.conftest import Home
from tests.support.time_and_chance import NOON, ManualClock
from unisono.domain.errors import LimitReached, SessionUnknown
from unisono.domain.ids import ConversationId, Fence, NodeId, SessionId, TabId, UserId
from unisono.domain.seats import OWN_TAB, Seat
from unisono.ports.seats import Crowd
from unisono.ports.sessions import Ending, SessionDecision, SessionRecord

A, B = conversation_id(1), conversation_id(2)
LEFT, RIGHT = TabId("left"), TabId("right")
PHONE, LAPTOP, BOBS = SessionId("phone"), SessionId("laptop"), SessionId("bobs")
PLENTY = 100


async def three(store: AnyStore) -> NodeId:
    """Let Ann in twice and Bob once."""
    node = await store.sessions.take_lease("node", 60)
    for session, user in ((PHONE, ANN), (LAPTOP, ANN), (BOBS, BOB)):
        await open_session(store, record(session, user, at=NOON, node=node))
    return node


async def end(store: AnyStore, user: UserId, session: SessionId) -> None:
    await store.sessions.decide(user, lambda now, held: SessionDecision((Ending(session, "closed"),)))


async def seat(store: AnyStore, session: SessionId, room: ConversationId, tab: TabId = OWN_TAB) -> None:
    await store.seats.take(session, Seat(room, tab), PLENTY)


async def test_a_tab_is_in_one_room_at_a_time_and_tabs_do_not_disturb_each_other(store: AnyStore) -> None:
    await three(store)
    await seat(store, PHONE, A, LEFT)
    await seat(store, PHONE, B, RIGHT)
    assert await store.seats.of_session(PHONE) == [Seat(A, LEFT), Seat(B, RIGHT)]
    await seat(store, PHONE, B, LEFT)
    await seat(store, PHONE, B, LEFT)
    await seat(store, PHONE, A)
    assert await store.seats.of_session(PHONE) == [Seat(A), Seat(B, LEFT), Seat(B, RIGHT)]
    await store.seats.give_up(PHONE, LEFT)
    await store.seats.give_up(PHONE, LEFT)
    assert await store.seats.of_session(PHONE) == [Seat(A), Seat(B, RIGHT)]
    assert await store.seats.of_session(LAPTOP) == []
    await store.seats.give_up(PHONE)
    assert await store.seats.of_session(PHONE) == []


async def test_people_are_counted_once_and_only_while_they_are_live(store: AnyStore, clock: ManualClock) -> None:
    node = await three(store)
    assert await store.seats.count(A) == Crowd(0, 0)
    for session, tab in ((PHONE, LEFT), (PHONE, RIGHT), (LAPTOP, OWN_TAB), (BOBS, OWN_TAB)):
        await seat(store, session, A, tab)
    assert await store.seats.count(A) == Crowd(2, 3)
    assert await store.seats.count(B) == Crowd(0, 0)
    assert [await store.seats.users(room, 9) for room in (A, B)] == [[ANN, BOB], []]
    assert await store.seats.users(A, 1) == [ANN]
    await store.sessions.detach(BOBS, Fence(0), node)
    assert await store.seats.count(A) == Crowd(1, 2)
    assert await store.seats.users(A, 9) == [ANN]
    await store.seats.give_up(PHONE, LEFT)
    assert await store.seats.count(A) == Crowd(1, 2)
    await end(store, ANN, PHONE)
    assert await store.seats.count(A) == Crowd(1, 1)
    clock.advance(60)
    assert await store.seats.count(A) == Crowd(0, 0)


async def test_seats_outlive_a_lost_connection_and_end_with_the_session(store: AnyStore, clock: ManualClock) -> None:
    first = await three(store)
    await seat(store, PHONE, A)
    await store.sessions.detach(PHONE, Fence(0), first)
    lost_at = clock.now()
    clock.advance(5)
    node = await store.sessions.take_lease("other", 60)
    back = await store.sessions.attach(PHONE, digest(), None, node, None)
    assert isinstance(back, SessionRecord)
    assert back.lost_at == lost_at
    again = await store.sessions.attach(PHONE, digest(), None, node, None)
    assert isinstance(again, SessionRecord)
    assert again.lost_at is None
    assert await store.seats.of_session(PHONE) == [Seat(A)]
    assert await store.seats.count(A) == Crowd(1, 1)
    await end(store, ANN, PHONE)
    assert await store.seats.of_session(PHONE) == []


async def test_a_session_that_is_over_or_unknown_takes_no_seat_and_others_so_many(store: AnyStore) -> None:
    await three(store)
    await end(store, ANN, PHONE)
    for session in (PHONE, SessionId("unheard of")):
        with pytest.raises(SessionUnknown):
            await seat(store, session, A)
    for tab in (LEFT, RIGHT):
        await store.seats.take(LAPTOP, Seat(A, tab), 2)
    with pytest.raises(LimitReached):
        await store.seats.take(LAPTOP, Seat(A), 2)
    await store.seats.take(LAPTOP, Seat(B, LEFT), 2)
    assert await store.seats.of_session(LAPTOP) == [Seat(B, LEFT), Seat(A, RIGHT)]


async def test_seats_are_there_after_a_restart(durable: Home) -> None:
    store = await durable.open()
    await three(store)
    await seat(store, PHONE, A)
    await durable.close(store)
    store = await durable.open()
    assert await store.seats.of_session(PHONE) == [Seat(A)]


async def test_people_on_several_nodes_are_counted_together(shared: Home) -> None:
    nodes = [await shared.open() for _ in range(2)]
    leases = [await node.sessions.take_lease(f"node-{number}", 60) for number, node in enumerate(nodes)]

    async def come(number: int) -> None:
        node, name = nodes[number % 2], SessionId(f"session-{number}")
        await open_session(node, record(name, UserId(f"user-{number // 4}"), at=NOON, node=leases[number % 2]))
        await seat(node, name, A)

    await asyncio.gather(*map(come, range(40)))
    assert [await node.seats.count(A) for node in nodes] == [Crowd(10, 40)] * 2
