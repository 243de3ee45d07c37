"""The first schema: log, conversations, members, sessions. What it lacks is another step's to add."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NUMBER = sa.BigInteger()
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
SESSION_INDEXES = ("user_id", "node", "detached_at", "credential", "credential_expires_at")


def upgrade() -> None:
    op.create_table(
        "meta",
        sa.Column("name", sa.Text(), primary_key=True),
        sa.Column("value", sa.Text(), nullable=False),
    )
    _create_log()
    _create_conversations()
    _create_attributes()
    _create_members()
    _create_message_tables()
    _create_search()
    _create_sessions()
    _create_presence()
    _create_pushing()
    _create_erasures()


def _create_log() -> None:
    op.create_table(
        "streams",
        sa.Column("id", ID, primary_key=True),
        sa.Column("key", NAME, nullable=False, unique=True),
        sa.Column("epoch", NUMBER, nullable=False),
        sa.Column("head", NUMBER, nullable=False),
        sa.Column("head_at", NUMBER, nullable=False),
        sa.Column("head_pos", NUMBER, nullable=False),
        sa.Column("messages", NUMBER, nullable=False),
        sa.Column("said_at", NUMBER),
        sa.Column("trimmed", NUMBER, nullable=False),
        sa.Column("gone", NUMBER, nullable=False),
    )
    op.create_index("ix_streams_head_pos", "streams", ["head_pos"])
    op.create_table(
        "facts",
        sa.Column("stream", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("seq", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("pos", NUMBER, nullable=False),
        sa.Column("at", NUMBER, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("sender", NAME),
        sa.Column("send_key", NAME),
        sa.Column("nth", NUMBER),
        sa.Column("type", NUMBER),
        sa.Column("body", sa.LargeBinary(), nullable=False),
    )
    keyed = sa.text("send_key IS NOT NULL")
    op.create_index(
        "ix_facts_send_key",
        "facts",
        ["stream", "sender", "send_key"],
        unique=True,
        sqlite_where=keyed,
        postgresql_where=keyed,
    )
    typed = sa.text("type != -1")
    op.create_index("ix_facts_type", "facts", ["stream", "type", "seq"], sqlite_where=typed, postgresql_where=typed)


def _create_conversations() -> None:
    op.create_table(
        "conversations",
        sa.Column("stream", NUMBER, sa.ForeignKey("streams.id"), primary_key=True, autoincrement=False),
        sa.Column("kind", NAME, nullable=False),
        sa.Column("creator", NAME, nullable=False),
        sa.Column("created_at", NUMBER, nullable=False),
        sa.Column("updated_at", NUMBER, nullable=False),
        sa.Column("name", NAME),
        sa.Column("attributes", sa.Text()),
        sa.Column("unique_key", sa.Text(), unique=True),
        sa.Column("member_count", NUMBER, nullable=False),
        sa.Column("joining", sa.Text(), nullable=False),
        sa.Column("rules", sa.Text(), nullable=False),
        sa.Column("expires_at", NUMBER),
        sa.Column("audience", sa.Text()),
        sa.Column("oldest_at", NUMBER),
    )
    announced = sa.text("audience IS NOT NULL")
    op.create_index(
        "ix_conversations_audience", "conversations", ["audience"], sqlite_where=announced, postgresql_where=announced
    )
    expiring = sa.text("expires_at IS NOT NULL")
    op.create_index(
        "ix_conversations_expires_at",
        "conversations",
        ["expires_at"],
        sqlite_where=expiring,
        postgresql_where=expiring,
    )
    op.create_index("ix_conversations_kind", "conversations", ["kind", "oldest_at"])


def _create_attributes() -> None:
    op.create_table(
        "conversation_attributes",
        sa.Column("stream", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("path", NAME, primary_key=True),
        sa.Column("nth", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("text", NAME),
        sa.Column("number", sa.Double()),
        sqlite_with_rowid=False,
    )
    for column in ("text", "number"):
        given = sa.text(f"{column} IS NOT NULL")
        name = f"ix_conversation_attributes_{column}"
        op.create_index(name, "conversation_attributes", ["path", column], sqlite_where=given, postgresql_where=given)


def _create_members() -> None:
    op.create_table(
        "members",
        sa.Column("user_id", NAME, primary_key=True),
        sa.Column("stream", NUMBER, sa.ForeignKey("streams.id"), primary_key=True, autoincrement=False),
        sa.Column("since", NUMBER, nullable=False),
        sa.Column("until", NUMBER),
        sa.Column("until_pos", NUMBER),
        sa.Column("read_seq", NUMBER, nullable=False),
        sa.Column("passed", NUMBER, nullable=False),
        sa.Column("own", NUMBER, nullable=False),
        sa.Column("is_marked_unread", sa.Integer(), nullable=False),
        sa.Column("delivered_seq", NUMBER, nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("attributes", sa.Text()),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("blocked_until", NUMBER),
        sa.Column("silenced_until", NUMBER),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_members_stream", "members", ["stream", "user_id"])


def _create_message_tables() -> None:
    op.create_table(
        "mentions",
        sa.Column("user_id", NAME, primary_key=True),
        sa.Column("stream", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("seq", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("sender", NAME, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "asked",
        sa.Column("stream", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("seq", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("sender", NAME, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "reactions",
        sa.Column("stream", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("seq", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("reaction", sa.Text(), primary_key=True),
        sa.Column("user_id", NAME, primary_key=True),
        sqlite_with_rowid=False,
    )


def _create_search() -> None:
    op.create_table(
        "indexed",
        sa.Column("stream", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("seq", NUMBER, nullable=False),
    )
    if op.get_bind().dialect.name == "sqlite":
        # Our own words come separated by spaces; of these only the tokenizer for ASCII leaves all other letters alone.
        op.execute("CREATE VIRTUAL TABLE message_words USING fts5(words, content='', columnsize=0, tokenize='ascii')")
    else:
        op.execute(
            "CREATE TABLE message_words (stream BIGINT, seq BIGINT, words tsvector NOT NULL, PRIMARY KEY (stream, seq))"
        )
        op.execute("CREATE INDEX ix_message_words_words ON message_words USING gin (words)")


def _create_sessions() -> None:
    op.create_table(
        "leases",
        sa.Column("node", ID, primary_key=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("until", NUMBER, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "sessions",
        sa.Column("id", NAME, primary_key=True),
        sa.Column("user_id", NAME, nullable=False),
        sa.Column("device", NAME, nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("label", sa.Text()),
        sa.Column("info", sa.Text()),
        sa.Column("opened_at", NUMBER, nullable=False),
        sa.Column("seen_at", NUMBER, nullable=False),
        sa.Column("resume_hash", sa.LargeBinary(), nullable=False),
        sa.Column("fence", NUMBER, nullable=False),
        sa.Column("tag", sa.Text()),
        sa.Column("node", NUMBER),
        sa.Column("detached_at", NUMBER),
        sa.Column("credential", sa.Text()),
        sa.Column("credential_expires_at", NUMBER),
        sa.Column("address", sa.Text()),
        sa.Column("issued_at", NUMBER),
        sa.Column("ended_at", NUMBER),
        sa.Column("end_reason", sa.Text()),
        sa.Column("newcomer", sa.Text()),
    )
    for column in SESSION_INDEXES:
        is_given = "" if column == "user_id" else f" AND {column} IS NOT NULL"
        where = sa.text("ended_at IS NULL" + is_given)
        name = f"ix_sessions_open_{column}"
        op.create_index(name, "sessions", [column], sqlite_where=where, postgresql_where=where)
    where = sa.text("ended_at IS NOT NULL")
    op.create_index("ix_sessions_ended_at", "sessions", ["ended_at"], sqlite_where=where, postgresql_where=where)
    op.create_table(
        "revoked_credentials",
        sa.Column("credential", sa.Text(), primary_key=True),
        sa.Column("until", NUMBER, nullable=False),
    )
    op.create_index("ix_revoked_credentials_until", "revoked_credentials", ["until"])
    op.create_table(
        "revoked_users",
        sa.Column("user_id", NAME, primary_key=True),
        sa.Column("before", NUMBER, nullable=False),
    )


def _create_presence() -> None:
    op.create_table(
        "last_seen",
        sa.Column("user_id", NAME, primary_key=True),
        sa.Column("at", NUMBER, nullable=False),
    )
    op.create_table(
        "seats",
        sa.Column("session", NAME, primary_key=True),
        sa.Column("tab", NAME, primary_key=True),
        sa.Column("room", NAME, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_seats_room", "seats", ["room"])
    op.create_table(
        "wills",
        sa.Column("session", NAME, primary_key=True),
        sa.Column("user_id", NAME, nullable=False),
        sa.Column("after_ms", NUMBER, nullable=False),
        sa.Column("due_at", NUMBER),
        sa.Column("body", sa.LargeBinary(), nullable=False),
    )
    op.create_index("ix_wills_due_at", "wills", ["due_at"])
    op.create_table(
        "requests",
        sa.Column("key", sa.Text(), primary_key=True),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("at", NUMBER, nullable=False),
        sa.Column("answer", sa.LargeBinary()),
    )
    op.create_index("ix_requests_at", "requests", ["at"])


def _create_pushing() -> None:
    op.create_table(
        "duties",
        sa.Column("name", sa.Text(), primary_key=True),
        sa.Column("node", NUMBER, nullable=False),
        sa.Column("reached", NUMBER, nullable=False),
    )
    op.create_table(
        "push_targets",
        sa.Column("user_id", NAME, primary_key=True),
        sa.Column("device", NAME, primary_key=True),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("credential", sa.Text()),
        sa.Column("issued_at", NUMBER),
        sa.Column("at", NUMBER, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_push_targets_token", "push_targets", ["token"])
    where = sa.text("credential IS NOT NULL")
    op.create_index(
        "ix_push_targets_credential", "push_targets", ["credential"], sqlite_where=where, postgresql_where=where
    )


def _create_erasures() -> None:
    op.create_table(
        "erasures",
        sa.Column("user_id", NAME, primary_key=True),
        sa.Column("asked_at", NUMBER, nullable=False),
        sa.Column("after", NAME),
        sa.Column("conversations", NUMBER, nullable=False),
        sa.Column("messages", NUMBER, nullable=False),
        sa.Column("finished_at", NUMBER),
        sa.Column("failed_at", NUMBER),
    )
    unfinished = sa.text("finished_at IS NULL")
    op.create_index(
        "ix_erasures_unfinished", "erasures", ["asked_at"], sqlite_where=unfinished, postgresql_where=unfinished
    )
