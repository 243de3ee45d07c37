"""The bare writer writes the very rows that the server left."""

import sqlite3
from pathlib import Path

import pytest

from bench.bare_sqlite import replay
from bench.processes import BenchError

SCHEMA = """
CREATE TABLE streams (id INTEGER PRIMARY KEY, key TEXT, epoch INTEGER, head INTEGER, head_at INTEGER, head_pos INTEGER);
CREATE TABLE facts (stream INTEGER, seq INTEGER, pos INTEGER, at INTEGER, kind TEXT, sender TEXT, send_key TEXT,
                    body BLOB, PRIMARY KEY (stream, seq)) WITHOUT ROWID;
CREATE INDEX ix_facts ON facts (kind);
INSERT INTO streams VALUES (1, 'c/a', 1, 101, 1101, 2101);
INSERT INTO facts VALUES (1, 1, 1001, 1001, 'created', NULL, NULL, x'00');
"""


def server_data(path: Path, messages: int) -> Path:
    with sqlite3.connect(path) as connection:
        connection.executescript(SCHEMA)
        rows = [(1, seq, 2000 + seq, 1000 + seq, "message", "alice", str(seq), b"m") for seq in range(2, messages + 2)]
        connection.executemany("INSERT INTO facts VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
    connection.close()
    return path


def rows_of(path: Path, table: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(path)
    try:
        return connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall()
    finally:
        connection.close()


def test_the_copy_holds_the_same_rows(tmp_path: Path) -> None:
    source, target = server_data(tmp_path / "server.db", 100), tmp_path / "bare.db"
    reading = replay(source, target)
    assert reading["messages"] == 100
    assert reading["messages_per_s"] > 0
    assert reading["asking_messages_per_s"] > 0
    assert rows_of(target, "facts") == rows_of(source, "facts")
    assert rows_of(target, "streams") == rows_of(source, "streams")


def test_a_server_that_placed_nothing_is_nothing_to_compare_with(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="nothing to replay"):
        replay(server_data(tmp_path / "server.db", 0), tmp_path / "bare.db")
