"""Every statement about the silence of all of a user's conversations."""

from sqlalchemy import Dialect, delete, select

from unisono.stores.sql.compiled import Statement
from unisono.stores.sql.phrases import given, upsert
from unisono.stores.sql.silence_tables import SILENCES


class SilenceStatements:
    """The statements of one dialect, compiled when first used."""

    def __init__(self, dialect: Dialect) -> None:
        its = SILENCES.c.user_id == given("user", SILENCES.c.user_id)
        self.write = Statement(dialect, lambda: upsert(dialect, SILENCES, 1))
        self.drop = Statement(dialect, lambda: delete(SILENCES).where(its))
        self.find = Statement(dialect, lambda: select(SILENCES.c.silence).where(its))
