"""What a crash of PostgreSQL may take back, and what it must not."""

from typing import Any

import psycopg

from tests.contract.stores.acts import ANN, BOB, conversation_id, create, moved, send
from tests.contract.stores.conftest import Home
from tests.support.postgres import Cluster, start
from tests.support.time_and_chance import ManualClock
from unisono.domain.ids import conversation_stream
from unisono.stores.sql import StoreOptions, open_store

# No process writes by itself what nobody waits for, so that a crash forgets it, unless it is this very moment's turn.
LAZY = {
    "wal_writer_delay": "10s",
    "bgwriter_delay": "10s",
    "autovacuum": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}
IDS = 200
ATTEMPTS = 5


def _use_up(connection: "psycopg.Connection[Any]") -> int:
    with connection.transaction(force_rollback=True):
        return int(connection.execute("SELECT pg_current_xact_id()::text").fetchall()[0][0])


async def test_no_checkpoint_is_above_what_is_committed_after_a_crash() -> None:
    """Transaction ids that only rolled back come again after a crash; a checkpoint above them hid facts for good."""
    cluster = start(durable=True, **LAZY)
    try:
        for attempt in range(ATTEMPTS):
            cluster, has_forgotten = await _crash(cluster, f"{attempt}")
            if has_forgotten:
                return
        raise AssertionError("no crash has forgotten an id, so this shows nothing")
    finally:
        cluster.stop()


async def _crash(cluster: Cluster, key: str) -> tuple[Cluster, bool]:
    """Take checkpoints, crash, send, and see that they show it; say if ids were given out again."""
    store = await open_store(StoreOptions(app="test", url=cluster.dsn(), readers=1), ManualClock())
    await create(store, ANN, BOB)
    await send(store, ANN, f"before {key}")
    with psycopg.connect(cluster.dsn(), autocommit=True) as other:
        used = max(_use_up(other) for _ in range(IDS))
    handed_out = [
        await store.log.checkpoint(),
        (await store.log.moved(BOB, await store.log.checkpoint(), None, 10)).checkpoint,
        (await store.log.moved_in_app(await store.log.checkpoint(), 10)).checkpoint,
    ]
    cluster = cluster.crash(**LAZY)
    await store.close()
    again = await open_store(StoreOptions(app="test", url=cluster.dsn(), readers=1), ManualClock())
    place = await send(again, ANN, f"after {key}")
    with psycopg.connect(cluster.dsn()) as other:
        position = other.execute("SELECT max(pos) FROM app_test.facts").fetchall()[0][0]
        offset = other.execute("SELECT value::bigint FROM app_test.meta WHERE name = 'offset'").fetchall()[0][0]
    assert max(handed_out) < position
    for checkpoint in handed_out:
        assert (await moved(again, BOB, checkpoint))[place.stream] == place.seq
    await again.close()
    return cluster, position - offset <= used


async def test_ids_that_others_use_up_do_not_move_the_checkpoint(shared: Home) -> None:
    store = await shared.open()
    await create(store, ANN, BOB)
    before = await store.log.checkpoint()
    assert shared.options is not None
    with psycopg.connect(shared.options.url or "", autocommit=True) as other:
        other.execute("SELECT pg_current_xact_id()")
    assert await store.log.checkpoint() == before
    await create(store, ANN, BOB, room=conversation_id(1))
    after = await store.log.checkpoint()
    assert after > before
    assert conversation_stream(conversation_id(1)) in await moved(store, BOB, before)
    assert await moved(store, BOB, after) == {}
