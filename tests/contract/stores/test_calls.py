"""Calls: one answer wins, whichever node it comes to; what ends is known tomorrow; who is gone is found."""

import asyncio
from collections.abc import Sequence

import pytest

from tests.contract.stores.acts import ANN, BOB, CIM, ROOM, AnyStore, create, open_session, record, remove
from tests.contract.stores.conftest import Home
from tests.support.time_and_chance import NOON, ManualClock
from unisono.domain import calls
from unisono.domain.calls import AWAY_MS, Call, CallEnd
from unisono.domain.errors import Invalid
from unisono.domain.facts import CallEnded, Label
from unisono.domain.ids import (
    NO_SEQ,
    CallId,
    ConversationId,
    DeviceId,
    Fence,
    Instant,
    NodeId,
    Platform,
    SendKey,
    SessionId,
    UserId,
    user_stream,
)
from unisono.ports.calls import CallCommitted
from unisono.ports.sessions import Ending, SessionDecision

DEVICE, SHOWN = DeviceId("d"), Label(Platform("web"))
RING_MS = 30_000
AT_ONCE = 25


def end(user: UserId, device: str = "phone") -> CallEnd:
    return CallEnd(user, SessionId(f"{user}-{device}"), DEVICE, SHOWN, NOON)


async def ring(
    store: AnyStore,
    key: str = "k",
    users: Sequence[UserId] = (BOB,),
    caller: UserId = ANN,
    *,
    limit: int = 10_000,
    conversation: ConversationId | None = None,
) -> CallId:
    name = calls.call_id(caller, SendKey(key))

    def decide(now: Instant, held: Call | None, active: int) -> Call | None:
        if active >= limit:
            raise Invalid(active=active)
        called = tuple(users)
        until = Instant(now + RING_MS)
        return held or Call(
            id=name,
            caller=caller,
            users=called,
            media="audio",
            began_at=now,
            rings_until=until,
            ringing=called,
            ends=(end(caller),),
            joined=(caller,),
            is_group=len(called) > 1,
            conversation=conversation,
        )

    await store.calls.decide(name, (caller, *users), decide)
    return name


async def answer(store: AnyStore, call: CallId, by: CallEnd) -> CallCommitted:
    return await store.calls.decide(call, (ANN, BOB), lambda now, held, _: calls.answer(held, now, by))


async def hang_up(store: AnyStore, call: CallId, user: UserId = ANN) -> CallCommitted:
    return await store.calls.decide(call, (ANN, BOB), lambda now, held, _: calls.leave(held, now, user))


async def put_out(store: AnyStore, call: CallId, user: UserId) -> CallCommitted:
    return await store.calls.decide(call, (ANN, BOB, CIM), lambda now, held, _: calls.put_out(held, now, user))


async def missed(store: AnyStore, user: UserId) -> list[tuple[str, bool]]:
    page = await store.log.read(user_stream(user), NO_SEQ, 100)
    return [(each.fact.reason, each.fact.is_missed) for each in page.facts if isinstance(each.fact, CallEnded)]


async def race(nodes: Sequence[AnyStore], rounds: int) -> None:
    """Have two devices answer at the same moment, again and again: one is in, and the other is told so."""

    async def once(number: int) -> None:
        call = await ring(nodes[0], f"k{number}")
        fast, slow = end(BOB, "phone"), end(BOB, "laptop")
        committed = await asyncio.gather(answer(nodes[0], call, fast), answer(nodes[-1], call, slow))
        assert sorted(each.is_changed for each in committed) == [False, True]
        held = [each.call.end_of(BOB) for each in committed if each.call is not None]
        assert held[0] == held[1]
        await hang_up(nodes[0], call)

    for first in range(0, rounds, AT_ONCE):
        await asyncio.gather(*(once(number) for number in range(first, min(first + AT_ONCE, rounds))))
    assert await nodes[0].calls.active() == []


@pytest.mark.rows("D7", "Q43")
async def test_of_two_who_answer_at_the_same_moment_one_is_in(store: AnyStore) -> None:
    await race((store,), 25)


@pytest.mark.rows("D7")
@pytest.mark.full
async def test_so_it_is_a_thousand_times(store: AnyStore) -> None:
    await race((store,), 1000)


@pytest.mark.rows("D7")
async def test_so_it_is_on_two_nodes(shared: Home) -> None:
    await race([await shared.open(), await shared.open()], 25)


async def test_a_call_is_known_to_its_people_and_its_end_is_a_fact_of_theirs(store: AnyStore) -> None:
    call = await ring(store)
    other = await ring(store, "other", (ANN,), CIM)
    assert [each.id for each in await store.calls.of_user(ANN)] == sorted([call, other])
    assert [each.id for each in await store.calls.of_user(BOB)] == [call]
    assert await store.calls.active() == sorted([(call, 1), (other, 1)])
    committed = await hang_up(store, call)
    assert sorted(fact.stream for fact in committed.facts) == ["u/ann", "u/bob"]
    assert await store.calls.of_user(BOB) == []
    found = await store.calls.find(call)
    assert found is not None
    assert (found.state, found.reason) == ("ended", "cancelled")
    assert await missed(store, BOB) == [("cancelled", True)]
    assert await missed(store, ANN) == [("cancelled", False)]
    assert (await hang_up(store, call)).is_changed is False


