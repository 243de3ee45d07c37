"""The records of files in memory."""

from collections.abc import Sequence

from msgspec import structs

from unisono.domain.errors import NotFound
from unisono.domain.files import DayLimits, DayTally, check_day, counted_bytes, day_of
from unisono.domain.ids import FileId, Instant, UserId
from unisono.ports.files import FileRecord
from unisono.stores.memory.state import State


class MemoryFiles:
    """Implements `ports.files.FileRecords`."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._records: dict[FileId, FileRecord] = {}

    async def add(self, record: FileRecord, limits: DayLimits) -> None:
        """Count, then note."""
        self._state.check_open()
        day = day_of(record.created_at)
        today = [e for e in self._records.values() if e.owner == record.owner and day_of(e.created_at) == day]
        check_day(_tally(today), record.size, limits.owner)
        if record.source is not None:
            check_day(_tally([e for e in today if e.source == record.source]), record.size, limits.source)
        self._records[record.id] = record

    async def arrive(self, file: FileId, size: int, at: Instant) -> None:
        """Note it, once."""
        self._state.check_open()
        record = self._records.get(file)
        if record is None:
            raise NotFound()
        if record.arrived_at is None:
            self._records[file] = structs.replace(record, size=size, arrived_at=at)

    async def find(self, file: FileId) -> FileRecord | None:
        """Give it."""
        self._state.check_open()
        return self._records.get(file)

    async def of_user(self, user: UserId, after: FileRecord | None, limit: int) -> Sequence[FileRecord]:
        """List them."""
        self._state.check_open()
        start = (Instant(-1), "") if after is None else (after.created_at, after.id)
        mine = [each for each in self._records.values() if each.owner == user and (each.created_at, each.id) > start]
        return sorted(mine, key=lambda each: (each.created_at, each.id))[:limit]

    async def old(self, begun_before: Instant, kept_since: Instant, limit: int) -> Sequence[FileId]:
        """List those that are to go."""
        self._state.check_open()
        found = [
            each
            for each in self._records.values()
            if each.created_at < (begun_before if each.arrived_at is None else kept_since)
        ]
        return [each.id for each in sorted(found, key=lambda each: (each.created_at, each.id))[:limit]]

    async def unknown(self, files: Sequence[FileId]) -> Sequence[FileId]:
        """Look for each."""
        self._state.check_open()
        return [file for file in files if file not in self._records]

    async def remove(self, file: FileId) -> None:
        """Forget it."""
        self._state.check_open()
        self._records.pop(file, None)

    async def give_up(self, file: FileId) -> bool:
        """Forget it, unless it is there."""
        self._state.check_open()
        record = self._records.get(file)
        if record is not None and record.arrived_at is not None:
            return False
        self._records.pop(file, None)
        return True

    async def forget_days(self, before: int, limit: int) -> int:
        """Do nothing: days are counted when they are asked for."""
        del before, limit
        self._state.check_open()
        return 0


def _tally(records: Sequence[FileRecord]) -> DayTally:
    return DayTally(sum(counted_bytes(each.size) for each in records), len(records))
