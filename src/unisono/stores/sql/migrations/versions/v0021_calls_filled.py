"""Whose members a call is for that ran when the column was added; what it was made of says so."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"

CALLS = sa.table("calls", *map(sa.column, ("id", "ended_at", "conversation", "body")))


def upgrade() -> None:
    connection = op.get_bind()
    rows = connection.execute(
        sa.select(CALLS.c.id, CALLS.c.body).where(CALLS.c.ended_at.is_(None), CALLS.c.conversation.is_(None))
    ).fetchall()
    for call, body in rows:
        conversation = json.loads(bytes(body)).get("conversation")
        if conversation is not None:
            connection.execute(sa.update(CALLS).where(CALLS.c.id == call).values(conversation=conversation))
