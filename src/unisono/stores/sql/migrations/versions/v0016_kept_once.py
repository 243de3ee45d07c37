"""What waits for several sessions is kept once, and each of them beside it."""

import json
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
OLD = sa.table("kept_events", *map(sa.column, ("session", "key", "number", "until", "told")))
Values = dict[str, object]
SESSIONS = sa.table("sessions", sa.column("id"), sa.column("user_id"))


def upgrade() -> None:
    told = op.create_table(
        "kept_told",
        sa.Column("user_id", NAME, primary_key=True),
        sa.Column("number", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("key", NAME, nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False, index=True),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("told", sa.LargeBinary(), nullable=False),
        sqlite_with_rowid=False,
    )
    waits = op.create_table(
        "kept_for",
        sa.Column("session", NAME, primary_key=True),
        sa.Column("key", NAME, primary_key=True),
        sa.Column("user_id", NAME, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_kept_told_key", "kept_told", ["user_id", "key"], unique=True)
    op.create_index("ix_kept_told_size", "kept_told", ["user_id", "number", "size"])
    op.create_index("ix_kept_for_number", "kept_for", ["user_id", "number"])
    connection = op.get_bind()
    of = sa.join(OLD, SESSIONS, SESSIONS.c.id == OLD.c.session)
    users = sa.select(SESSIONS.c.user_id).select_from(of).distinct()
    for (user,) in connection.execute(users).fetchall():
        rows = connection.execute(sa.select(OLD).select_from(of).where(SESSIONS.c.user_id == user)).fetchall()
        events, waiting = moved(user, rows)
        for table, values in ((told, events), (waits, waiting)):
            if values:
                op.bulk_insert(table, values)
    op.drop_table("kept_events")


def moved(user: str, rows: Iterable[Any]) -> tuple[list[Values], list[Values]]:
    """Give each event of a user once, in the order in which they were told, and who waits for each."""
    rows = list(rows)
    found: dict[str, tuple[int, int, int, bytes]] = {}
    for _, key, nth, until, told in rows:
        if key:
            at = json.loads(bytes(told))["at"]
            first_at, first, latest, event = found.get(key, (at, nth, until, bytes(told)))
            found[key] = (first_at, first, max(latest, until), event)
    numbers, last = {}, 1
    for key in sorted(found, key=lambda each: (*found[each][:2], each)):
        numbers[key] = last = max(last + 1, found[key][0])
    events = [
        {"user_id": user, "number": numbers[key], "key": key, "until": until, "size": len(told), "told": told}
        for key, (_, _, until, told) in found.items()
    ]
    # Where the key is empty something is gone.
    waiting = [
        {"session": session, "key": key, "user_id": user, "number": numbers.get(key, 1)} for session, key, *_ in rows
    ]
    return events, waiting
