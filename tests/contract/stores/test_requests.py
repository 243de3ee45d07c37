"""Requests under a key: done once, answered again, on whichever node, after a crash as well."""

import asyncio
from collections.abc import Sequence

import pytest

from tests.contract.stores.acts import ANN, BOB, QUOTAS, ROOM, AnyStore, create, history, send
from tests.contract.stores.conftest import Home
from tests.support.time_and_chance import ManualClock
from unisono.domain import messages
from unisono.domain.answers import Placed
from unisono.domain.commands import SendMessage
from unisono.domain.conversation import Scope
from unisono.domain.errors import KeyReused, NotFound
from unisono.domain.facts import Content
from unisono.domain.ids import Instant, SendKey
from unisono.ports.log import Committed
from unisono.ports.requests import KEPT_MS, Request

ONE, ANOTHER = Request("desk/17", b"one"), Request("desk/17", b"another")
DAY_S = KEPT_MS / 1000


def say(store: AnyStore, number: int, request: Request | None) -> "asyncio.Future[Committed]":
    """Send under a new send key each time: only the request's own key can tell that it is the same."""
    command = SendMessage(ROOM, SendKey(f"k{number}"), Content(text=f"text {number}"))
    scope = Scope(conversation=ROOM, users=(ANN,), sender=ANN, key=command.key)
    return store.log.transact(scope, lambda snapshot: messages.send(snapshot, ANN, command, QUOTAS), request)


async def said(store: AnyStore) -> Sequence[str | None]:
    return [entry.message.content.text for entry in (await history(store)).messages]


async def test_what_was_done_under_a_key_is_not_done_again_but_answered_alike(store: AnyStore) -> None:
    await create(store, ANN, BOB)
    first = await say(store, 1, ONE)
    again = await say(store, 2, ONE)
    assert isinstance(first.answer, Placed)
    assert again.answer == first.answer
    assert (len(first.facts), again.facts) == (1, ())
    assert await said(store) == ["text 1"]


async def test_another_request_under_the_same_key_is_refused_and_changes_nothing(store: AnyStore) -> None:
    await create(store, ANN, BOB)
    await say(store, 1, ONE)
    with pytest.raises(KeyReused):
        await say(store, 2, ANOTHER)
    with pytest.raises(KeyReused):
        await store.requests.begin(ANOTHER)
    await say(store, 3, None)
    await say(store, 4, Request("other desk/17", b"another"))
    assert await said(store) == ["text 1", "text 3", "text 4"]


async def test_what_was_refused_is_tried_again(store: AnyStore) -> None:
    with pytest.raises(NotFound):
        await say(store, 1, ONE)
    await create(store, ANN, BOB)
    await say(store, 2, ONE)
    assert await said(store) == ["text 2"]


async def test_many_at_once_do_it_once(store: AnyStore) -> None:
    await create(store, ANN, BOB)
    committed = await asyncio.gather(*(say(store, number, ONE) for number in range(10)))
    assert len({repr(one.answer) for one in committed}) == 1
    assert await said(store) == ["text 0"]


async def test_two_nodes_do_it_once(shared: Home) -> None:
    """Whoever comes second runs into the first, and finds its answer."""
    one, other = await shared.open(), await shared.open()
    await create(one, ANN, BOB)
    for turn in range(20):
        request = Request(f"desk/{turn}", b"same")
        first, second = await asyncio.gather(say(one, 2 * turn, request), say(other, 2 * turn + 1, request))
        assert first.answer == second.answer
    assert len(await said(one)) == 20


async def test_a_key_is_remembered_for_a_day(store: AnyStore, clock: ManualClock) -> None:
    await create(store, ANN, BOB)
    await say(store, 1, ONE)
    clock.advance(DAY_S - 1)
    assert await store.requests.forget(Instant(clock.now())) == 0
    await say(store, 2, ONE)
    clock.advance(1)
    await say(store, 3, ANOTHER)
    await say(store, 4, ANOTHER)
    assert await said(store) == ["text 1", "text 3"]
    clock.advance(DAY_S + 1)
    assert await store.requests.forget(Instant(clock.now())) == 1
    assert await store.requests.forget(Instant(clock.now())) == 0
    assert await store.requests.begin(ONE) is None


async def test_work_of_several_steps_is_gone_on_with_until_it_is_answered(store: AnyStore) -> None:
    assert await store.requests.begin(ONE) is None
    assert await store.requests.begin(ONE) is None
    with pytest.raises(KeyReused):
        await store.requests.begin(ANOTHER)
    await store.requests.finish(ONE, b'{"closed":1}')
    assert await store.requests.begin(ONE) == b'{"closed":1}'


async def test_keys_outlive_the_server(durable: Home) -> None:
    store = await durable.open()
    await create(store, ANN, BOB)
    first = await say(store, 1, ONE)
    await durable.close(store)
    later = await durable.open()
    assert (await say(later, 2, ONE)).answer == first.answer
    assert await said(later) == ["text 1"]
    await send(later, ANN, "k9")
