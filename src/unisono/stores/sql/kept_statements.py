"""Every statement about kept events."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Column, Dialect, Text, delete, exists, func, literal_column, or_, select, update
from sqlalchemy.sql.expression import Executable

from unisono.domain.ids import SessionId
from unisono.stores.sql.compiled import ListStatement, Row, Statement, numbered
from unisono.stores.sql.driver import Connection
from unisono.stores.sql.kept_tables import KEPT_FOR, KEPT_TOLD
from unisono.stores.sql.phrases import LIMIT, given, insert, wanted
from unisono.stores.sql.schema import SESSIONS

LOST: Final = ""
"""The key of the mark that something is gone."""

_E, _F = KEPT_TOLD.c, KEPT_FOR.c
_SAME: Final = (_E.user_id == _F.user_id) & (_E.number == _F.number)
_OF_USER: Final = _E.user_id == given("user", _E.user_id)


class KeptStatements:
    """The statements of one dialect."""

    def __init__(self, dialect: Dialect) -> None:
        def one(build: Executable) -> Statement:
            return Statement(dialect, lambda: build)

        number = given("number", _E.number)
        self.find = one(select(_E.number, _E.told).where(_OF_USER, _E.key == given("key", _E.key)))
        self.last = Statement(dialect, _last)
        self.put = Statement(dialect, lambda: insert(dialect, KEPT_TOLD, 1, _E))
        until = given("until", _E.until)
        self.prolong = one(update(KEPT_TOLD).where(_OF_USER, _E.number == number, _E.until < until).values(until=until))
        self.wait = ListStatement(dialect, lambda rows: _wait(dialect, rows))
        self.weigh = one(select(func.count(), func.coalesce(func.sum(_E.size), 0)).where(_OF_USER))
        self.sizes = one(select(_E.number, _E.size).where(_OF_USER).order_by(_E.number))
        self.lose = Statement(dialect, lambda: _lose(dialect))
        is_gone = (_F.user_id == given("user", _F.user_id)) & (_F.key != LOST)
        self.let_go = one(delete(KEPT_FOR).where(is_gone, _F.number <= given("last", _F.number)))
        self.cut = one(delete(KEPT_TOLD).where(_OF_USER, _E.number <= given("last", _E.number)))
        self._add_taking(dialect)
        self._add_waiting(dialect)
        over = select(_E.user_id, _E.number).where(_E.until < given("before", _E.until)).order_by(_E.until)
        self.over = one(over.limit(LIMIT))
        is_over = (_E.number == number) & (_E.until < given("before", _E.until))
        self.expire = one(delete(KEPT_TOLD).where(_OF_USER, is_over))
        self.release = one(delete(KEPT_FOR).where(is_gone, _F.number == number))

    def _add_taking(self, dialect: Dialect) -> None:
        its = _F.session == given("session", _F.session)
        mark = (_F.key == LOST) & (_F.number <= given("lost", _F.number))
        self.take = ListStatement(dialect, _take)
        self.hear = Statement(dialect, lambda: delete(KEPT_FOR).where(its, mark))
        self.end = Statement(dialect, lambda: delete(KEPT_FOR).where(its).returning(_F.user_id, _F.number))
        self.drop = ListStatement(dialect, _drop)

    def _add_waiting(self, dialect: Dialect) -> None:
        its = _F.session == given("session", _F.session)
        sizes = select(_F.number, _F.key, _E.size).outerjoin_from(KEPT_FOR, KEPT_TOLD, _SAME).where(its)
        self.waiting = Statement(dialect, lambda: sizes.order_by(_F.number))
        found = select(_E.told).join_from(KEPT_FOR, KEPT_TOLD, _SAME).where(its, _F.key != LOST)
        events = found.where(_F.number <= given("last", _F.number)).order_by(_F.number)
        self.events = Statement(dialect, lambda: events)


def _last() -> Executable:
    """Give the highest number of what a user has: that of an event, or of the mark that something is gone."""
    known = (
        select(_E.number).where(_OF_USER).union_all(select(_F.number).where(_F.user_id == given("user", _F.user_id)))
    )
    numbers = known.subquery()
    return select(func.coalesce(func.max(numbers.c.number), 0))


def _wait(dialect: Dialect, rows: int) -> Executable:
    """Note for which sessions, that are not over, an event waits; give those for which it did not before."""
    columns: list[Column[Any]] = list(KEPT_FOR.c)
    asked = wanted(rows, columns)
    open_ones = SESSIONS.c.ended_at.is_(None) & (SESSIONS.c.user_id == asked.c.user_id)
    found = select(*(asked.c[column.name] for column in columns)).where(SESSIONS.c.id == asked.c.session, open_ones)
    written: Executable = _written(dialect, columns, found).on_conflict_do_nothing().returning(_F.session)
    return written


def _lose(dialect: Dialect) -> Executable:
    """Mark for the sessions for which a user's events up to a number wait that something is gone."""
    gone = (_F.user_id == given("user", _F.user_id)) & (_F.number <= given("last", _F.number)) & (_F.key != LOST)
    key = literal_column("''", Text)
    found = select(_F.session, key, _F.user_id, func.max(_F.number)).where(gone).group_by(_F.session, _F.user_id)
    statement = _written(dialect, list(KEPT_FOR.c), found)
    changed = {"number": statement.excluded.number}
    lost: Executable = statement.on_conflict_do_update(index_elements=["session", "key"], set_=changed)
    return lost


def _written(dialect: Dialect, columns: list[Column[Any]], found: Any) -> Any:
    return insert(dialect, KEPT_FOR, 0, ()).from_select([column.name for column in columns], found)


def _take(rows: int) -> Executable:
    """Let no session wait for these any more."""
    each = [
        (_F.session == numbered("session", row, _F.session)) & (_F.key == numbered("key", row, _F.key))
        for row in range(rows)
    ]
    return delete(KEPT_FOR).where(or_(*each)).returning(_F.user_id, _F.number)


def _drop(rows: int) -> Executable:
    """Drop those of some events that wait for nobody any more."""
    each = [
        (_E.user_id == numbered("user_id", row, _E.user_id)) & (_E.number == numbered("number", row, _E.number))
        for row in range(rows)
    ]
    return delete(KEPT_TOLD).where(or_(*each), ~exists().where(_SAME))


def end_waiting(connection: Connection, sql: KeptStatements, session: SessionId) -> None:
    """Let nothing wait for a session any more. Whoever does has the stream of its user locked."""
    drop_unwanted(connection, sql, connection.query(sql.end.text, sql.end.bind(session=session)))


def drop_unwanted(connection: Connection, sql: KeptStatements, rows: Sequence[Row]) -> None:
    """Drop those of some events, each its user and number, that wait for nobody any more."""
    for text, values in sql.drop.exact(rows):
        connection.run(text, values)
