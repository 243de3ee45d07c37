"""The table of what was said of the app's policy; the others stand in `schema`."""

from typing import Final

from sqlalchemy import BigInteger, Column, Table, Text

from unisono.stores.sql.schema import METADATA

POLICY_CHANGES: Final = Table(
    "policy_changes",
    METADATA,
    # As `domain.policy.PolicyChange`; what is said, and what held before and after it, are JSON.
    Column("revision", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("by", Text, nullable=False),
    Column("said", Text, nullable=False),
    Column("old", Text, nullable=False),
    Column("new", Text, nullable=False),
    Column("address", Text),
    Column("note", Text),
)
