"""The disk that forgets must forget exactly what was never synced: proved with plain files and with bare SQLite."""

import sqlite3
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from tests.support.lossy_disk import LossyDisk, UntracedError, compile_shim
from tests.support.lossy_disk.replay import HEAD

RUN_TIMEOUT_S = 30


@pytest.fixture(scope="module")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compile the shim once."""
    return compile_shim(tmp_path_factory.mktemp("shim"))


@pytest.fixture
def disk(tmp_path: Path, shim: Path) -> LossyDisk:
    """Give an empty disk."""
    return LossyDisk(tmp_path / "disk", shim)


def run(disk: LossyDisk, program: str) -> str:
    """Run a Python program on the disk, in its root."""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=disk.root,
        env=disk.environment,
        timeout=RUN_TIMEOUT_S,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout


SYNCED_FILE = """
import os
file = os.open("file", os.O_RDWR | os.O_CREAT)
os.write(file, b"kept"); os.fsync(file)
directory = os.open(".", os.O_RDONLY); os.fsync(directory); os.close(directory)
"""


def test_what_was_synced_survives_and_what_was_not_is_forgotten(disk: LossyDisk) -> None:
    run(disk, SYNCED_FILE + "os.write(file, b' lost'); os.pwrite(file, b'X', 0)")
    assert (disk.root / "file").read_bytes() == b"Xept lost"
    disk.replay().assert_complete(disk.root)
    assert disk.replay().unsafe_bytes == 6
    disk.lose_power()
    assert (disk.root / "file").read_bytes() == b"kept"


def test_what_was_written_while_a_sync_ran_is_not_safe_by_it(disk: LossyDisk) -> None:
    run(disk, SYNCED_FILE + "os.write(file, b' lost')")
    journal = Path(disk.environment["LOSSY_DISK_JOURNAL"])
    entries = journal.read_bytes()
    late = entries.index(b" lost") - HEAD.size
    during_sync = entries.index(b"kept") + len(b"kept") + HEAD.size
    journal.write_bytes(entries[:during_sync] + entries[late:] + entries[during_sync:late])
    disk.lose_power()
    assert (disk.root / "file").read_bytes() == b"kept"


def test_a_name_is_safe_only_after_its_directory_was_synced(disk: LossyDisk) -> None:
    run(disk, "import os; file = os.open('file', os.O_RDWR | os.O_CREAT); os.write(file, b'x'); os.fsync(file)")
    disk.lose_power()
    assert not (disk.root / "file").exists()


def test_truncation_removal_and_renaming_are_forgotten_too(disk: LossyDisk) -> None:
    setup = """
import os
def put(name, text):
    file = os.open(name, os.O_RDWR | os.O_CREAT); os.write(file, text); os.fsync(file); return file
long = put("long", b"0123456789"); put("gone", b"gone"); put("old", b"old"); put("new", b"new"); put("again", b"first")
directory = os.open(".", os.O_RDONLY); os.fsync(directory)
"""
    change = "os.ftruncate(long, 3); os.unlink('gone'); os.replace('new', 'old'); open('again', 'w').close()\n"
    run(disk, setup + change)
    disk.replay().assert_complete(disk.root)
    assert {path.name for path in disk.root.iterdir()} == {"long", "old", "again"}
    disk.lose_power()
    left = {path.name: path.read_bytes() for path in disk.root.iterdir()}
    assert left == {"long": b"0123456789", "gone": b"gone", "old": b"old", "new": b"new", "again": b"first"}
    run(disk, setup + change + "os.fsync(long); os.fsync(directory)")
    disk.lose_power()
    left = {path.name: path.read_bytes() for path in disk.root.iterdir()}
    assert left == {"long": b"012", "old": b"new", "again": b"first"}


def test_a_second_name_is_another_way_to_the_same_file(disk: LossyDisk) -> None:
    run(disk, SYNCED_FILE + "os.link('file', 'second'); os.unlink('file'); os.fsync(os.open('.', os.O_RDONLY))")
    disk.replay().assert_complete(disk.root)
    disk.lose_power()
    assert {path.name: path.read_bytes() for path in disk.root.iterdir()} == {"second": b"kept"}


def test_an_inode_that_is_used_again_is_another_file(disk: LossyDisk) -> None:
    program = """
