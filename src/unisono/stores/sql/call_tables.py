"""The tables of calls and claims; the others stand in `schema`."""

from typing import Final

from sqlalchemy import BigInteger, Column, LargeBinary, Table, Text

from unisono.stores.sql.schema import METADATA

_Name: Final = Text().with_variant(Text(collation="C"), "postgresql")

CLAIMS: Final = Table(
    "claims",
    METADATA,
    Column("user_id", _Name, primary_key=True),
    Column("name", _Name, primary_key=True),
    # It grows each time the claim is given.
    Column("number", BigInteger, nullable=False),
    Column("key", Text, nullable=False),
    Column("session", Text, nullable=False),
    # The end of the lease by the clock of leases; of what is done, when it was.
    Column("until", BigInteger, nullable=False, index=True),
    Column("is_done", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

CALLS: Final = Table(
    "calls",
    METADATA,
    Column("id", _Name, primary_key=True),
    Column("revision", BigInteger, nullable=False),
    # Until when it rings; None when it rings no more.
    Column("due_at", BigInteger, index=True),
    Column("ended_at", BigInteger, index=True),
    # The one whose members are called, if any.
    Column("conversation", _Name),
    Column("body", LargeBinary, nullable=False),
)

CALL_USERS: Final = Table(
    "call_users",
    METADATA,
    # All whom a call concerns, as long as it is known.
    Column("user_id", _Name, primary_key=True),
    Column("call", _Name, primary_key=True, index=True),
    # With which the user is in it; None while they are not, empty for who has nothing to do with it any more.
    Column("session", _Name, index=True),
    sqlite_with_rowid=False,
)
