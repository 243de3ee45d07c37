"""Messages that changed, by their conversation and time; and sessions that are over, by their user."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    changed = sa.text("kind IN ('revised', 'recalled')")
    op.create_index(
        "ix_facts_changed", "facts", ["stream", "at", "seq"], sqlite_where=changed, postgresql_where=changed
    )
    ended = sa.text("ended_at IS NOT NULL")
    op.create_index("ix_sessions_ended_user", "sessions", ["user_id"], sqlite_where=ended, postgresql_where=ended)
