"""How users arrange their conversations."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column("members", sa.Column("pinned_at", sa.BigInteger()))
    op.add_column("members", sa.Column("marks", sa.Text()))
