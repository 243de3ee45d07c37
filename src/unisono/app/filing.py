"""Files: asked for, put, read, and removed."""

import asyncio
import hashlib
import hmac
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final

from msgspec import Struct

from unisono.app.file_links import FileLinks
from unisono.app.options import FileRules
from unisono.app.parts import Parts
from unisono.app.turns import in_turns
from unisono.domain.addresses import block_of
from unisono.domain.answers import Done, Upload
from unisono.domain.commands import RemoveFile, RequestUpload
from unisono.domain.errors import KeyReused, NotFound, Overloaded, RateLimited, StorageFull, Timeout, TooLarge
from unisono.domain.files import DayLimits, DayTally, check_size, day_of, kept_type
from unisono.domain.ids import FileId, Instant, Json, UserId
from unisono.domain.quotas import Quotas, check_attributes
from unisono.ports.files import FOLDERS, FileRecord

FILES_AT_ONCE: Final = 100
ID_CHARS: Final = 32
SLACK_MS: Final = 3_600_000
"""So long after the link to put it has ended a file that did not come is forgotten."""
TIDY_EVERY_S: Final = 3_600.0
WALK_EVERY_S: Final = 300.0
"""How often one of the folders is looked through for bytes that no record tells of: all of them within 22 hours."""
WALK_WAIT_S: Final = 3_600.0
"""So long after a start none is: a server that was given the wrong database would take all files for such."""
DAYS_AT_ONCE: Final = 1_000
RETRY_MS: Final = 1_000
NO_ROOM_RETRY_MS: Final = 60_000
"""A disk that is full waits for people."""


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
        self._coming: dict[FileId, int] = {}
        self._tidy_at_s = 0.0
        self._walk_at_s = parts.clock.monotonic_s() + WALK_WAIT_S

    async def answer(self, user: UserId, command: RequestUpload | RemoveFile) -> Upload | Done:
        """Begin an upload for a user, or remove a file of theirs.

        Raises:
            TooLarge: Larger than a file may be.
            LimitReached: The user's files of the day are too many, or too many bytes, with it.
            StorageFull: Too little room would be left with it.
            NotFound: The user has no such file.
        """
        if isinstance(command, RemoveFile):
            await self.remove_own(user, command.file)
            return Done()
        record = await self.begin(user, Wish(command.name, command.type, command.size))
        put, until = self.links.to_put(record)
        return Upload(record.id, put=put, until=until, url=self.links.to_get(record), type=record.type)

    async def begin(self, owner: UserId | None, wish: Wish, address: str | None = None) -> FileRecord:
        """Remember a file that is to come, or one that lies elsewhere.

        What has no owner counts with all of that kind and, where the network address is given that it is wished from,
        with what came from there: no address takes the room of all others.

        Raises:
            TooLarge: Larger than a file may be, or with too many attributes.
            LimitReached: Those of the day that it counts with are too many, or too many bytes, with it.
            StorageFull: Too little room would be left with it.
        """
        size = 0 if wish.url is not None else self._quotas.file_bytes if wish.size is None else wish.size
        check_size(size, self._quotas)
        check_attributes(wish.attributes, self._quotas)
        if wish.url is None:
            await self._check_room(size)
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
            source=None if owner is not None or address is None else self._source_of(address),
        )
        rules, of_one = self._rules, DayTally(self._quotas.file_bytes_per_day, self._quotas.files_per_day)
        of_all = DayTally(rules.unowned_bytes_per_day, rules.unowned_per_day) if owner is None else of_one
        await self._parts.files.add(record, DayLimits(owner=of_all, source=of_one))
        return record

    async def put(
        self, file: FileId, given: tuple[str, str], chunks: AsyncIterable[bytes], told_bytes: int | None
    ) -> None:
        """Take the bytes of a file by the link that says so. The same again is no fault.

        One body at a time is taken for a file, and so many at the same time as have `under_way_bytes` together.

        Raises:
            Forbidden: The link is over, or none of ours.
            NotFound: The file was removed.
            Timeout: It took longer than the link is good.
            TooLarge: It has more bytes than it was to have.
            KeyReused: It has other bytes already.
            RateLimited: They are coming by another request.
            Overloaded: Too many come at the same time.
            StorageFull: Too little room would be left with it.
            Unavailable: They cannot be written.
        """
        self.links.check("put", file, given, self._parts.clock.now())
        record = await self._known(file)
        if record.arrived_at is not None and told_bytes not in {None, record.size}:
            raise KeyReused()
        if told_bytes is not None and told_bytes > record.size:
            raise TooLarge(what="file", limit_bytes=record.size, bytes=told_bytes)
        left_s = max(0.0, (self.links.to_put(record)[1] - self._parts.clock.now()) / 1000)
        try:
            with self._one_more(file, record.size if told_bytes is None else told_bytes):
                async with asyncio.timeout(left_s):
                    await self._check_room(0)
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
                await self._note_arrived(file, received.size)
                self._parts.telemetry.count("files_kept")

    async def _note_arrived(self, file: FileId, size: int) -> None:
        try:
            await self._parts.files.arrive(file, size, self._parts.clock.now())
        except NotFound:
            # Another node removed it after we had looked, and before the bytes were there.
            await self._parts.file_bytes.remove(file)
            raise

    @contextmanager
    def _one_more(self, file: FileId, size: int) -> Iterator[None]:
        """Count a body that comes. One alone may be larger than all together."""
        if file in self._coming:
            raise RateLimited(what="bodies of one file", limit=1, retry_after_ms=RETRY_MS)
        limit = self._rules.under_way_bytes
        if self._coming and (asked := sum(self._coming.values()) + size) > limit:
            raise Overloaded(what="bytes under way", limit=limit, asked=asked, retry_after_ms=RETRY_MS)
        self._coming[file] = size
        try:
            yield
        finally:
            del self._coming[file]

    async def _check_room(self, size: int) -> None:
        """Refuse what would leave too little where files lie, with all that is under way and so many bytes more."""
        if not (wanted := self._rules.free_bytes):
            return
        if await self._parts.file_bytes.free_bytes() - sum(self._coming.values()) - size < wanted:
            self._parts.telemetry.count("limits_hit", label="files.free_bytes")
            raise StorageFull(retry_after_ms=NO_ROOM_RETRY_MS)

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
            # First, so that they are found again by what is known of it if something ends us in between.
            await self._parts.file_bytes.remove(file)
            await self._parts.files.remove(file)
            # Another node may have kept them meanwhile, and said so while it still was known.
            await self._parts.file_bytes.remove(file)

    async def forget(self, file: FileId) -> None:
        """Forget a file that was to come and does not; one that is there stays."""
        async with self._alone_with(file):
            if await self._parts.files.give_up(file):
                await self._parts.file_bytes.remove(file)

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
        """Remove what was to come and never did, and bytes that no record tells of, one folder after the other."""
        await self._remove_old(self._begun_long_ago(), Instant(0), self.forget)
        now_s = self._parts.clock.monotonic_s()
        if now_s >= self._tidy_at_s:
            await self._parts.file_bytes.tidy(self._begun_long_ago())
            await in_turns(self._parts.clock, self._forget_days)
            self._tidy_at_s = now_s + TIDY_EVERY_S
        if now_s >= self._walk_at_s:
            await self._walk(int(self._parts.clock.now() / 1000 / WALK_EVERY_S) % FOLDERS)
            self._walk_at_s = now_s + WALK_EVERY_S

    async def trim(self, since: Instant) -> None:
        """Remove files that were begun before an instant."""
        await self._remove_old(Instant(0), since, self.remove)

    async def _walk(self, folder: int) -> None:
        """Remove bytes in a folder that no record tells of, as crashes, cut waits and older databases leave them.

        A record is there before its bytes, so none that is missing now will ever come.
        """
        kept = await self._parts.file_bytes.kept_in(folder, self._begun_long_ago())
        for start in range(0, len(kept), FILES_AT_ONCE):
            nobodys = await self._parts.files.unknown(kept[start : start + FILES_AT_ONCE])
            for file in nobodys:
                await self._parts.file_bytes.remove(file)
            if nobodys:
                self._parts.telemetry.count("files_unknown", len(nobodys))

    async def _forget_days(self) -> bool:
        # Of yesterday, one may still arrive that was begun before midnight.
        yesterday = day_of(self._parts.clock.now()) - 1
        return await self._parts.files.forget_days(yesterday, DAYS_AT_ONCE) == DAYS_AT_ONCE

    async def _remove_old(
        self, begun_before: Instant, kept_since: Instant, remove: Callable[[FileId], Awaitable[None]]
    ) -> None:
        async def turn() -> bool:
            old = await self._parts.files.old(begun_before, kept_since, FILES_AT_ONCE)
            for file in old:
                await remove(file)
            return len(old) == FILES_AT_ONCE

        await in_turns(self._parts.clock, turn)

    def _begun_long_ago(self) -> Instant:
        return Instant(self._parts.clock.now() - int(self._rules.upload_s * 1000) - SLACK_MS)

    async def _known(self, file: FileId) -> FileRecord:
        record = await self._parts.files.find(file)
        if record is None or record.url is not None:
            raise NotFound()
        return record

    def _source_of(self, address: str) -> str:
        said = f"source\n{block_of(address)}".encode()
        return hmac.new(self._rules.secret, said, hashlib.sha256).hexdigest()[:ID_CHARS]

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
