"""Files: asked for, put, read, and removed."""

import asyncio
import hashlib
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from msgspec import Struct

from unisono.app.file_links import FileLinks
from unisono.app.options import FileRules
from unisono.app.parts import Parts
from unisono.app.turns import in_turns
from unisono.domain.answers import Done, Upload
from unisono.domain.commands import RemoveFile, RequestUpload
from unisono.domain.errors import KeyReused, NotFound, Timeout, TooLarge
from unisono.domain.files import DAY_MS, DayQuota, check_size, kept_type
from unisono.domain.ids import FileId, Instant, Json, UserId
from unisono.domain.quotas import Quotas, check_attributes
from unisono.ports.files import FileRecord

FILES_AT_ONCE: Final = 100
ID_CHARS: Final = 32
SLACK_MS: Final = 3_600_000
"""So long after the link to put it has ended a file that did not come is forgotten."""
TIDY_EVERY_S: Final = 3_600.0


class Wish(Struct, frozen=True):
    """A file that somebody wants to put here. Without a `size`, in bytes, it may be as large as any.

    One with a `url` lies there and is not put.
    """

    name: str
    type: str
    size: int | None = None
    url: str | None = None
    attributes: dict[str, Json] | None = None


class Filing:
    """The files of one app."""

    def __init__(self, parts: Parts, quotas: Quotas, rules: FileRules) -> None:
        self._parts = parts
        self._quotas = quotas
        self._rules = rules
        self.links = FileLinks(rules)
        self._locks: dict[FileId, asyncio.Lock] = {}
        self._users: Counter[FileId] = Counter()
        self._tidy_at_s = 0.0

    async def answer(self, user: UserId, command: RequestUpload | RemoveFile) -> Upload | Done:
        """Begin an upload for a user, or remove a file of theirs.

        Raises:
            TooLarge: Larger than a file may be.
            LimitReached: The user's files of the day are too many bytes with it.
            NotFound: The user has no such file.
        """
        if isinstance(command, RemoveFile):
            await self.remove_own(user, command.file)
            return Done()
        record = await self.begin(user, Wish(command.name, command.type, command.size))
        put, until = self.links.to_put(record)
        return Upload(record.id, put=put, until=until, url=self.links.to_get(record), type=record.type)

    async def begin(self, owner: UserId | None, wish: Wish) -> FileRecord:
        """Remember a file that is to come, or one that lies elsewhere.

        Raises:
            TooLarge: Larger than a file may be, or with too many attributes.
            LimitReached: The owner's files of the day are too many bytes with it.
        """
        size = 0 if wish.url is not None else self._quotas.file_bytes if wish.size is None else wish.size
        check_size(size, self._quotas)
        check_attributes(wish.attributes, self._quotas)
        now = self._parts.clock.now()
        record = FileRecord(
            self._new_id(),
            owner,
            wish.name,
            kept_type(wish.type),
            size,
            now,
            arrived_at=None if wish.url is None else now,
            url=wish.url,
            attributes=wish.attributes,
        )
        of_all = self._quotas.file_bytes_per_day if owner is not None else self._rules.unowned_bytes_per_day
        await self._parts.files.add(record, DayQuota(now - DAY_MS, of_all))
        return record

    async def put(
        self, file: FileId, given: tuple[str, str], chunks: AsyncIterable[bytes], told_bytes: int | None
    ) -> None:
        """Take the bytes of a file by the link that says so. The same again is no fault.

        Raises:
            Forbidden: The link is over, or none of ours.
            NotFound: The file was removed.
            Timeout: It took longer than the link is good.
            TooLarge: It has more bytes than it was to have.
            KeyReused: It has other bytes already.
            Unavailable: They cannot be written.
        """
        self.links.check("put", file, given, self._parts.clock.now())
        record = await self._known(file)
        if told_bytes is not None and told_bytes > record.size:
            raise TooLarge(what="file", limit_bytes=record.size, bytes=told_bytes)
        left_s = max(0.0, (self.links.to_put(record)[1] - self._parts.clock.now()) / 1000)
        try:
            async with asyncio.timeout(left_s):
                await self._receive(record, chunks)
        except TimeoutError:
            raise Timeout(what="file", limit_s=int(self._rules.upload_s)) from None

    async def _receive(self, record: FileRecord, chunks: AsyncIterable[bytes]) -> None:
        file = record.id
        async with self._parts.file_bytes.receiving(chunks, record.size) as received, self._alone_with(file):
            # While it came it may have been removed, or have come by another request.
            record = await self._known(file)
            if not await received.keep_as(file):
                raise KeyReused()
            if record.arrived_at is None:
                await self._parts.files.arrive(file, received.size, self._parts.clock.now())
                self._parts.telemetry.count("files_kept")

    async def find(self, file: FileId, given: tuple[str, str]) -> FileRecord:
        """Give what is known of a file that is there, by a link to it.

        Raises:
            NotFound: It is not there.
            Forbidden: The link is over, or none of ours.
        """
        self.links.check("get", file, given, self._parts.clock.now())
        return await self.get(file)

    async def get(self, file: FileId) -> FileRecord:
        """Give what is known of a file that is there.

        Raises:
            NotFound: It is not there.
        """
        record = await self._parts.files.find(file)
        if record is None or record.arrived_at is None:
            raise NotFound()
        return record

    def read(self, file: FileId, first: int, size: int) -> AsyncGenerator[bytes, None]:
        """Give bytes of a file; see `FileBytes.read`."""
        return self._parts.file_bytes.read(file, first, size)

    async def remove(self, file: FileId) -> None:
        """Remove a file, wherever it is mentioned. None is no fault."""
        async with self._alone_with(file):
            # In this order: what is known of it is how the bytes are found again if something ends us in between.
            await self._parts.file_bytes.remove(file)
            await self._parts.files.remove(file)

    async def forget(self, file: FileId) -> None:
        """Forget a file that was to come and does not; one that is there stays."""
        record = await self._parts.files.find(file)
        if record is not None and record.arrived_at is None:
            await self.remove(file)

    async def remove_own(self, owner: UserId | None, file: FileId) -> None:
        """Remove a file of somebody's.

        Raises:
            NotFound: There is none, or it is another's.
        """
        record = await self._parts.files.find(file)
        if record is None or record.owner != owner:
            raise NotFound()
        await self.remove(file)

    async def remove_of(self, user: UserId) -> None:
        """Remove all files of a user."""
        while page := await self._parts.files.of_user(user, None, FILES_AT_ONCE):
            for record in page:
                await self.remove(record.id)

    async def of_user(self, user: UserId) -> AsyncIterator[FileRecord]:
        """Give a user's files, the oldest first."""
        after: FileRecord | None = None
        while page := await self._parts.files.of_user(user, after, FILES_AT_ONCE):
            for record in page:
                yield record
            after = page[-1]

    async def sweep(self) -> None:
        """Remove what was to come and never did."""
        await self._remove_old(self._begun_long_ago(), Instant(0))
        if (now_s := self._parts.clock.monotonic_s()) >= self._tidy_at_s:
            await self._parts.file_bytes.tidy(self._begun_long_ago())
            self._tidy_at_s = now_s + TIDY_EVERY_S

    async def trim(self, since: Instant) -> None:
        """Remove files that were begun before an instant."""
        await self._remove_old(Instant(0), since)

    async def _remove_old(self, begun_before: Instant, kept_since: Instant) -> None:
        async def turn() -> bool:
            old = await self._parts.files.old(begun_before, kept_since, FILES_AT_ONCE)
            for file in old:
                await self.remove(file)
            return len(old) == FILES_AT_ONCE

        await in_turns(self._parts.clock, turn)

    def _begun_long_ago(self) -> Instant:
        return Instant(self._parts.clock.now() - int(self._rules.upload_s * 1000) - SLACK_MS)

    async def _known(self, file: FileId) -> FileRecord:
        record = await self._parts.files.find(file)
        if record is None or record.url is not None:
            raise NotFound()
        return record

    def _new_id(self) -> FileId:
        return FileId(hashlib.sha256(self._parts.entropy.secret().encode()).hexdigest()[:ID_CHARS])

    @asynccontextmanager
    async def _alone_with(self, file: FileId) -> AsyncIterator[None]:
        """Keep or remove a file while nobody else on this node does: there are no bytes that no record tells of."""
        self._users[file] += 1
        try:
            async with self._locks.setdefault(file, asyncio.Lock()):
                yield
        finally:
            self._users[file] -= 1
            if not self._users[file]:
                del self._users[file], self._locks[file]
