"""Every statement about what users are to each other."""

from typing import Final

from sqlalchemy import ColumnElement, Dialect, Integer, Text, delete, func, literal_column, select
from sqlalchemy.sql.expression import Executable

from unisono.domain.commands import Ties
from unisono.domain.ties import TieState
from unisono.stores.sql.compiled import ListStatement, Statement
from unisono.stores.sql.contact_tables import CONTACTS
from unisono.stores.sql.phrases import LIMIT, given, upsert, wanted

_C = CONTACTS.c
_STATES: Final[dict[Ties, TieState]] = {"contacts": "friend", "received": "asked", "sent": "invited"}
_IS_BLOCKED: Final = _C.is_blocked == literal_column("1", Integer)


class ContactStatements:
    """The statements of one dialect, compiled when first used."""

    def __init__(self, dialect: Dialect) -> None:
        def one(build: Executable) -> Statement:
            return Statement(dialect, lambda: build)

        pair = (_C.user_id == given("user", _C.user_id)) & (_C.other == given("other", _C.other))
        self.write = Statement(dialect, lambda: upsert(dialect, CONTACTS, 1))
        self.drop = one(delete(CONTACTS).where(pair))
        self.find = one(select(CONTACTS).where(pair))
        self.pairs = ListStatement(dialect, _pairs)
        self.states = one(_states())
        self.blocked_count = one(_blocked_count())
        self.contacts = one(_page(_is("contacts")))
        self.received = one(_page(_is("received")))
        self.sent = one(_page(_is("sent")))
        self.blocked = one(_page(_IS_BLOCKED))
        self.every = one(_page())

    def page(self, which: Ties) -> Statement:
        """Give the statement that lists a sort of ties."""
        return {"contacts": self.contacts, "received": self.received, "sent": self.sent, "blocked": self.blocked}[which]


def _is(which: Ties) -> ColumnElement[bool]:
    return _C.state == literal_column(f"'{_STATES[which]}'", Text)


def _pairs(rows: int) -> Executable:
    asked = wanted(rows, [_C.user_id, _C.other])
    theirs = (_C.user_id == asked.c.user_id) & (_C.other == asked.c.other)
    return select(CONTACTS).select_from(asked).join(CONTACTS, theirs)


def _states() -> Executable:
    mine = _C.user_id == given("user", _C.user_id)
    return select(_C.state, func.count()).where(mine).group_by(_C.state)


def _blocked_count() -> Executable:
    mine = (_C.user_id == given("user", _C.user_id)) & (_C.other > literal_column("''", Text))
    return select(func.count()).where(mine, _IS_BLOCKED)


def _page(*which: ColumnElement[bool]) -> Executable:
    return (
        select(CONTACTS)
        .where(_C.user_id == given("user", _C.user_id), _C.other > given("after", _C.other), *which)
        .order_by(_C.other)
        .limit(LIMIT)
    )
