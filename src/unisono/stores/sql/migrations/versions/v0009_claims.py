"""Which session of a user does a piece of work."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NUMBER = sa.BigInteger()


def upgrade() -> None:
    op.create_table(
        "claims",
        sa.Column("user_id", NAME, primary_key=True),
        sa.Column("name", NAME, primary_key=True),
        sa.Column("number", NUMBER, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("session", sa.Text(), nullable=False),
        sa.Column("until", NUMBER, nullable=False, index=True),
        sa.Column("is_done", NUMBER, nullable=False),
        sqlite_with_rowid=False,
    )
