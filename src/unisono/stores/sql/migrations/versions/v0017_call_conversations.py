"""Whose members a call is for."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.add_column("calls", sa.Column("conversation", sa.Text().with_variant(sa.Text(collation="C"), "postgresql")))
