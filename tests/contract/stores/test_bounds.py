"""What a store does at its limits, when nobody waits any more, and when the database does not answer."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

import psycopg
import pytest

from tests.contract.stores.acts import ANN, BOB, ROOM, AnyStore, conversation_id, create, mark_read, send, seqs
from tests.contract.stores.conftest import Home
from unisono.domain.answers import Done, Placed
from unisono.domain.conversation import Decision, Scope
from unisono.domain.errors import Draining, Invalid, Overloaded, Unavailable
from unisono.domain.facts import MembersLeft
from unisono.domain.ids import SendKey, Seq, StreamKey, UserId, conversation_stream
from unisono.domain.placement import Draft

PATIENCE_S: Final = 20.0


@asynccontextmanager
async def busy_writer(store: AnyStore) -> AsyncIterator[Callable[[], None]]:
    """Keep the writer in a decision until released, so that what comes next has to wait."""
    has_begun, release = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def decide(_: object) -> Decision:
        loop.call_soon_threadsafe(has_begun.set)
        release.wait(PATIENCE_S)
        return Decision((), lambda _: Done())

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_forgiving(store.log.transact(Scope(), decide)))
        try:
            await has_begun.wait()
            yield release.set
        finally:
            release.set()


async def _forgiving(waiting: Any) -> None:
    with suppress(Unavailable):
        await waiting


async def started(tasks: asyncio.TaskGroup, *waiting: Any) -> list[asyncio.Task[Any]]:
    """Start what is about to wait, and let it get that far."""
    begun = [tasks.create_task(one) for one in waiting]
    await asyncio.sleep(0)
    return begun


async def test_as_many_transactions_wait_as_allowed_and_not_one_more(durable: Home) -> None:
    store = await durable.open(queue_max=4)
    await create(store, ANN, BOB)
    async with asyncio.TaskGroup() as tasks, busy_writer(store) as release:
        waiting = await started(tasks, *(send(store, ANN, f"{number}") for number in range(3)))
        with pytest.raises(Overloaded) as refused:
            await send(store, ANN, "one too many")
        assert refused.value.retry_after_ms is not None
        release()
    assert [task.result().seq for task in waiting] == [2, 3, 4]
    assert (await send(store, ANN, "later")).seq == 5


async def test_a_batch_carries_no_more_than_it_may_and_loses_nothing(durable: Home) -> None:
    store = await durable.open(batch_max=2)
    await create(store, ANN, BOB)
    placed = await asyncio.gather(*(send(store, ANN, f"{number}") for number in range(7)))
    assert [place.seq for place in placed] == [2, 3, 4, 5, 6, 7, 8]


async def test_who_waits_too_long_is_told_and_may_repeat_with_the_same_key(durable: Home) -> None:
    store = await durable.open(deadline_s=1.0)
    await create(store, ANN, BOB)
    async with busy_writer(store) as release:
        with pytest.raises(Unavailable):
            await send(store, ANN, "key")
        release()
    first = await send(store, ANN, "key")
    assert (first.seq, await seqs(store)) == (2, [1, 2])


async def test_cancelling_a_wait_neither_undoes_it_nor_hurts_the_others(durable: Home) -> None:
    store = await durable.open()
    await create(store, ANN, BOB)
    async with asyncio.TaskGroup() as tasks, busy_writer(store) as release:
        waiting = await started(tasks, *(send(store, ANN, f"{number}") for number in range(3)))
        waiting[1].cancel()
        await asyncio.wait([waiting[1]])
        release()
    assert [waiting[0].result().seq, waiting[1].cancelled(), waiting[2].result().seq] == [2, True, 4]
    assert (await send(store, ANN, "1")).seq == 3


async def test_closing_finishes_what_is_at_hand_and_refuses_the_rest(durable: Home) -> None:
    store = await durable.open()
    await create(store, ANN, BOB)
    async with asyncio.TaskGroup() as tasks, busy_writer(store) as release:
        waiting = asyncio.gather(*(send(store, ANN, f"{number}") for number in range(3)), return_exceptions=True)
        await asyncio.sleep(0)
        closing = tasks.create_task(durable.close(store))
        await asyncio.sleep(0)
        with pytest.raises(Draining):
            await send(store, ANN, "too late")
        release()
        await closing
        assert {type(outcome) for outcome in await waiting} == {Draining}
    again = await durable.open()
    assert await seqs(again) == [1]


async def test_a_closed_store_says_so(home: Home) -> None:
    store = await home.open()
    await home.close(store)
    for call in (send(store, ANN, "key"), store.log.read(StreamKey("c/x"), Seq(0), 1), store.sessions.list_of(ANN)):
        with pytest.raises(Draining):
            await call
    assert not await store.healthy()


async def test_an_open_store_is_healthy(store: AnyStore) -> None:
    assert await store.healthy()


async def test_a_store_whose_writer_is_stuck_is_not_healthy(durable: Home) -> None:
    store = await durable.open(deadline_s=0.1)
    async with busy_writer(store) as release:
        assert not await store.healthy()
        release()
    # A tenth of a second may pass in which this process is not given the processor.
    async with asyncio.timeout(10):
        while not await store.healthy():
            await asyncio.sleep(0.01)


async def test_what_the_database_cannot_keep_is_refused_and_hurts_nobody_else(durable: Home) -> None:
    """A lone surrogate is no text; a driver refuses it, and would refuse its whole batch with it."""
    store = await durable.open()
    await create(store, ANN, BOB)
    bad = Draft(conversation_stream(ROOM), MembersLeft((ANN,), BOB), UserId("\ud800"), SendKey("key"))
    outcomes = await asyncio.gather(
        *(send(store, ANN, f"a{number}") for number in range(5)),
        store.log.transact(Scope(conversation=ROOM), lambda _: Decision((bad,), lambda _: Done())),
        *(send(store, BOB, f"b{number}") for number in range(5)),
        return_exceptions=True,
    )
    assert [outcome.seq for outcome in outcomes if isinstance(outcome, Placed)] == list(range(2, 12))
    assert isinstance(outcomes[5], Invalid)
    with pytest.raises(Invalid):
        await store.directory.find(ROOM, UserId("\ud800"), with_members=True)


async def test_a_database_that_is_away_leaves_nothing_half_done_and_comes_back(durable: Home) -> None:
    store = await durable.open()
    room = conversation_id(1)
    await create(store, ANN, BOB)
    assert durable.options is not None
    async with taken_away(store, durable.options.url):
        outcomes = await asyncio.gather(
            *(send(store, ANN, f"{number}") for number in range(4)),
            create(store, ANN, BOB, room=room),
            mark_read(store, BOB, 1),
            return_exceptions=True,
        )
        assert {type(outcome) for outcome in outcomes} == {Unavailable}
        assert not await store.healthy()
    assert await store.healthy()
    assert await seqs(store) == [1]
    assert await store.directory.find(room, ANN, with_members=True) is None
    assert (await send(store, ANN, "0")).seq == 2


@asynccontextmanager
async def taken_away(store: Any, url: str | None) -> AsyncIterator[None]:
    """Break the connections and let no new ones be made."""
    driver, connect = store._driver, store._driver.connect_writer

    def refuse() -> Any:
        raise driver_error(url)

    if url is None:
        store._committer._connection._connection.execute("PRAGMA query_only = 1")
    else:
        end_connections(url)
    driver.connect_writer = refuse
    try:
        yield
    finally:
        driver.connect_writer = connect


def driver_error(url: str | None) -> Exception:
    import sqlite3

    return sqlite3.OperationalError("disk I/O error") if url is None else psycopg.OperationalError("connection refused")


def end_connections(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
            " WHERE application_name = 'unisono' AND datname = current_database()"
        )


async def test_a_database_that_restarted_is_not_noticed(shared: Home) -> None:
    store = await shared.open()
    await create(store, ANN, BOB)
    assert shared.options is not None
    assert shared.options.url is not None
    for turn in range(3):
        end_connections(shared.options.url)
        assert (await send(store, ANN, f"{turn}")).seq == turn + 2
        assert len(await seqs(store)) == turn + 2