import os
for turn in range(20):
    file = os.open("f%d" % turn, os.O_RDWR | os.O_CREAT); os.write(file, b"turn %d" % turn); os.fsync(file)
    os.close(file)
    if turn: os.unlink("f%d" % (turn - 1))
os.fsync(os.open(".", os.O_RDONLY))
"""
    run(disk, program)
    disk.replay().assert_complete(disk.root)
    disk.lose_power()
    assert {path.name: path.read_bytes() for path in disk.root.iterdir()} == {"f19": b"turn 19"}


def test_a_write_past_the_shim_is_noticed(disk: LossyDisk) -> None:
    run(disk, SYNCED_FILE)
    (disk.root / "file").write_bytes(b"by somebody else")
    with pytest.raises(UntracedError, match="file"):
        disk.replay().assert_complete(disk.root)


def test_with_luck_some_unsynced_writes_survive_and_some_are_torn(disk: LossyDisk) -> None:
    grow = "\nfor at in range(64): os.pwrite(file, bytes([at + 1]) * 1024, 4096 + 1024 * at)"
    run(disk, SYNCED_FILE + grow)
    contents = {disk.replay().after_power_loss(Random(seed))["file"] for seed in range(5)}
    assert len(contents) == 5
    whole = disk.replay().everything()["file"]
    for content in contents:
        assert content.startswith(b"kept")
        assert content != whole
        assert any(content[at : at + 512] == whole[at : at + 512] for at in range(4096, len(content), 512))


DATABASE = """
import os, sqlite3, signal, sys
base = sqlite3.connect("base.db", isolation_level=None)
base.execute("PRAGMA journal_mode=WAL"); base.execute("PRAGMA synchronous={mode}")
base.execute("CREATE TABLE IF NOT EXISTS kept (number INTEGER PRIMARY KEY, text TEXT)")
first = base.execute("SELECT count(*) FROM kept").fetchone()[0]
for number in range(first, first + {rows}):
    base.execute("BEGIN IMMEDIATE"); base.execute("INSERT INTO kept VALUES (?, ?)", (number, "x" * 500))
    base.execute("COMMIT")
print(first + {rows}, flush=True)
os._exit(0)
"""


def rows_of(disk: LossyDisk) -> int:
    """Count the rows that are left, all of them whole."""
    base = sqlite3.connect(disk.root / "base.db")
    try:
        assert base.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        numbers = [number for (number,) in base.execute("SELECT number FROM kept ORDER BY number")]
    except sqlite3.OperationalError:
        return 0
    finally:
        base.close()
    assert numbers == list(range(len(numbers)))
    return len(numbers)


@pytest.mark.parametrize("seed", [None, 1, *(pytest.param(seed, marks=pytest.mark.full) for seed in (2, 3))])
def test_full_sqlite_keeps_every_commit_through_power_losses(disk: LossyDisk, seed: int | None) -> None:
    chance = None if seed is None else Random(seed)
    for rows in (40, 300, 2500):
        told = int(run(disk, DATABASE.format(mode="FULL", rows=rows)))
        disk.replay().assert_complete(disk.root)
        disk.lose_power(chance)
        assert rows_of(disk) == told
        disk = LossyDisk(disk.root, Path(disk.environment["LD_PRELOAD"]))


@pytest.mark.parametrize("seed", [None, 1, 2, 3])
def test_normal_sqlite_loses_commits_but_no_more_than_the_newest(disk: LossyDisk, seed: int | None) -> None:
    """The control: were it to keep them all, the disk would not forget and the test above would prove nothing."""
    told = int(run(disk, DATABASE.format(mode="NORMAL", rows=300)))
    disk.lose_power(None if seed is None else Random(seed))
    assert rows_of(disk) < told
