"""The bytes of files in a folder of this machine.

A file's path is made of its id alone, which is ours: no word of a client is ever part of a path. Bytes come into a
folder of their own, are synced, and get their name by a link, which is there or not there and never replaces another.
"""

import asyncio
import filecmp
import os
import re
import shutil
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from io import BufferedReader, BufferedWriter
from pathlib import Path
from typing import Final, ParamSpec, TypeVar

from unisono.domain.errors import NotFound, TooLarge, Unavailable
from unisono.domain.ids import FileId, Instant
from unisono.ports.clock import Entropy

PART_BYTES: Final = 256 * 1024
"""What is written or read at a time: large enough that going to another thread for it costs little."""
INCOMING: Final = "incoming"
FOLDER_DIGITS: Final = 2
_ID: Final = re.compile(r"[0-9a-f]{32}")
FOLDER_MODE: Final = 0o700
FILE_MODE: Final = 0o600

P = ParamSpec("P")
T = TypeVar("T")


class DiskFiles:
    """Implements `ports.files.FileBytes`."""

    def __init__(self, folder: Path, entropy: Entropy) -> None:
        """Take a folder, made when the first file comes. Several nodes may share one."""
        self._folder = folder
        self._entropy = entropy

    @asynccontextmanager
    async def receiving(self, chunks: AsyncIterable[bytes], limit_bytes: int) -> AsyncIterator["DiskReceived"]:
        """Take bytes as they come and lend them while inside."""
        draft = self._folder / INCOMING / self._entropy.secret()
        target = await _done(_create, self._folder, draft)
        try:
            size = await _write(target, chunks, limit_bytes)
            await _done(_sync, target)
            yield DiskReceived(draft, size, self._path)
        finally:
            _drop(target, draft)

    async def read(self, file: FileId, first: int, size: int) -> AsyncGenerator[bytes, None]:
        """Give bytes of a file in parts."""
        try:
            source = await _done(_open, self._path(file), first)
        except FileNotFoundError:
            raise NotFound() from None
        with source:
            while size > 0 and (part := await _done(source.read, min(size, PART_BYTES))):
                size -= len(part)
                yield part

    async def free_bytes(self) -> int:
        """Say what the file system leaves to a user like ours."""
        return await _done(_free_bytes, self._folder)

    async def remove(self, file: FileId) -> None:
        """Remove the bytes of a file."""
        await _done(_remove, self._path(file))

    async def tidy(self, before: Instant) -> None:
        """Remove drafts that nobody is at any more."""
        await _done(_tidy, self._folder / INCOMING, before / 1000)

    async def kept_in(self, folder: int, before: Instant) -> Sequence[FileId]:
        """List the files in one of the folders."""
        return await _done(_kept_in, self._folder / f"{folder:0{FOLDER_DIGITS}x}", before / 1000)

    def _path(self, file: FileId) -> Path:
        return self._folder / file[:FOLDER_DIGITS] / file


class DiskReceived:
    """Implements `ports.files.Received`."""

    def __init__(self, draft: Path, size: int, path_of: Callable[[FileId], Path]) -> None:
        self.size: Final = size
        self._draft = draft
        self._path_of = path_of

    async def keep_as(self, file: FileId) -> bool:
        """Link them to their place, or compare with what is there."""
        return await _done(_keep, self._draft, self._path_of(file))


async def _done(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Do what blocks in another thread.

    Raises:
        Unavailable: The disk is full, read-only, or worse.
    """
    try:
        return await asyncio.to_thread(work, *args, **kwargs)
    except FileNotFoundError:
        raise
    except OSError as problem:
        raise Unavailable(part="files", reason=problem.strerror or type(problem).__name__) from None


async def _write(target: BufferedWriter, chunks: AsyncIterable[bytes], limit_bytes: int) -> int:
    """Write what comes, in large parts; give how much it was."""
    size, part = 0, bytearray()
    async for chunk in chunks:
        size += len(chunk)
        if size > limit_bytes:
            raise TooLarge(what="file", limit_bytes=limit_bytes)
        part += chunk
        if len(part) >= PART_BYTES:
            await _done(target.write, bytes(part))
            part.clear()
    await _done(target.write, bytes(part))
    return size


def _create(folder: Path, draft: Path) -> BufferedWriter:
    for each in (folder, draft.parent):
        each.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    return os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE), "wb")


def _sync(target: BufferedWriter) -> None:
    target.flush()
    os.fsync(target.fileno())


def _keep(draft: Path, path: Path) -> bool:
    if not path.parent.exists():
        path.parent.mkdir(mode=FOLDER_MODE, exist_ok=True)
        _sync_folder(path.parent.parent)
    try:
        os.link(draft, path)
    except FileExistsError:
        return filecmp.cmp(draft, path, shallow=False)
    _sync_folder(path.parent)
    return True


def _sync_folder(folder: Path) -> None:
    """Have the names in a folder outlast a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _open(path: Path, first: int) -> BufferedReader:
    source = path.open("rb")
    source.seek(first)
    return source


def _free_bytes(folder: Path) -> int:
    # The folder is made with the first file.
    there = next(each for each in (folder, *folder.absolute().parents) if each.exists())
    return shutil.disk_usage(there).free


def _remove(path: Path) -> None:
    if path.exists():
        path.unlink(missing_ok=True)
        _sync_folder(path.parent)


def _drop(target: BufferedWriter, draft: Path) -> None:
    # What a full disk did not take would be tried once more.
    with suppress(OSError):
        target.close()
    draft.unlink(missing_ok=True)


def _tidy(incoming: Path, before_s: float) -> None:
    for draft in incoming.glob("*"):
        # Somebody may have been faster.
        if draft.exists() and draft.stat().st_mtime < before_s:
            draft.unlink(missing_ok=True)


def _kept_in(folder: Path, before_s: float) -> Sequence[FileId]:
    try:
        with os.scandir(folder) as entries:
            return [FileId(each.name) for each in entries if _ID.fullmatch(each.name) and _is_older(each, before_s)]
    except FileNotFoundError:
        return ()


def _is_older(entry: "os.DirEntry[str]", before_s: float) -> bool:
    try:
        return entry.stat(follow_symlinks=False).st_mtime < before_s
    except FileNotFoundError:
        # Somebody was faster.
        return False
