"""Threads under the messages of groups."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("conversations", sa.Column("parent", sa.BigInteger()))
    op.add_column("conversations", sa.Column("threads", sa.BigInteger()))
    given = sa.text("parent IS NOT NULL")
    op.create_index(
        "ix_conversations_parent", "conversations", ["parent", "stream"], sqlite_where=given, postgresql_where=given
    )
    op.create_table(
        "thread_departures",
        sa.Column("number", NUMBER, primary_key=True),
        sa.Column("group_stream", sa.BigInteger(), nullable=False),
        sa.Column("user_id", NAME, nullable=False),
        sqlite_autoincrement=True,
    )
