"""The table of what users are to each other; the others stand in `schema`."""

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text

from unisono.stores.sql.schema import METADATA

_Name: Final = Text().with_variant(Text(collation="C"), "postgresql")

CONTACTS: Final = Table(
    "contacts",
    METADATA,
    # As `domain.ties.Tie`: what `other` is to the user. Where it is nothing there is no row.
    Column("user_id", _Name, primary_key=True),
    Column("other", _Name, primary_key=True),
    Column("state", Text, nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("is_blocked", Integer, nullable=False),
    Column("remark", Text),
    Column("message", Text),
    Column("invitation", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
Index("ix_contacts_state", CONTACTS.c.user_id, CONTACTS.c.state, CONTACTS.c.other)
Index("ix_contacts_blocked", CONTACTS.c.user_id, CONTACTS.c.is_blocked, CONTACTS.c.other)
