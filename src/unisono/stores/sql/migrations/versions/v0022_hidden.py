"""Messages that users deleted for themselves, one by one."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    op.add_column("members", sa.Column("hides_some", sa.Integer()))
    op.create_table(
        "hidden",
        sa.Column("user_id", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), primary_key=True),
        sa.Column("stream", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("seq", sa.BigInteger(), primary_key=True, autoincrement=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_hidden_stream", "hidden", ["stream", "seq"])
