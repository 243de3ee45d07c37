"""What users are to each other."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NUMBER = sa.BigInteger()


def upgrade() -> None:
    op.create_table(
        "contacts",
        sa.Column("user_id", NAME, primary_key=True),
        sa.Column("other", NAME, primary_key=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("since", NUMBER, nullable=False),
        sa.Column("is_blocked", sa.Integer(), nullable=False),
        sa.Column("remark", sa.Text()),
        sa.Column("message", sa.Text()),
        sa.Column("invitation", NUMBER, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_contacts_state", "contacts", ["user_id", "state", "other"])
    op.create_index("ix_contacts_blocked", "contacts", ["user_id", "is_blocked", "other"])
