"""Wills: due when their session is lost, no more when it is back, sent once whoever tries."""

import asyncio

import pytest

from tests.contract.stores.acts import ANN, BOB, ROOM, AnyStore, create, digest, open_session, record
from tests.contract.stores.conftest import Home
from tests.support.time_and_chance import NOON, ManualClock
from unisono.domain import wills
from unisono.domain.commands import SendMessage
from unisono.domain.conversation import Scope
from unisono.domain.errors import SessionUnknown, UnisonoError
from unisono.domain.facts import Content, EndReason, MessagePlaced
from unisono.domain.ids import ConversationId, Fence, NodeId, SendKey, SessionId
from unisono.domain.quotas import Quotas
from unisono.ports.log import Committed
from unisono.ports.sessions import Ending, SessionDecision
from unisono.ports.wills import Will

PHONE, LAPTOP = SessionId("phone"), SessionId("laptop")
AFTER_S = 15


async def at_home(store: AnyStore) -> tuple[NodeId, ConversationId]:
    """Let Ann in twice, with a conversation to leave something in."""
    node = await store.sessions.take_lease("node", 60)
    for session in (PHONE, LAPTOP):
        await open_session(store, record(session, ANN, at=NOON, node=node))
    await create(store, ANN, BOB)
    return node, ROOM


def will(conversation: ConversationId, session: SessionId = PHONE, words: str = "gone") -> Will:
    message = SendMessage(conversation, SendKey(f"{session}-{words}"), Content(text=words))
    return Will(session, ANN, message, AFTER_S * 1000)


async def send(store: AnyStore, left: Will) -> Committed | None:
    message = left.message
    scope = Scope(conversation=message.conversation, users=(left.user,), sender=left.user, key=message.key)
    return await store.wills.send(left, scope, lambda seen: wills.execute(seen, left.user, message, Quotas()))


async def end(store: AnyStore, reason: EndReason) -> None:
    await store.sessions.decide(ANN, lambda now, held: SessionDecision((Ending(PHONE, reason),)))


async def test_a_will_is_due_when_its_session_was_lost_for_so_long(store: AnyStore, clock: ManualClock) -> None:
    node, talk = await at_home(store)
    left = will(talk)
    await store.wills.leave(left)
    await store.wills.leave(will(talk, LAPTOP))
    clock.advance(100)
    await store.sessions.detach(PHONE, Fence(7), node)
    assert await send(store, left) is None
    await store.sessions.detach(PHONE, Fence(0), node)
    clock.advance(AFTER_S - 1)
    assert await store.wills.due(10) == []
    assert await send(store, left) is None
    clock.advance(1)
    assert await store.wills.due(10) == [left]
    sent = await send(store, left)
    assert sent is not None
    assert [type(placed.fact) for placed in sent.facts] == [MessagePlaced]
    assert await store.wills.due(10) == []
    assert await send(store, left) is None


async def test_a_session_that_is_back_keeps_what_it_left(store: AnyStore, clock: ManualClock) -> None:
    node, talk = await at_home(store)
    left = will(talk)
    await store.wills.leave(left)
    await store.sessions.detach(PHONE, Fence(0), node)
    clock.advance(AFTER_S)
    await store.sessions.attach(PHONE, digest(), None, node, None)
    assert await store.wills.due(10) == []
    assert await send(store, left) is None
    clock.advance(100)
    await store.sessions.detach(PHONE, Fence(1), node)
    clock.advance(AFTER_S)
    assert await store.wills.due(10) == [left]
    # A login that is repeated is the same session on another connection.
    await open_session(store, record(PHONE, ANN, at=NOON, node=node))
    assert await store.wills.due(10) == []