async def test_a_decision_sees_how_many_calls_its_first_user_is_in(store: AnyStore) -> None:
    for key in ("a", "b"):
        await ring(store, key, limit=2)
    with pytest.raises(Invalid) as fault:
        await ring(store, "c", limit=2)
    assert fault.value.numbers == {"active": 2}
    await hang_up(store, calls.call_id(ANN, SendKey("a")))
    await ring(store, "c", limit=2)


async def test_what_rang_for_long_enough_is_due(store: AnyStore, clock: ManualClock) -> None:
    call = await ring(store)
    clock.advance(RING_MS / 1000 - 1)
    assert await store.calls.due(10) == []
    clock.advance(1)
    assert await store.calls.due(10) == [call]
    await answer(store, call, end(BOB))
    assert await store.calls.due(10) == []


async def test_calls_outlive_the_server_and_are_forgotten_long_after_their_end(
    durable: Home, clock: ManualClock
) -> None:
    store = await durable.open()
    call = await ring(store)
    await durable.close(store)
    store = await durable.open()
    assert (await answer(store, call, end(BOB))).is_changed
    await hang_up(store, call)
    await ring(store, "other")
    clock.advance(100)
    assert await store.calls.forget(100_000) == 0
    clock.advance(1)
    assert await store.calls.forget(100_000) == 1
    assert await store.calls.find(call) is None
    assert len(await store.calls.active()) == 1


async def test_sessions_that_are_gone_are_found_and_those_that_come_back_in_time_are_not(
    store: AnyStore, clock: ManualClock
) -> None:
    async def take_lease() -> NodeId:
        return await store.sessions.take_lease("node", 1_000)

    node = await take_lease()
    for user in (ANN, BOB):
        await open_session(store, record(SessionId(f"{user}-phone"), user, at=NOON, node=node))
    call = await ring(store)
    await answer(store, call, end(BOB))
    assert await store.calls.lost(AWAY_MS, 10) == []
    await store.sessions.detach(SessionId("bob-phone"), Fence(0), node)
    clock.advance(AWAY_MS / 1000)
    assert await store.calls.lost(AWAY_MS, 10) == []
    clock.advance(1)
    assert await store.calls.lost(AWAY_MS, 10) == [(call, "bob-phone")]
    await store.sessions.decide(ANN, lambda now, held: SessionDecision((Ending(SessionId("ann-phone"), "closed"),)))
    assert await store.calls.lost(AWAY_MS, 10) == [(call, "ann-phone"), (call, "bob-phone")]
    assert await store.calls.lost(AWAY_MS, 1) == [(call, "ann-phone")]
    await hang_up(store, call)
    assert await store.calls.lost(AWAY_MS, 10) == []


async def test_sessions_of_a_node_that_died_are_found(store: AnyStore, clock: ManualClock) -> None:
    node = await store.sessions.take_lease("node", 10)
    for user in (ANN, BOB):
        await open_session(store, record(SessionId(f"{user}-phone"), user, at=NOON, node=node))
    call = await ring(store)
    await answer(store, call, end(BOB))
    clock.advance(10 + AWAY_MS / 1000)
    assert await store.calls.lost(AWAY_MS, 10) == []
    clock.advance(1)
    assert await store.calls.lost(AWAY_MS, 10) == [(call, "ann-phone"), (call, "bob-phone")]


async def test_an_erased_user_leaves_no_calls_that_are_over(store: AnyStore) -> None:
    """Those that others went on with used to vanish under their hands."""
    call, other, running = await ring(store), await ring(store, "other", (CIM,)), await ring(store, "on", (BOB, CIM))
    await hang_up(store, call)
    await put_out(store, running, BOB)
    await store.erasures.drop_rest(BOB)
    assert await store.calls.find(call) is None
    assert [each.id for each in await store.calls.of_user(ANN)] == sorted([other, running])
    await hang_up(store, running)
    await store.erasures.drop_rest(BOB)
    assert await store.calls.find(running) is None
    assert await missed(store, CIM) == [("cancelled", True)]


async def test_who_is_put_out_is_part_of_it_no_longer(store: AnyStore) -> None:
    call = await ring(store, users=(BOB, CIM))
    committed = await put_out(store, call, BOB)
    assert [fact.stream for fact in committed.facts] == ["u/bob"]
    assert await missed(store, BOB) == [("failed", False)]
    assert await store.calls.of_user(BOB) == []
    assert [each.id for each in await store.calls.of_user(CIM)] == [call]
    await hang_up(store, call)
    assert len(await missed(store, BOB)) == 1
    await ring(store, "new", (ANN,), BOB, limit=1)


async def test_who_is_no_member_any_more_is_found(store: AnyStore) -> None:
    await create(store, ANN, BOB, CIM)
    call = await ring(store, users=(BOB, CIM), conversation=ROOM)
    await ring(store, "other", (BOB,))
    assert await store.calls.strangers(10) == []
    await remove(store, ANN, BOB)
    assert await store.calls.strangers(10) == [(call, BOB)]
    await remove(store, ANN, CIM)
    assert await store.calls.strangers(10) == [(call, BOB), (call, CIM)]
    assert await store.calls.strangers(1) == [(call, BOB)]
    await put_out(store, call, BOB)
    assert await store.calls.strangers(10) == [(call, CIM)]
    await hang_up(store, call)
    assert await store.calls.strangers(10) == []
