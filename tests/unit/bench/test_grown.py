"""What a benchmark grows is what a server would have made."""

import asyncio
from pathlib import Path

from bench.asking import Times
from bench.grown import grow, messages
from unisono.clock import SystemClock
from unisono.domain import commands as c
from unisono.domain.ids import SendKey, UserId
from unisono.stores.sql.options import StoreOptions
from unisono.stores.sql.store import open_store

ANN = UserId("ann")


async def test_a_server_finds_what_was_grown(tmp_path: Path) -> None:
    made = c.CreateConversation(SendKey("a"), members=(UserId("bob"),))
    # It runs a loop of its own.
    [talk] = await asyncio.to_thread(grow, tmp_path, [(ANN, made)])
    assert await asyncio.to_thread(grow, tmp_path, messages(talk, "ann", 30)) == []
    store = await open_store(StoreOptions(app="default", data_dir=tmp_path), SystemClock())
    try:
        [mine] = await store.directory.list_of(UserId("bob"), None, 10)
        assert (mine.conversation.id, mine.conversation.head.messages) == (talk, 30)
    finally:
        await store.close()


def test_times_are_given_by_their_shares() -> None:
    times = Times([float(number) for number in range(1, 1000)])
    assert (times.p50, times.p99) == (500, 990)