async def test_the_later_one_takes_its_place_and_the_longest_due_comes_first(
    store: AnyStore, clock: ManualClock
) -> None:
    node, talk = await at_home(store)
    first, second, other = will(talk), will(talk, words="really gone"), will(talk, LAPTOP)
    await store.wills.leave(first)
    for session in (PHONE, LAPTOP):
        await store.sessions.detach(session, Fence(0), node)
        clock.advance(1)
    await store.wills.leave(other)
    await store.wills.leave(second)
    clock.advance(AFTER_S)
    assert await store.wills.due(10) == [second, other]
    assert await store.wills.due(1) == [second]
    assert await send(store, first) is None
    await store.wills.drop(PHONE)
    await store.wills.drop(PHONE)
    assert await store.wills.due(10) == [other]


@pytest.mark.parametrize("reason", ["logged_out", "closed", "displaced", "replaced", "revoked", "expired"])
@pytest.mark.parametrize("is_lost", [True, False])
async def test_only_a_session_that_never_came_back_leaves_something_at_its_end(
    store: AnyStore, *, reason: EndReason, is_lost: bool
) -> None:
    node, talk = await at_home(store)
    left = will(talk)
    await store.wills.leave(left)
    if is_lost:
        await store.sessions.detach(PHONE, Fence(0), node)
    await end(store, reason)
    is_sent = is_lost and reason == "expired"
    assert await store.wills.due(10) == ([left] if is_sent else [])
    assert (await send(store, left) is not None) == is_sent
    with pytest.raises(SessionUnknown):
        await store.wills.leave(left)
    with pytest.raises(SessionUnknown):
        await store.wills.leave(will(talk, SessionId("unheard of")))


async def test_what_a_node_that_is_gone_carried_is_due_later(store: AnyStore, clock: ManualClock) -> None:
    node, talk = await at_home(store)
    await store.wills.leave(will(talk))
    await store.wills.leave(will(talk, LAPTOP))
    assert await store.wills.over_leases() == []
    clock.advance(60)
    other = await store.sessions.take_lease("other", 60)
    assert await store.wills.over_leases() == [node]
    assert await store.wills.lost_with(node, 1) == [LAPTOP]
    assert await store.wills.lost_with(node, 10) == [LAPTOP, PHONE]
    assert await store.wills.lost_with(other, 10) == []
    await store.sessions.attach(LAPTOP, digest(), None, other, None)
    for _ in range(2):
        await store.wills.note_lost(node, [LAPTOP, PHONE], 45_000)
        assert await store.wills.lost_with(node, 10) == []
    clock.advance(AFTER_S + 44)
    assert await store.wills.due(10) == []
    clock.advance(1)
    assert await store.wills.due(10) == [will(talk)]


async def test_what_cannot_be_decided_is_left_where_it_was(store: AnyStore, clock: ManualClock) -> None:
    node, talk = await at_home(store)
    left = will(talk)
    await store.wills.leave(left)
    await store.sessions.detach(PHONE, Fence(0), node)
    clock.advance(AFTER_S)

    def refuse(seen: object) -> None:
        raise SessionUnknown()

    scope = Scope(conversation=talk, users=(ANN,))
    with pytest.raises(UnisonoError):
        await store.wills.send(left, scope, refuse)  # type: ignore[arg-type]
    assert await store.wills.due(10) == [left]


async def test_wills_are_there_after_a_restart(durable: Home) -> None:
    store = await durable.open()
    node, talk = await at_home(store)
    await store.wills.leave(Will(PHONE, ANN, will(talk).message, 0))
    await store.sessions.detach(PHONE, Fence(0), node)
    await durable.close(store)
    store = await durable.open()
    assert [left.message for left in await store.wills.due(10)] == [will(talk).message]


async def test_of_several_nodes_one_sends(shared: Home) -> None:
    nodes = [await shared.open() for _ in range(3)]
    node, talk = await at_home(nodes[0])
    left = Will(PHONE, ANN, will(talk).message, 0)
    await nodes[0].wills.leave(left)
    await nodes[0].sessions.detach(PHONE, Fence(0), node)
    assert [await each.wills.due(10) for each in nodes] == [[left]] * 3
    sent = await asyncio.gather(*(send(each, left) for each in nodes for _ in range(5)))
    assert len([each for each in sent if each is not None and each.facts]) == 1
    assert len([each for each in sent if each is not None]) == 1
