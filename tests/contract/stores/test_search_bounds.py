"""Search: how much of a database is looked at, and for how long."""

from functools import partial
from typing import Any

import pytest

from tests.contract.stores.acts import ANN, BOB, ROOM, AnyStore, conversation_id, create, send
from tests.contract.stores.conftest import Home
from tests.contract.stores.test_search import find, found, index
from tests.support.time_and_chance import ManualClock
from unisono.domain import arranging
from unisono.domain.commands import DeleteHistory
from unisono.domain.conversation import Scope
from unisono.domain.errors import Invalid
from unisono.domain.ids import Seq, UserId
from unisono.ports.search import Spot
from unisono.stores.sql import search as sql_search
from unisono.stores.sql import words as sql_words
from unisono.stores.sql.driver import Connection
from unisono.stores.sql.history import first_since
from unisono.stores.sql.statements import Statements


async def test_rare_words_and_frequent_ones_are_found_alike(durable: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite looks up rare words for all conversations at once, PostgreSQL asks about some at a time."""
    monkeypatch.setattr(sql_words, "FEW_MAX", 2)
    monkeypatch.setattr(sql_words, "RARE_MAX", 5)
    monkeypatch.setattr(sql_words, "TOGETHER", 2)
    store, clock = await durable.open(), ManualClock()
    for number in range(8):
        clock.advance(1)
        await create(store, ANN, BOB, room=conversation_id(number))
        await send(store, ANN, "k1", f"tea {number}", room=conversation_id(number))
        await send(store, BOB, "k2", "coffee" if number == 3 else "water", room=conversation_id(number))
    await index(store)
    assert await found(store, ANN, "coffee") == ["coffee"]
    assert sorted(await found(store, ANN, "tea")) == [f"tea {number}" for number in range(8)]
    assert len(await found(store, ANN, "tea", limit=3)) == 3


async def test_a_later_page_looks_for_its_place_only_where_the_words_may_be(
    sqlite: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It used to do so, some twenty reads each, in all conversations of the user that had moved since."""
    monkeypatch.setattr(sql_words, "FEW_MAX", 2)
    store, clock, rooms = await sqlite.open(), sqlite.clock, [conversation_id(number) for number in range(20)]
    for room in rooms:
        await create(store, ANN, BOB, room=room)
        await send(store, ANN, "k1", "tea", room=room)
    for number in range(3):
        clock.advance(1)
        await send(store, ANN, f"rare{number}", "coffee", room=rooms[3])
    clock.advance(1)
    for room in rooms:
        await send(store, BOB, "k2", "tea", room=room)
    await index(store)
    looked: list[int] = []

    def counted(connection: Connection, sql: Statements, stream: int, at: int, end: int) -> int:
        looked.append(stream)
        return first_since(connection, sql, stream, at, end)

    monkeypatch.setattr(sql_search, "first_since", counted)
    (first,) = await find(store, ANN, "coffee", limit=1)
    assert looked == []
    (second,) = await find(store, ANN, "coffee", limit=1, below=Spot(first.at, first.conversation, first.seq))
    assert second.seq == first.seq - 1
    elsewhere = Spot(first.at, rooms[4], first.seq)
    (again,) = await find(store, ANN, "coffee", limit=1, below=elsewhere)
    assert again.conversation == rooms[3]
    assert len(looked) == 1


async def test_what_was_deleted_is_not_looked_at_one_after_the_other(
    durable: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The index gave the hits of a deleted history again and again, until the time was over: search was refused."""
    store, other = await durable.open(), conversation_id(1)
    await create(store, ANN, BOB)
    await create(store, ANN, BOB, room=other)
    await send(store, BOB, "o1", "old tea", room=other)
    last = [await send(store, BOB, f"k{number}", "tea") for number in range(30)][-1]
    await send(store, BOB, "new", "green tea")
    await clear(store, ANN, last.seq)
    await index(store)
    turns: list[int] = []
    newest = sql_search._newest

    def counted(*given: Any) -> Any:
        turns.append(len(given[3]))
        return newest(*given)

    monkeypatch.setattr(sql_search, "_newest", counted)
    assert sorted(await found(store, ANN, "tea", limit=5)) == ["green tea", "old tea"]
    assert turns == [2]
    await clear(store, ANN, Seq(last.seq + 1))
    assert await found(store, ANN, "tea", limit=5) == ["old tea"]
    assert turns == [2, 1], "where all was deleted nothing is looked for"
    assert len(await found(store, BOB, "tea", limit=50)) == 32


async def clear(store: AnyStore, user: UserId, up_to: Seq) -> None:
    """Delete a user's history of the first conversation."""
    scope = Scope(conversation=ROOM, users=(user,), read_to=up_to)
    command = DeleteHistory(ROOM, up_to)
    await store.log.transact(scope, partial(arranging.delete_history, user=user, command=command))


async def test_a_search_that_takes_too_long_is_given_up(durable: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    store = await durable.open()
    await create(store, ANN, BOB)
    for number in range(300):
        await send(store, ANN, f"k{number}", "tea " * 50)
    await index(store)

    class Passed(sql_words.Deadline):
        left_ms = 1

    monkeypatch.setattr(sql_search, "Deadline", Passed)
    monkeypatch.setattr(sql_words.SqliteWords, "WITHIN", SLOW_SQLITE)
    monkeypatch.setattr(sql_words.PostgresWords, "WITHIN", SLOW_POSTGRES)
    with pytest.raises(Invalid, match="too long"):
        await find(store, ANN, "tea")


SLOW_SQLITE = """
    WITH RECURSIVE n (n) AS (SELECT ?1 + ?2 + ?4 + ?5 + ?7 UNION ALL SELECT n + 1 FROM n WHERE n < 1e12)
    SELECT max(n), ?3 || ?6 FROM n
"""
SLOW_POSTGRES = "SELECT pg_sleep(5), %s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::text, %s"
