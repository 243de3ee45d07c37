"""Every statement about messages that users deleted for themselves, one by one."""

from typing import Final

from sqlalchemy import Dialect, delete, func, select
from sqlalchemy.sql.expression import Executable

from unisono.stores.sql.compiled import ListStatement, Statement
from unisono.stores.sql.hidden_tables import HIDDEN
from unisono.stores.sql.phrases import MESSAGE, given, insert, wanted
from unisono.stores.sql.schema import FACTS

_H = HIDDEN.c
_THEIRS: Final = _H.user_id == given("user", _H.user_id)
_HERE: Final = _H.stream == given("stream", _H.stream)
_UNTIL: Final = _H.seq <= given("until", _H.seq)


class HiddenStatements:
    """The statements of one dialect, compiled when first used."""

    def __init__(self, dialect: Dialect) -> None:
        def one(build: Executable) -> Statement:
            return Statement(dialect, lambda: build)

        self.chosen = ListStatement(dialect, _chosen)
        self.among = ListStatement(dialect, _among)
        self.hiders = ListStatement(dialect, _hiders)
        self.write = ListStatement(dialect, lambda rows: insert(dialect, HIDDEN, rows, HIDDEN.c))
        self.count = one(select(func.count()).select_from(HIDDEN).where(_THEIRS))
        self.until = one(select(_H.user_id, _H.seq).where(_HERE, _UNTIL))
        self.drop_until = one(delete(HIDDEN).where(_HERE, _UNTIL))
        self.drop_own_until = one(delete(HIDDEN).where(_THEIRS, _HERE, _UNTIL))


def _chosen(rows: int) -> Executable:
    """Find messages by their places."""
    key = (FACTS.c.stream, FACTS.c.seq)
    asked = wanted(rows, key)
    same = [column == asked.c[column.name] for column in key]
    found = select(FACTS.c.seq, FACTS.c.body).select_from(asked).join(FACTS, same[0] & same[1])
    return found.where(FACTS.c.kind == MESSAGE)


def _among(rows: int) -> Executable:
    """Find those of some rows that there are."""
    asked = wanted(rows, list(_H))
    same = [column == asked.c[column.name] for column in _H]
    return select(_H.seq).select_from(asked).join(HIDDEN, same[0] & same[1] & same[2])


def _hiders(rows: int) -> Executable:
    """Find who deleted messages, by their places."""
    asked = wanted(rows, (_H.stream, _H.seq))
    same = (asked.c.stream == _H.stream) & (asked.c.seq == _H.seq)
    return select(_H.seq, _H.user_id).select_from(asked).join(HIDDEN, same)
