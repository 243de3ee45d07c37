"""Rebuilds from the shim's journal what a disk holds after the power was lost.

Safe is what was written to a file before a sync of that file began that has ended. A name is safe once its directory
was synced likewise: a file whose directory never was is gone, and a removed one is back. Directories themselves are
taken as safe. SQLite's `-shm` is a mapping that need not survive, so it is left out.
"""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path, PurePosixPath
from random import Random
from typing import Final

HEAD: Final = struct.Struct("=IIQQQ")
SECTOR_BYTES: Final = 512
UNSAFE_SUFFIX: Final = "-shm"


class Kind(IntEnum):
    """What was noted; the numbers are the shim's."""

    CREATE = 1
    WRITE = 2
    TRUNCATE = 3
    SYNC_BEGIN = 4
    SYNC_END = 5
    RENAME = 6
    UNLINK = 7
    OPEN = 8
    LINK = 9


class UntracedError(AssertionError):
    """The directory holds something that the journal does not explain."""


@dataclass(frozen=True, slots=True)
class Record:
    """One entry. `offset` is a write's place, a truncation's length or a sync's number; `data` or a rename's target."""

    kind: Kind
    path: str
    file: int
    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Change:
    """A write, or a truncation to `offset` when there are no `data`."""

    offset: int
    data: bytes | None

    def apply(self, content: bytearray) -> None:
        """Do it."""
        if self.data is None:
            del content[self.offset :]
            content.extend(bytes(self.offset - len(content)))
            return
        content.extend(bytes(max(0, self.offset - len(content))))
        content[self.offset : self.offset + len(self.data)] = self.data


@dataclass(slots=True)
class File:
    """One file: what is safe of it, and what happened to it since. `done` counts all changes it ever had."""

    safe: bytearray = field(default_factory=bytearray)
    pending: list[Change] = field(default_factory=list)
    done: int = 0

    def change(self, change: Change) -> None:
        """Take one more change."""
        self.pending.append(change)
        self.done += 1

    def make_safe(self, until: int) -> None:
        """Have the changes survive that were done when `done` was `until`. Syncs may overlap and end in any order."""
        count = max(0, until - (self.done - len(self.pending)))
        for change in self.pending[:count]:
            change.apply(self.safe)
        del self.pending[:count]

    def content(self, survivors: Iterator[Change] | None = None) -> bytes:
        """Give what is safe with some of the pending changes on top, all of them when not told which."""
        content = bytearray(self.safe)
        for change in self.pending if survivors is None else survivors:
            change.apply(content)
        return bytes(content)


def read_journal(journal: Path) -> Iterator[Record]:
    """Read the entries; one that was cut off by the end of its process ends the journal."""
    raw = journal.read_bytes() if journal.exists() else b""
    at = 0
    while at + HEAD.size <= len(raw):
        kind, path_bytes, file, offset, data_bytes = HEAD.unpack_from(raw, at)
        path_at = at + HEAD.size
        at = path_at + path_bytes + data_bytes
        if at > len(raw):
            return
        path = raw[path_at : path_at + path_bytes].decode()
        yield Record(Kind(kind), path, file, offset, raw[path_at + path_bytes : at])


