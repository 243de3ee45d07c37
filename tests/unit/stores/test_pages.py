"""A page holds so many rows, so many bytes, and one row at least."""

import pytest

from unisono.stores.sql.compiled import Row
from unisono.stores.sql.pages import PAGE_BYTES, STEP, read_page


def paged(count: int, size: int, limit: int) -> tuple[list[int], bool, int]:
    """Read a page of `count` rows of `size` bytes; give its places, whether there is more, and what was loaded."""
    loaded = 0

    def more(row: Row | None, asked: int) -> list[Row]:
        nonlocal loaded
        start = 0 if row is None else row[0]
        part = [(seq, 0, b"x" * size) for seq in range(start + 1, min(count, start + asked) + 1)]
        loaded += len(part)
        return part

    rows, has_more = read_page(more, limit)
    return [row[0] for row in rows], has_more, loaded


@pytest.mark.parametrize(
    ("count", "limit", "expected", "has_more"),
    [(0, 5, 0, False), (4, 5, 4, False), (5, 5, 5, False), (6, 5, 5, True), (1, 1, 1, False), (2, 1, 1, True)]
    + [(STEP + more, STEP, min(STEP + more, STEP), more > 0) for more in (-1, 0, 1)]
    + [(1000, 999, 999, True), (1000, 1000, 1000, False), (1000, 1001, 1000, False)],
)
def test_a_page_is_bounded_in_number(count: int, limit: int, expected: int, has_more: bool) -> None:
    assert paged(count, 1, limit)[:2] == (list(range(1, expected + 1)), has_more)


@pytest.mark.parametrize(
    ("size", "expected", "has_more"),
    [(PAGE_BYTES // 4, 4, True), (PAGE_BYTES // 4 + 1, 3, True), (PAGE_BYTES, 1, True), (5 * PAGE_BYTES, 1, True)],
)
def test_a_page_is_bounded_in_bytes_but_for_its_first_row(size: int, expected: int, has_more: bool) -> None:
    assert paged(9, size, 100)[:2] == (list(range(1, expected + 1)), has_more)


def test_a_page_of_large_rows_loads_one_step_of_them() -> None:
    assert paged(10_000, 60_000, 1000)[2] == STEP
