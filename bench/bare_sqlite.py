"""The limit of durable writing: the very rows that a run of Unisono left, written again by bare `sqlite3`.

The tables and indexes that a message is written into, on the same disk, with WAL, synchronous=FULL and checkpoints as
the server has them, 64 messages in one transaction: each message's fact is inserted, and the head of each stream that
moved is updated once. No deciding, no network. It is done twice: writing alone, and asking before each message whether
its send key is taken, as a server must.
Run as a program of its own, on the server's core: `python -m bench.bare_sqlite SOURCE TARGET`.
"""

import json
import resource
import sqlite3
import subprocess
import sys
import time
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final

from bench.figures import Reading
from bench.processes import SERVER_CORE, BenchError, pinned
from unisono.stores.sql.sqlite import CHECKPOINT_PAGES, WRITER_CACHE_KIB

GROUP: Final = 64
LIMIT_S: Final = 120.0
MESSAGE: Final = "message"
FACTS: Final = "facts"
STREAMS: Final = "streams"
ASKING: Final = "asking_"
"""Begins the names of what is found when send keys are asked for."""

Row = tuple[Any, ...]


def measure(data: Path) -> Reading:
    """Replay what a server left in its data directory; gives messages a second and CPU time each.

    Raises:
        BenchError: It failed, or there is nothing to replay.
    """
    [source] = data.glob("*.sqlite3")
    command = [sys.executable, "-m", "bench.bare_sqlite", str(source), str(data / "bare.db")]
    try:
        done = subprocess.run(
            pinned(SERVER_CORE, command), capture_output=True, text=True, timeout=LIMIT_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise BenchError(f"bare sqlite3 took longer than {LIMIT_S:.0f} s") from None
    if done.returncode != 0:
        raise BenchError(f"bare sqlite3: {done.stderr.strip()[-800:]}")
    reading: dict[str, float] = json.loads(done.stdout)
    return reading


def replay(source: Path, target: Path) -> Reading:
    """Write the messages of one database into a new one, group by group."""
    found: dict[str, float] = {}
    for prefix, is_asking in (("", False), (ASKING, True)):
        target.unlink(missing_ok=True)
        connection = sqlite3.connect(target, isolation_level=None)
        try:
            messages = _prepare(connection, source)
            begun, used = time.perf_counter(), _cpu_s()
            _write(connection, messages, is_asking=is_asking)
            seconds, cpu_s = time.perf_counter() - begun, _cpu_s() - used
        finally:
            connection.close()
        found |= {
            "messages": len(messages),
            f"{prefix}messages_per_s": len(messages) / seconds,
            f"{prefix}cpu_us_per_message": cpu_s * 1e6 / len(messages),
        }
    return found


def _prepare(connection: sqlite3.Connection, source: Path) -> list[Row]:
    """Copy both tables and all rows but those of messages; give the latter in the order they were written."""
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
    connection.execute(f"PRAGMA cache_size = -{WRITER_CACHE_KIB}")
    connection.execute("ATTACH ? AS source", (str(source),))
    shapes = connection.execute("SELECT name, type, sql, tbl_name FROM source.sqlite_master WHERE sql IS NOT NULL")
    own = [(name, kind, sql) for name, kind, sql, table in shapes if table in {FACTS, STREAMS}]
    for _, _, sql in sorted(own, key=lambda shape: shape[1] != "table"):
        connection.execute(sql)
    for name, kind, _ in own:
        if kind == "table":
            others = f"WHERE kind <> '{MESSAGE}'" if name == FACTS else ""
            connection.execute(f"INSERT INTO main.{name} SELECT * FROM source.{name} {others}")  # noqa: S608  (names of our own tables)
    rows = f"SELECT * FROM source.{FACTS} WHERE kind = '{MESSAGE}' ORDER BY pos, stream, seq"  # noqa: S608  (names of our own tables)
    messages: list[Row] = connection.execute(rows).fetchall()
    connection.execute("DETACH source")
    if not messages:
        raise BenchError("nothing to replay: the server placed no message")
    return messages


def _write(connection: sqlite3.Connection, messages: Sequence[Row], *, is_asking: bool) -> None:
    columns = [name for _, name, *_ in connection.execute(f"PRAGMA table_info({FACTS})")]
    stream, seq, pos, at = (columns.index(name) for name in ("stream", "seq", "pos", "at"))
    sender, key = columns.index("sender"), columns.index("send_key")
    ask = f"SELECT seq FROM {FACTS} WHERE stream = ? AND sender = ? AND send_key = ?"  # noqa: S608  (names of our own tables)
    insert = f"INSERT INTO {FACTS} VALUES ({', '.join('?' * len(columns))})"  # noqa: S608  (names of our own tables)
    update = f"UPDATE {STREAMS} SET head = ?, head_at = ?, head_pos = ? WHERE id = ?"  # noqa: S608  (names of our own tables)
    waiting = iter(messages)
    while group := list(islice(waiting, GROUP)):
        heads = {row[stream]: (row[seq], row[at], row[pos], row[stream]) for row in group}
        connection.execute("BEGIN IMMEDIATE")
        if is_asking:
            for row in group:
                connection.execute(ask, (row[stream], row[sender], row[key])).fetchall()
        connection.executemany(insert, group)
        connection.executemany(update, heads.values())
        connection.execute("COMMIT")


def _cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    print(json.dumps(replay(Path(sys.argv[1]), Path(sys.argv[2]))))
