"""Every statement that history is read with."""

from typing import Any, Final

from sqlalchemy import Dialect, literal_column, select
from sqlalchemy.sql.expression import Executable

from unisono.domain.facts import TEXT
from unisono.stores.sql.compiled import Statement
from unisono.stores.sql.hidden_tables import is_hidden
from unisono.stores.sql.phrases import LIMIT, MESSAGE, given
from unisono.stores.sql.schema import FACTS

_TEXT: Final[Any] = literal_column(str(TEXT))


class HistoryStatements:
    """The statements of one dialect, compiled when first used."""

    def __init__(self, dialect: Dialect) -> None:
        def one(build: Executable) -> Statement:
            return Statement(dialect, lambda: build)

        self.first_from = one(_first_from())
        self.newest = one(_page(newest=True))
        self.oldest = one(_page(newest=False))
        self.newest_texts = one(_page(FACTS.c.type == _TEXT, newest=True))
        self.oldest_texts = one(_page(FACTS.c.type == _TEXT, newest=False))
        self.newest_of_type = one(_page(_is_of_type(), newest=True))
        self.oldest_of_type = one(_page(_is_of_type(), newest=False))

    def page(self, type_: int | None, *, newest: bool) -> Statement:
        """Give the statement for messages of a type, or of any, from one end."""
        if type_ is None:
            return self.newest if newest else self.oldest
        if type_ == TEXT:
            return self.newest_texts if newest else self.oldest_texts
        return self.newest_of_type if newest else self.oldest_of_type


def _first_from() -> Executable:
    """Find the first fact at a place or after it: facts that are kept no longer leave a hole."""
    return (
        select(FACTS.c.seq, FACTS.c.at)
        .where(FACTS.c.stream == given("stream", FACTS.c.stream), FACTS.c.seq >= given("seq", FACTS.c.seq))
        .order_by(FACTS.c.seq)
        .limit(literal_column("1"))
    )


def _is_of_type() -> Any:
    # Said twice, so that a database sees that the index of all but texts has them.
    return (FACTS.c.type == given("type", FACTS.c.type)) & (FACTS.c.type != _TEXT)


def _page(*conditions: Any, newest: bool) -> Executable:
    seq = FACTS.c.seq
    return (
        select(seq, FACTS.c.at, FACTS.c.body)
        .where(
            FACTS.c.stream == given("stream", FACTS.c.stream),
            FACTS.c.kind == MESSAGE,
            seq > given("after", seq),
            seq < given("before", seq),
            ~is_hidden(given("reader", FACTS.c.sender)),
            *conditions,
        )
        .order_by(seq.desc() if newest else seq)
        .limit(LIMIT)
    )
