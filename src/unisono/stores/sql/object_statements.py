"""Every statement about the objects of users."""

from sqlalchemy import BigInteger, Dialect, Select, cast, delete, func, select
from sqlalchemy.sql.expression import Executable

from unisono.stores.sql.compiled import Statement
from unisono.stores.sql.phrases import LIMIT, given, upsert
from unisono.stores.sql.schema import FACTS, STREAMS, USER_OBJECTS

_O = USER_OBJECTS.c


class ObjectStatements:
    """The statements of one dialect, compiled when first used."""

    def __init__(self, dialect: Dialect) -> None:
        def one(build: Executable) -> Statement:
            return Statement(dialect, lambda: build)

        here = _O.stream == given("stream", _O.stream)
        named = here & (_O.name == given("name", _O.name))
        self.keep = Statement(dialect, lambda: upsert(dialect, USER_OBJECTS, 1))
        self.drop = one(delete(USER_OBJECTS).where(named))
        self.find = one(select(_O.seq, _O.bytes).where(named))
        # Said by the type: PostgreSQL adds whole numbers up to a decimal.
        self.total = one(select(cast(func.coalesce(func.sum(_O.bytes), 0), BigInteger)).where(here))
        self.page = one(_page().where(_O.name > given("after", _O.name)).order_by(_O.name).limit(LIMIT))
        self.only = one(_page().where(_O.name == given("only", _O.name)))


def _page() -> Select[tuple[str, int, int, bytes]]:
    return (
        select(_O.name, _O.seq, FACTS.c.at, FACTS.c.body)
        .join(STREAMS, STREAMS.c.id == _O.stream)
        .join(FACTS, (FACTS.c.stream == _O.stream) & (FACTS.c.seq == _O.seq))
        .where(STREAMS.c.key == given("key", STREAMS.c.key))
    )
