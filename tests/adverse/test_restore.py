"""An older copy is put back, and the log goes on from there: whoever was ahead ends with the true history."""

import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from tests.support.crowd import Crowd, create, gathered
from tests.support.figures import Report
from tests.support.postgres import Cluster, find_binaries
from tests.support.server_process import TEST_CONFIG, ServerProcess

pytestmark = pytest.mark.adverse

KEPT, LOST, LATER = 20, 15, 40
"""Messages before the copy, after it, and after it was put back: enough to go beyond where the lost log ended."""


class SqliteCopy:
    """A backup as docs/guide/operate.md tells to make and put back."""

    config = TEST_CONFIG

    def __init__(self, data: Path) -> None:
        self._file = data / "default.sqlite3"
        self._copy = data.with_name("backup.sqlite3")

    def make(self) -> None:
        with closing(sqlite3.connect(self._file)) as connection:
            connection.execute("VACUUM INTO ?", (str(self._copy),))

    def put_back(self) -> None:
        for rest in ("-wal", "-shm"):
            self._file.with_name(self._file.name + rest).unlink(missing_ok=True)
        shutil.copy(self._copy, self._file)


class PostgresCopy:
    """A dump of the schema, loaded again."""

    def __init__(self, dsn: str, data: Path) -> None:
        self.config = f'{TEST_CONFIG}\n[database]\nurl = "{dsn}"\n'
        self._dsn = dsn
        self._dump = data.with_name("dump")

    def make(self) -> None:
        _run("pg_dump", "--format=custom", "--schema=app_default", f"--file={self._dump}", self._dsn)

    def put_back(self) -> None:
        with psycopg.connect(self._dsn, autocommit=True) as connection:
            connection.execute("DROP SCHEMA app_default CASCADE")
        _run("pg_restore", f"--dbname={self._dsn}", str(self._dump))


def _run(tool: str, *words: str) -> None:
    subprocess.run([str(find_binaries() / tool), *words], check=True, capture_output=True)


@pytest.fixture(params=["sqlite", "postgres"])
def copy(request: pytest.FixtureRequest, data: Path) -> SqliteCopy | PostgresCopy:
    if request.param == "sqlite":
        return SqliteCopy(data)
    cluster: Cluster = request.getfixturevalue("postgres")
    return PostgresCopy(cluster.dsn(cluster.create_database()), data)


async def say(crowd: Crowd, room: str, count: int, word: str) -> None:
    for number in range(count):
        crowd.clients[0].post(room, f"{word} {number}", f"{word}/{number}")
    await crowd.hush()


@pytest.mark.parametrize("stop", [ServerProcess.terminate, ServerProcess.kill])
async def test_who_was_ahead_of_an_older_copy_ends_with_the_true_history(
    copy: SqliteCopy | PostgresCopy, data: Path, report: Report, stop: Callable[[ServerProcess], object]
) -> None:
    """They used to keep what was lost and to pass over, without a word, what took its places."""
    async with ServerProcess(data, config=copy.config) as server, gathered(server.port, seed=1) as listeners:
        listeners.add("ann", 2)
        listeners.add("bob")
        async with gathered(server.port, seed=2) as speakers:
            speakers.add("cim")
            await speakers.wait_live()
            room = await create(speakers.clients[0], ("ann", "bob", "cim"), "room")
            await say(speakers, room, KEPT, "kept")
            copy.make()
            lost = await create(speakers.clients[0], ("ann", "bob", "cim"), "a room that will be lost")
            await say(speakers, room, LOST, "lost")
            await say(speakers, lost, 3, "lost, too")
            await listeners.wait_until(
                lambda: all(
                    one.follower.seq(f"c/{room}") == 1 + KEPT + LOST and one.follower.seq(f"c/{lost}") == 4
                    for one in listeners.clients
                )
            )
        first = {one.welcome["epoch"] for one in listeners.clients if one.welcome}
        await stop(server)  # type: ignore[misc]  # both are coroutines
        copy.put_back()
        await server.start()
        async with gathered(server.port, seed=3) as speakers:
            speakers.add("cim")
            await speakers.wait_live()
            await say(speakers, room, LATER, "later")
        verdict = await listeners.verdict()
        second = {one.welcome["epoch"] for one in listeners.clients if one.welcome}
        restarts = sum(one.follower.restarts for one in listeners.clients)
        server.assert_clean_log("event=")
    report(f"{verdict.deliveries} deliveries of the true history, {restarts} streams started over by 3 sessions")
    verdict.assert_clean()
    assert max(first) < min(second)
    for one in listeners.clients:
        assert f"c/{lost}" not in one.follower.positions
        assert one.follower.seq(f"c/{room}") == 1 + KEPT + LATER
