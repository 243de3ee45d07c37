"""What sessions are told that waits for them."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "kept_events",
        sa.Column("session", NAME, primary_key=True),
        sa.Column("key", NAME, primary_key=True),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False, index=True),
        sa.Column("told", sa.LargeBinary(), nullable=False),
        sqlite_with_rowid=False,
    )