class Replay:
    """The disk as the journal tells it, on top of what was there before."""

    def __init__(self, base: Mapping[str, bytes], journal: Path) -> None:
        self._live: dict[str, File] = {path: File(bytearray(content)) for path, content in base.items()}
        self._safe_names: dict[str, File] = dict(self._live)
        self._files: dict[int, File] = {}
        self._directories: dict[int, str] = {}
        self._file_syncs: dict[int, tuple[File, int]] = {}
        self._directory_syncs: dict[int, dict[str, File]] = {}
        self.records = 0
        for record in read_journal(journal):
            self.records += 1
            self._take(record)

    @property
    def unsafe_bytes(self) -> int:
        """Count what was written and would be forgotten."""
        return sum(len(change.data or b"") for file in self._kept(self._live).values() for change in file.pending)

    def everything(self) -> dict[str, bytes]:
        """Give the files as the processes saw them: nothing forgotten."""
        return {path: file.content() for path, file in self._kept(self._live).items()}

    def after_power_loss(self, chance: Random | None = None) -> dict[str, bytes]:
        """Give the files that are left. With `chance`, some unsafe names and writes survive, partly torn."""
        names = dict(self._safe_names)
        if chance is not None:
            names |= {path: file for path, file in self._live.items() if path not in names and chance.random() < 0.5}
        return {
            path: file.content(iter(()) if chance is None else _lucky(file.pending, chance))
            for path, file in self._kept(names).items()
        }

    def assert_complete(self, root: Path) -> None:
        """Check that the journal explains the whole directory.

        Raises:
            UntracedError: Something wrote past the shim.

        """
        there, told = read_tree(root), self.everything()
        differing = sorted(path for path in there.keys() | told.keys() if there.get(path) != told.get(path))
        if differing:
            raise UntracedError(f"not explained by the journal: {', '.join(differing)}")

    def _kept(self, names: Mapping[str, File]) -> dict[str, File]:
        return {path: file for path, file in names.items() if not path.endswith(UNSAFE_SUFFIX)}

    def _take(self, record: Record) -> None:
        match record.kind:
            case Kind.CREATE:
                self._files[record.file] = self._live[record.path] = File()
            case Kind.OPEN:
                self._take_open(record)
            case Kind.WRITE:
                self._files[record.file].change(Change(record.offset, record.data))
            case Kind.TRUNCATE:
                self._files[record.file].change(Change(record.offset, None))
            case Kind.SYNC_BEGIN:
                self._begin_sync(record)
            case Kind.SYNC_END:
                self._end_sync(record)
            case Kind.RENAME:
                self._live[record.data.decode()] = self._live.pop(record.path)
            case Kind.LINK:
                self._live[record.data.decode()] = self._live[record.path]
            case Kind.UNLINK:
                self._live.pop(record.path, None)

    def _take_open(self, record: Record) -> None:
        if (known := self._live.get(record.path)) is not None:
            self._files[record.file] = known
        else:
            self._directories[record.file] = record.path

    def _begin_sync(self, record: Record) -> None:
        if (file := self._files.get(record.file)) is not None:
            self._file_syncs[record.offset] = (file, file.done)
        elif (directory := self._directories.get(record.file)) is not None:
            self._directory_syncs[record.offset] = {
                path: file for path, file in self._live.items() if _is_in(directory, path)
            }

    def _end_sync(self, record: Record) -> None:
        if (begun := self._file_syncs.pop(record.offset, None)) is not None:
            file, until = begun
            file.make_safe(until)
        elif (names := self._directory_syncs.pop(record.offset, None)) is not None:
            directory = self._directories[record.file]
            others = {path: file for path, file in self._safe_names.items() if not _is_in(directory, path)}
            self._safe_names = others | names


def _is_in(directory: str, path: str) -> bool:
    return str(PurePosixPath(path).parent) == (directory or ".")


def _lucky(pending: list[Change], chance: Random) -> Iterator[Change]:
    """Choose the changes that reached the platter anyway: whole, torn at sectors, or not at all."""
    for change in pending:
        fate = chance.random()
        if fate < 0.4:
            yield change
        elif fate < 0.6 and change.data is not None:
            yield from _torn(change.offset, change.data, chance)


def _torn(offset: int, content: bytes, chance: Random) -> Iterator[Change]:
    for at in range(0, len(content), SECTOR_BYTES):
        if chance.random() < 0.5:
            yield Change(offset + at, content[at : at + SECTOR_BYTES])


def read_tree(root: Path) -> dict[str, bytes]:
    """Read all files below a directory that must survive."""
    files = (path for path in root.rglob("*") if path.is_file() and not path.name.endswith(UNSAFE_SUFFIX))
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in files}


def write_tree(root: Path, files: Mapping[str, bytes]) -> None:
    """Write files below a directory."""
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)
