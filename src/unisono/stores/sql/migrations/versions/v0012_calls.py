"""Calls, and whom they concern."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NUMBER = sa.BigInteger()


def upgrade() -> None:
    op.create_table(
        "calls",
        sa.Column("id", NAME, primary_key=True),
        sa.Column("revision", NUMBER, nullable=False),
        sa.Column("due_at", NUMBER, index=True),
        sa.Column("ended_at", NUMBER, index=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "call_users",
        sa.Column("user_id", NAME, primary_key=True),
        sa.Column("call", NAME, primary_key=True, index=True),
        sa.Column("session", NAME, index=True),
        sqlite_with_rowid=False,
    )
