"""Pages of answers, bounded in number and in bytes: a page is one frame, and must fit the outbox of whoever asked."""

from typing import Final, Generic, TypeVar

import msgspec
from msgspec import Struct

PAGE_BYTES: Final = 128 * 1024
"""What the entries of a page take in their JSON form, but for the first."""
STEP: Final = 100
"""Entries loaded at a time, so that a page of large ones is not loaded in vain."""

Entry = TypeVar("Entry", bound=Struct)


class Page(Generic[Entry]):
    """The first of some entries: up to `limit`, fewer of large ones, one at least."""

    def __init__(self, limit: int) -> None:
        self.entries: list[Entry] = []
        self._limit = limit
        self._room = PAGE_BYTES

    @property
    def step(self) -> int:
        """Say how many entries to load next: with one beyond the limit, to learn whether there are more."""
        return min(STEP, self._limit + 1 - len(self.entries))

    def take(self, entry: Entry) -> bool:
        """Put an entry on the page; False when it belongs on the following one."""
        self._room -= len(msgspec.json.encode(entry))
        if self.entries and (self._room < 0 or len(self.entries) == self._limit):
            return False
        self.entries.append(entry)
        return True
