"""Pages of facts, bounded in number and in bytes."""

from collections.abc import Callable, Sequence
from typing import Final

from unisono.stores.sql.compiled import Row

PAGE_BYTES: Final = 128 * 1024
"""Facts read at once, whatever their number: a page is one frame, and must fit the outbox of whoever asked for it."""
STEP: Final = 100
"""Facts asked of the database at a time, so that a page of large ones is not loaded in vain."""

More = Callable[[Row | None, int], Sequence[Row]]
"""Gives up to so many rows of (seq, at, body) that follow a row, or from the beginning."""


def read_page(
    more: More, limit: int, *, size: Callable[[Row], int] = lambda row: len(row[2]), step: int = STEP
) -> tuple[list[Row], bool]:
    """Give up to `limit` rows, fewer of large ones, one at least; and whether others follow.

    `size` gives the bytes of a row; `step` is for rows that may be larger than facts are.
    """
    rows: list[Row] = []
    room = PAGE_BYTES
    while True:
        asked = min(step, limit + 1 - len(rows))
        part = more(rows[-1] if rows else None, asked)
        for row in part:
            room -= size(row)
            if rows and (room < 0 or len(rows) == limit):
                return rows, True
            rows.append(row)
        if len(part) < asked:
            return rows, False
