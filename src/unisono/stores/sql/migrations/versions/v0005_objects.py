"""Objects that users keep for all their sessions."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NUMBER = sa.BigInteger()


def upgrade() -> None:
    op.create_table(
        "user_objects",
        sa.Column("stream", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("name", NAME, primary_key=True),
        sa.Column("seq", NUMBER, nullable=False),
        sa.Column("bytes", NUMBER, nullable=False),
        sqlite_with_rowid=False,
    )
