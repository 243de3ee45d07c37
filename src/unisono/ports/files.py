"""Files of one app: their bytes, and what is known of them. A file is never changed: another one is another file."""

from collections.abc import AsyncGenerator, AsyncIterable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Final, Protocol

from msgspec import Struct

from unisono.domain.files import DayLimits
from unisono.domain.ids import FileId, Instant, Json, UserId


class FileRecord(Struct, frozen=True, omit_defaults=True):
    """What is known of a file.

    `size` is in bytes; until it has arrived, at `arrived_at`, that is the most that it may have. One without an owner
    was uploaded by somebody who did not say who they are. One with a `url` lies elsewhere, and has no bytes here.
    `attributes` are what the uploader says of it. `source` stands for the network address that one without an owner is
    from, which it does not tell.
    """

    id: FileId
    owner: UserId | None
    name: str
    type: str
    size: int
    created_at: Instant
    arrived_at: Instant | None = None
    url: str | None = None
    attributes: dict[str, Json] | None = None
    source: str | None = None


class FileRecords(Protocol):
    """Records of files.

    Those of an owner are counted by the day on which they were begun, and so are those from one source among them: what
    is known counts its `size`, what was forgotten counts no more.
    """

    async def add(self, record: FileRecord, limits: DayLimits) -> None:
        """Remember a file, if those of its day do not become too many with it. Durable on return.

        Looking and writing are one: two at the same time, on different nodes, too, cannot both take the last room. It
        takes no longer the more files there are.

        Raises:
            LimitReached: They would.
        """

    async def arrive(self, file: FileId, size: int, at: Instant) -> None:
        """Note that its bytes are there, once; a later call changes nothing. Durable on return.

        Raises:
            NotFound: It was forgotten; its bytes are nobody's.
        """

    async def find(self, file: FileId) -> FileRecord | None:
        """Give what is known of a file."""

    async def of_user(self, user: UserId, after: FileRecord | None, limit: int) -> Sequence[FileRecord]:
        """List a user's files, the oldest first, from behind `after`."""

    async def old(self, begun_before: Instant, kept_since: Instant, limit: int) -> Sequence[FileId]:
        """List files that have not arrived and were begun before an instant, and those from before another one."""

    async def unknown(self, files: Sequence[FileId]) -> Sequence[FileId]:
        """List those of some files that nothing is known of."""

    async def remove(self, file: FileId) -> None:
        """Forget a file. One that is not known is no fault. Durable on return."""

    async def give_up(self, file: FileId) -> bool:
        """Forget a file that has not arrived; False if it has. Looking and forgetting are one. Durable on return."""

    async def forget_days(self, before: int, limit: int) -> int:
        """Forget some counts of days before one, no more than `limit`; give how many. Nothing is begun on those."""


class Received(Protocol):
    """Bytes that came whole and are on disk, and not yet anybody's."""

    @property
    def size(self) -> int:
        """How many."""

    async def keep_as(self, file: FileId) -> bool:
        """Make them the bytes of a file, durably and at once; False if the file has other bytes already.

        The same again is no fault. A file never shows a part of its bytes, whatever ends the process meanwhile.

        Raises:
            Unavailable: They cannot be written.
        """


FOLDERS: Final = 256
"""So many the bytes lie in, by the first two digits of the id: some file systems are slow with a million names."""


class FileBytes(Protocol):
    """The bytes of files, by id."""

    def receiving(self, chunks: AsyncIterable[bytes], limit_bytes: int) -> AbstractAsyncContextManager[Received]:
        """Take bytes as they come and lend them while inside; what was not kept by then is gone.

        Raises:
            TooLarge: More than `limit_bytes` came; no more of them was read.
            Unavailable: They cannot be written.
        """

    def read(self, file: FileId, first: int, size: int) -> AsyncGenerator[bytes, None]:
        """Give `size` bytes from the one at `first` on, counted from 0, in parts; to be taken to its end, or closed.

        Raises:
            NotFound: The file has no bytes.
            Unavailable: They cannot be read.
        """

    async def free_bytes(self) -> int:
        """Say how many more bytes could be written where they lie.

        Raises:
            Unavailable: Nobody can say.
        """

    async def remove(self, file: FileId) -> None:
        """Remove them. None is no fault."""

    async def tidy(self, before: Instant) -> None:
        """Remove what was received in part before an instant by a process that ended meanwhile."""

    async def kept_in(self, folder: int, before: Instant) -> Sequence[FileId]:
        """List the files in one of the `FOLDERS`, counted from 0, that have bytes since before an instant."""
