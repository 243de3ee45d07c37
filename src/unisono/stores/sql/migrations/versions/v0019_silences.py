"""When users want to hear less of all their conversations."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.create_table(
        "silences",
        sa.Column("user_id", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), primary_key=True),
        sa.Column("silence", sa.Text(), nullable=False),
        sqlite_with_rowid=False,
    )
