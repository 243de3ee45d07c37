"""From SQLAlchemy Core to text, once per dialect: executing Core costs more than the database does for a message."""

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from itertools import chain
from typing import Any, Final, TypeVar, cast

from sqlalchemy import BindParameter, Dialect, bindparam
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import Executable

S = TypeVar("S")
Row = tuple[Any, ...]
Params = Sequence[object]

CHUNK_MAX: Final = 128
"""Rows of one statement. Each statement may have to wait for the interpreter lock; each length is prepared once."""


_MADE: Final[dict[tuple[object, Dialect], object]] = {}


def made_for(dialect: Dialect, make: Callable[[Dialect], S]) -> S:
    """Give the statements of a class for a dialect, made when first asked for: the stores of a process share them."""
    made = _MADE.get((make, dialect))
    if made is None:
        # Stores are opened in threads: of two that make the same at once, the first one's is kept.
        made = _MADE.setdefault((make, dialect), make(dialect))
    return cast("S", made)


def _compile(statement: Executable, dialect: Dialect) -> SQLCompiler:
    compiled = statement.compile(dialect=dialect)  # type: ignore[attr-defined]  # every statement has it
    assert isinstance(compiled, SQLCompiler)  # noqa: S101 -- narrows what SQLAlchemy types too widely
    return compiled


class Statement:
    """A statement with named values. Compiled when it is first used."""

    def __init__(self, dialect: Dialect, build: Callable[[], Executable]) -> None:
        self._dialect = dialect
        self._build = build

    @cached_property
    def _compiled(self) -> tuple[str, tuple[str, ...], dict[str, Any]]:
        compiled = _compile(self._build(), self._dialect)
        constants = {name: value for name, value in compiled.params.items() if value is not None}
        return compiled.string, tuple(compiled.positiontup or ()), constants

    @property
    def text(self) -> str:
        """Give the text, in the dialect's way to mark positional values."""
        return self._compiled[0]

    def bind(self, **values: object) -> Params:
        """Put values into the order in which the text wants them."""
        _, names, constants = self._compiled
        return [values[name] if name in values else constants[name] for name in names]


class ListStatement:
    """A statement over a list of rows, with one text for each of a few lengths."""

    def __init__(self, dialect: Dialect, build: Callable[[int], Executable]) -> None:
        self._dialect = dialect
        self._build = build
        self._texts: dict[int, str] = {}

    def _text(self, rows: int) -> str:
        text = self._texts.get(rows)
        if text is None:
            text = self._texts[rows] = _compile(self._build(rows), self._dialect).string
        return text

    def exact(self, rows: Sequence[Row]) -> Iterator[tuple[str, Params]]:
        """Give texts and values that carry each row exactly once, in order: for writing."""
        start, left = 0, len(rows)
        while left:
            size = min(1 << left.bit_length() - 1, CHUNK_MAX)
            yield self._text(size), list(chain.from_iterable(rows[start : start + size]))
            start, left = start + size, left - size

    def padded(self, rows: Sequence[Row]) -> Iterator[tuple[str, Params]]:
        """Give texts and values that carry each row at least once: for lookups, which ask the last one again."""
        for start in range(0, len(rows), CHUNK_MAX):
            part = rows[start : start + CHUNK_MAX]
            size = 1 << (len(part) - 1).bit_length()
            values = list(chain.from_iterable(part))
            values.extend(part[-1] * (size - len(part)))
            yield self._text(size), values


def numbered(name: str, row: int, like: Any) -> BindParameter[Any]:
    """Declare the value of one column in one row of a list."""
    return bindparam(f"{name}_{row}", type_=like.type)
