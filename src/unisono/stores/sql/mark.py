"""A line beside a SQLite file that says how far it had come, so that an older copy in its place is told from it."""

import os
import re
from contextlib import suppress
from pathlib import Path
from typing import Final

from msgspec import Struct

from unisono.domain.ids import Checkpoint, Epoch

_LINE: Final = re.compile(rb"epoch=(\d{20}) file=(\d{20}) place=(\d{20}) position=(\d{20})\n")
_POSITION_AT: Final = len("epoch= file= place= position=") + 3 * 20


class Marked(Struct, frozen=True):
    """What the line says: the epoch, the number of the file (its inode), and the last position committed.

    `place` is when the directory's lock file was made here, in nanoseconds: the system writes it (`ctime`), and nobody
    can set it. Numbers of files are used again, so a directory that is unpacked in its own place may have the old ones.
    """

    epoch: Epoch
    file: int
    place: int
    position: Checkpoint


class Mark:
    """The line. Its position is written after each commit, without a sync: a process that is killed loses none of it.

    After a power cut it may be too low, never too high, as long as the database syncs its commits.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def read(self) -> Marked | None:
        """Give what it says, or None when it is missing or unreadable."""
        try:
            line = _LINE.fullmatch(self._path.read_bytes())
        except OSError:
            return None
        if line is None:
            return None
        epoch, file, place, position = map(int, line.groups())
        return Marked(Epoch(epoch), file, place, Checkpoint(position))

    def write(self, marked: Marked) -> None:
        """Replace the line, durably and at once."""
        numbers = f"file={marked.file:020} place={marked.place:020} position={marked.position:020}"
        text = f"epoch={marked.epoch:020} {numbers}\n"
        new = self._path.with_name(self._path.name + ".new")
        self.close()
        self._descriptor = os.open(new, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        os.write(self._descriptor, text.encode())
        os.fsync(self._descriptor)
        new.rename(self._path)

    def open(self) -> None:
        """Go on with the line that is there."""
        self.close()
        self._descriptor = os.open(self._path, os.O_RDWR | os.O_CLOEXEC)

    def advance(self, position: int) -> None:
        """Note the last position committed. A disk that takes no more is for the database to complain about."""
        if self._descriptor is not None:
            with suppress(OSError):
                os.pwrite(self._descriptor, f"{position:020}".encode(), _POSITION_AT)

    def close(self) -> None:
        """Let the file go."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
