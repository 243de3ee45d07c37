"""Files that users upload."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NUMBER = sa.BigInteger()


def upgrade() -> None:
    op.create_table(
        "files",
        sa.Column("id", NAME, primary_key=True),
        sa.Column("user_id", NAME, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("size", NUMBER, nullable=False),
        sa.Column("created_at", NUMBER, nullable=False),
        sa.Column("arrived_at", NUMBER),
        sa.Column("url", sa.Text()),
        sa.Column("attributes", sa.Text()),
    )
    op.create_index("ix_files_created_at", "files", ["created_at"])
    op.create_index("ix_files_user_id", "files", ["user_id", "created_at", "id"])
    begun = sa.text("arrived_at IS NULL")
    op.create_index("ix_files_begun", "files", ["created_at"], sqlite_where=begun, postgresql_where=begun)
