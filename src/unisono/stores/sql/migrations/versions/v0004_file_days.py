"""Files counted by day, instead of added up whenever one is begun."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NUMBER = sa.BigInteger()


def upgrade() -> None:
    op.add_column("files", sa.Column("source", NAME))
    op.create_table(
        "file_days",
        sa.Column("day", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("user_id", NAME, primary_key=True),
        sa.Column("source", NAME, primary_key=True),
        sa.Column("bytes", NUMBER, nullable=False),
        sa.Column("files", NUMBER, nullable=False),
    )
    op.execute(
        "INSERT INTO file_days (day, user_id, source, bytes, files)"
        " SELECT created_at / 86400000, user_id, '', sum(CASE WHEN size < 4096 THEN 4096 ELSE size END), count(*)"
        " FROM files GROUP BY created_at / 86400000, user_id"
    )
