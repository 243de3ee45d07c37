"""Rooms that keep what is said in them."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("conversations", sa.Column("keeps_history", sa.BigInteger()))
