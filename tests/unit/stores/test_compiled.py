"""Statements over lists: each row where it belongs, in few statements of few lengths."""

import pytest
from sqlalchemy import Column, Integer, column, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.expression import Executable

from unisono.stores.sql.compiled import CHUNK_MAX, ListStatement, Row, Statement, numbered

NUMBER: Column[int] = Column("number", Integer)
DIALECT = sqlite.dialect(paramstyle="qmark")


def listing() -> ListStatement:
    def build(rows: int) -> Executable:
        return select(*[numbered("number", row, NUMBER) for row in range(rows)])

    return ListStatement(DIALECT, build)


def rows_of(count: int) -> list[Row]:
    return [(number,) for number in range(count)]


@pytest.mark.parametrize("count", [0, 1, 2, 3, 64, 100, CHUNK_MAX - 1, CHUNK_MAX, CHUNK_MAX + 1, 3 * CHUNK_MAX + 7])
def test_writing_carries_each_row_once_in_order(count: int) -> None:
    parts = list(listing().exact(rows_of(count)))
    assert [value for _, values in parts for value in values] == list(range(count))
    assert all(text.count("?") == len(values) for text, values in parts)
    assert all(len(values) <= CHUNK_MAX for _, values in parts)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 64, 100, CHUNK_MAX - 1, CHUNK_MAX, CHUNK_MAX + 1, 3 * CHUNK_MAX + 7])
def test_a_lookup_asks_for_each_row_and_fills_up_with_the_last(count: int) -> None:
    parts = list(listing().padded(rows_of(count)))
    assert len(parts) == -(-count // CHUNK_MAX)
    assert sorted({value for _, values in parts for value in values}) == list(range(count))  # type: ignore[type-var]
    assert all(text.count("?") == len(values) for text, values in parts)


def test_lists_of_any_length_need_few_texts() -> None:
    statement = listing()
    texts = {
        text
        for count in range(1, 600)
        for text, _ in (*statement.exact(rows_of(count)), *statement.padded(rows_of(count)))
    }
    assert len(texts) == CHUNK_MAX.bit_length()


def test_named_values_are_put_in_the_order_of_the_text() -> None:
    first, second = numbered("a", 0, NUMBER), numbered("b", 0, NUMBER)
    statement = Statement(DIALECT, lambda: select(second, first).where(column("x") == first).limit(5))
    assert statement.bind(a_0=1, b_0=2) == [2, 1, 1, 5, 0]
    with pytest.raises(KeyError, match="b_0"):
        statement.bind(a_0=1)
