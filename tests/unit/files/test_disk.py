"""Bytes of files on disk: whole or not there, never another file's, and no trace of what broke off."""

import os
import resource
import shutil
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import pytest

from tests.support.time_and_chance import CountingEntropy
from unisono.domain.errors import NotFound, TooLarge, Unavailable
from unisono.domain.ids import FileId, Instant
from unisono.files.disk import PART_BYTES, DiskFiles

CAT, DOG = FileId("ca" + "0" * 30), FileId("d0" + "0" * 30)


@pytest.fixture
def disk(tmp_path: Path) -> DiskFiles:
    return DiskFiles(tmp_path / "files", CountingEntropy())


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def keep(disk: DiskFiles, file: FileId, *parts: bytes, limit: int = 1 << 30) -> bool:
    async with disk.receiving(chunks(*parts), limit) as received:
        assert received.size == sum(map(len, parts))
        return await received.keep_as(file)


async def content(disk: DiskFiles, file: FileId, first: int = 0, size: int = 1 << 30) -> bytes:
    async with aclosing(disk.read(file, first, size)) as parts:
        return b"".join([part async for part in parts])


def on_disk(tmp_path: Path) -> list[str]:
    return sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file())


async def test_a_file_has_the_bytes_that_came(disk: DiskFiles, tmp_path: Path) -> None:
    large = os.urandom(3 * PART_BYTES + 7)
    assert await keep(disk, CAT, large[:1000], large[1000:])
    assert await keep(disk, DOG)
    assert await content(disk, CAT) == large
    assert await content(disk, CAT, 5, 2 * PART_BYTES) == large[5 : 5 + 2 * PART_BYTES]
    assert await content(disk, CAT, len(large) - 2) == large[-2:]
    assert await content(disk, DOG) == b""
    assert on_disk(tmp_path) == [f"files/ca/{CAT}", f"files/d0/{DOG}"]


async def test_nobody_else_on_the_machine_reads_them(disk: DiskFiles, tmp_path: Path) -> None:
    await keep(disk, CAT, b"mine")
    paths = list((tmp_path / "files").rglob("*"))
    assert {path.stat().st_mode & 0o77 for path in (tmp_path / "files", *paths)} == {0}


async def test_a_file_that_is_there_is_never_changed(disk: DiskFiles, tmp_path: Path) -> None:
    assert await keep(disk, CAT, b"first")
    assert await keep(disk, CAT, b"fir", b"st")
    assert not await keep(disk, CAT, b"other")
    assert await content(disk, CAT) == b"first"
    assert on_disk(tmp_path) == [f"files/ca/{CAT}"]


async def test_what_is_too_large_is_not_read_on_and_leaves_nothing(disk: DiskFiles, tmp_path: Path) -> None:
    asked = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal asked
        while True:
            asked += 1
            yield b"x" * 10

    with pytest.raises(TooLarge) as refused:
        async with disk.receiving(endless(), 25):
            pass
    assert (refused.value.numbers["limit_bytes"], asked) == (25, 3)
    assert await keep(disk, CAT, b"x" * 25, limit=25)
    assert on_disk(tmp_path) == [f"files/ca/{CAT}"]


async def test_what_breaks_off_leaves_nothing(disk: DiskFiles, tmp_path: Path) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"x" * PART_BYTES
        raise ConnectionError

    with pytest.raises(ConnectionError):
        async with disk.receiving(broken(), 1 << 30):
            pass
    async with disk.receiving(chunks(b"not wanted"), 99):
        pass
    assert on_disk(tmp_path) == []
    with pytest.raises(NotFound):
        await content(disk, CAT)


async def test_what_a_process_left_that_ended_in_the_middle_goes_later(disk: DiskFiles, tmp_path: Path) -> None:
    await disk.tidy(Instant(0))
    await keep(disk, CAT, b"here")
    left, busy = tmp_path / "files" / "incoming" / "left", tmp_path / "files" / "incoming" / "busy"
    for path, at in ((left, 1000), (busy, 2000)):
        path.write_bytes(b"half")
        os.utime(path, (at, at))
    await disk.tidy(Instant(1_500_000))
    assert on_disk(tmp_path) == [f"files/ca/{CAT}", "files/incoming/busy"]


async def test_the_files_of_a_folder_are_listed_from_an_age_on(disk: DiskFiles, tmp_path: Path) -> None:
    young = FileId("ca" + "1" * 30)
    for file, at in ((CAT, 1000), (young, 2000), (DOG, 1000)):
        await keep(disk, file, b"here")
        os.utime(tmp_path / "files" / file[:2] / file, (at, at))
    (tmp_path / "files" / "ca" / "notes.txt").write_bytes(b"somebody else's")
    assert await disk.kept_in(0xCA, Instant(1_500_000)) == [CAT]
    assert sorted(await disk.kept_in(0xCA, Instant(2_000_001))) == [CAT, young]
    assert list(await disk.kept_in(0x00, Instant(1 << 40))) == []


async def test_removed_bytes_are_gone_and_removing_nothing_is_no_fault(disk: DiskFiles, tmp_path: Path) -> None:
    await keep(disk, CAT, b"here")
    for _ in range(2):
        await disk.remove(CAT)
    assert on_disk(tmp_path) == []
    with pytest.raises(NotFound):
        await content(disk, CAT)


async def test_the_room_that_is_left_is_that_of_the_disk_they_lie_on(disk: DiskFiles, tmp_path: Path) -> None:
    before = await disk.free_bytes()
    assert not (tmp_path / "files").exists()
    free = shutil.disk_usage(tmp_path).free
    # Others write there meanwhile.
    assert abs(before - free) < 1 << 30
    assert await keep(disk, CAT, b"x")
    assert abs(await disk.free_bytes() - free) < 1 << 30


async def test_a_disk_that_takes_nothing_is_said_to_be_away(tmp_path: Path) -> None:
    (tmp_path / "files").write_text("no folder")
    disk = DiskFiles(tmp_path / "files", CountingEntropy())
    with pytest.raises(Unavailable, match="files"):
        await keep(disk, CAT, b"x")
    full = DiskFiles(tmp_path / "elsewhere", CountingEntropy())
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        for size in (1001, PART_BYTES):
            with pytest.raises(Unavailable, match="large"):
                await keep(full, CAT, b"x" * size)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert on_disk(tmp_path / "elsewhere") == []
