"""What users deleted for themselves."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.add_column("members", sa.Column("cleared_seq", sa.BigInteger()))
    op.add_column("members", sa.Column("deleted", sa.BigInteger()))
