"""The tables, declared once for SQLite and PostgreSQL. `migrations` brings a database here; a test compares the two.

Times are milliseconds since 1970. `pos` is the commit position of `ports.log`: it never falls along a stream. Names
compare by code point, in PostgreSQL too, so that both databases and Python sort alike. Indexes that leave rows out do
so in PostgreSQL, too; to say it here would load its dialect, 25 ms of every start.
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    literal_column,
)

METADATA: Final = MetaData()

_Name: Final = Text().with_variant(Text(collation="C"), "postgresql")
# SQLite numbers rows by itself only in a column whose type is spelled INTEGER.
_Id: Final = BigInteger().with_variant(Integer(), "sqlite")

META: Final = Table(
    "meta",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

STREAMS: Final = Table(
    "streams",
    METADATA,
    Column("id", _Id, primary_key=True),
    Column("key", _Name, nullable=False, unique=True),
    Column("epoch", BigInteger, nullable=False),
    Column("head", BigInteger, nullable=False),
    Column("head_at", BigInteger, nullable=False),
    Column("head_pos", BigInteger, nullable=False, index=True),
    Column("messages", BigInteger, nullable=False),
    # When the last message was placed. It costs nothing here, where each message writes the row anyway.
    Column("said_at", BigInteger),
    # Up to which seq facts are kept no longer, and how many of these were messages.
    Column("trimmed", BigInteger, nullable=False),
    Column("gone", BigInteger, nullable=False),
)

FACTS: Final = Table(
    "facts",
    METADATA,
    # Kept in the order of arrival, with an index by place: a batch over fifty streams then fills a few pages instead of
    # touching two in each stream, and its insert and commit took 15 µs of CPU per message instead of 37.
    Column("stream", BigInteger, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("pos", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("sender", _Name),
    Column("send_key", _Name),
    # The number of a message among the messages of its stream.
    Column("nth", BigInteger),
    # That of a message's content; a recalled one has none.
    Column("type", BigInteger),
    Column("body", LargeBinary, nullable=False),
)
_KEYED = FACTS.c.send_key.is_not(None)
Index(
    "ix_facts_send_key",
    FACTS.c.stream,
    FACTS.c.sender,
    FACTS.c.send_key,
    unique=True,
    sqlite_where=_KEYED,
)

# Most messages are texts: who looks for the others finds them by this, and a text costs nothing.
_TYPED = FACTS.c.type != literal_column("-1")
Index("ix_facts_type", FACTS.c.stream, FACTS.c.type, FACTS.c.seq, sqlite_where=_TYPED)

# Few messages change: who comes back finds those that did since, and the others cost nothing.
_CHANGED = FACTS.c.kind.in_([literal_column("'revised'"), literal_column("'recalled'")])
Index("ix_facts_changed", FACTS.c.stream, FACTS.c.at, FACTS.c.seq, sqlite_where=_CHANGED)

CONVERSATIONS: Final = Table(
    "conversations",
    METADATA,
    Column("stream", BigInteger, ForeignKey(STREAMS.c.id), primary_key=True, autoincrement=False),
    Column("kind", _Name, nullable=False),
    Column("creator", _Name, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("name", _Name),
    Column("attributes", Text),
    Column("unique_key", Text, unique=True),
    Column("member_count", BigInteger, nullable=False),
    Column("joining", Text, nullable=False),
    Column("rules", Text, nullable=False),
    # When it will end; empty for one that will not, or has.
    Column("expires_at", BigInteger),
    # Of the operator's ones: for whom.
    Column("audience", Text),
    # When the oldest fact that is kept was placed.
    Column("oldest_at", BigInteger),
    # Of a room: 1 where it keeps what is said in it.
    Column("keeps_history", BigInteger),
    # Of a thread: the stream of the conversation that it is under.
    Column("parent", BigInteger),
    # Of a group: how many threads under its messages are not over.
    Column("threads", BigInteger),
)
Index("ix_conversations_kind", CONVERSATIONS.c.kind, CONVERSATIONS.c.oldest_at)
Index(
    "ix_conversations_audience",
    CONVERSATIONS.c.audience,
    sqlite_where=CONVERSATIONS.c.audience.is_not(None),
)
Index(
    "ix_conversations_expires_at",
    CONVERSATIONS.c.expires_at,
    sqlite_where=CONVERSATIONS.c.expires_at.is_not(None),
)

Index(
    "ix_conversations_parent",
    CONVERSATIONS.c.parent,
    CONVERSATIONS.c.stream,
    sqlite_where=CONVERSATIONS.c.parent.is_not(None),
)

CONVERSATION_ATTRIBUTES: Final = Table(
    "conversation_attributes",
    METADATA,
    # Values that conversations are found by (`domain.query.flatten`), written with the conversation's attributes.
    Column("stream", BigInteger, primary_key=True, autoincrement=False),
    Column("path", _Name, primary_key=True),
    Column("nth", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("text", _Name),
    Column("number", Double),
    sqlite_with_rowid=False,
)
for _name in ("text", "number"):
    _column = CONVERSATION_ATTRIBUTES.c[_name]
    _given = _column.is_not(None)
    Index(
        f"ix_conversation_attributes_{_name}",
        CONVERSATION_ATTRIBUTES.c.path,
        _column,
        sqlite_where=_given,
    )

MEMBERS: Final = Table(
    "members",
    METADATA,
    # Kept by user: a user who comes back reads all of theirs, a send reads one.
    Column("user_id", _Name, primary_key=True),
    Column("stream", BigInteger, ForeignKey(STREAMS.c.id), primary_key=True, autoincrement=False),
    Column("since", BigInteger, nullable=False),
    Column("until", BigInteger),
    Column("until_pos", BigInteger),
    Column("read_seq", BigInteger, nullable=False),
    Column("passed", BigInteger, nullable=False),
    Column("own", BigInteger, nullable=False),
    Column("is_marked_unread", Integer, nullable=False),
    Column("delivered_seq", BigInteger, nullable=False),
    Column("role", Text, nullable=False),
    Column("attributes", Text),
    Column("level", Text, nullable=False),
    Column("blocked_until", BigInteger),
    Column("silenced_until", BigInteger),
    Column("pinned_at", BigInteger),
    # Both JSON. None for none.
    Column("marks", Text),
    Column("silence", Text),
    Column("cleared_seq", BigInteger),
    Column("deleted", BigInteger),
    # 1: the user deleted messages one by one.
    Column("hides_some", Integer),
    sqlite_with_rowid=False,
)
# A conversation's members are read in pages by user.
Index("ix_members_stream", MEMBERS.c.stream, MEMBERS.c.user_id)

INDEXED: Final = Table(
    "indexed",
    METADATA,
    # Up to which message of a conversation the words are in `message_words`, which each database has in its own way.
    Column("stream", BigInteger, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
)

MENTIONS: Final = Table(
    "mentions",
    METADATA,
    # Of everybody, where the user is empty.
    Column("user_id", _Name, primary_key=True),
    Column("stream", BigInteger, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("sender", _Name, nullable=False),
    sqlite_with_rowid=False,
)

ASKED: Final = Table(
    "asked",
    METADATA,
    # Messages that asked for a receipt.
    Column("stream", BigInteger, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("sender", _Name, nullable=False),
    sqlite_with_rowid=False,
)

REACTIONS: Final = Table(
    "reactions",
    METADATA,
    Column("stream", BigInteger, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("reaction", Text, primary_key=True),
    Column("user_id", _Name, primary_key=True),
    sqlite_with_rowid=False,
)

LEASES: Final = Table(
    "leases",
    METADATA,
    Column("node", _Id, primary_key=True),
    Column("name", Text, nullable=False),
    Column("until", BigInteger, nullable=False),
    # A lease number must not come back after its row was dropped.
    sqlite_autoincrement=True,
)

DUTIES: Final = Table(
    "duties",
    METADATA,
    # Work that one node does at a time, by its lease, and the position that it has come to.
    Column("name", Text, primary_key=True),
    Column("node", BigInteger, nullable=False),
    Column("reached", BigInteger, nullable=False),
)

SESSIONS: Final = Table(
    "sessions",
    METADATA,
    Column("id", _Name, primary_key=True),
    Column("user_id", _Name, nullable=False),
    Column("device", _Name, nullable=False),
    Column("platform", Text, nullable=False),
    Column("label", Text),
    Column("info", Text),
    Column("opened_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("resume_hash", LargeBinary, nullable=False),
    Column("fence", BigInteger, nullable=False),
    Column("tag", Text),
    Column("node", BigInteger),
    Column("detached_at", BigInteger),
    Column("credential", Text),
    Column("credential_expires_at", BigInteger),
    Column("address", Text),
    Column("issued_at", BigInteger),
    Column("ended_at", BigInteger),
    Column("end_reason", Text),
    Column("newcomer", Text),
    # JSON. None for none.
    Column("tabs", Text),
)


def _open_index(name: str) -> Index:
    """Declare an index over sessions that are not over, by a column that most of them leave empty or share with few."""
    column = SESSIONS.c[name]
    is_open = SESSIONS.c.ended_at.is_(None)
    where = is_open & column.is_not(None) if column.nullable else is_open
    return Index(f"ix_sessions_open_{name}", column, sqlite_where=where)


for _name in ("user_id", "node", "detached_at", "credential", "credential_expires_at"):
    _open_index(_name)
_ENDED = SESSIONS.c.ended_at.is_not(None)
Index("ix_sessions_ended_at", SESSIONS.c.ended_at, sqlite_where=_ENDED)
Index("ix_sessions_ended_user", SESSIONS.c.user_id, sqlite_where=_ENDED)

PUSH_TARGETS: Final = Table(
    "push_targets",
    METADATA,
    Column("user_id", _Name, primary_key=True),
    Column("device", _Name, primary_key=True),
    Column("provider", Text, nullable=False),
    Column("token", Text, nullable=False, index=True),
    # Those of the session that registered it, which it outlives.
    Column("credential", Text),
    Column("issued_at", BigInteger),
    Column("at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
Index(
    "ix_push_targets_credential",
    PUSH_TARGETS.c.credential,
    sqlite_where=PUSH_TARGETS.c.credential.is_not(None),
)

USER_OBJECTS: Final = Table(
    "user_objects",
    METADATA,
    # The user's own stream; the value stands in its fact at `seq`.
    Column("stream", BigInteger, primary_key=True, autoincrement=False),
    Column("name", _Name, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

LAST_SEEN: Final = Table(
    "last_seen",
    METADATA,
    # When the last session of a user that is over was there: sessions that are over are forgotten, this is not.
    Column("user_id", _Name, primary_key=True),
    Column("at", BigInteger, nullable=False),
)

SEATS: Final = Table(
    "seats",
    METADATA,
    Column("session", _Name, primary_key=True),
    Column("tab", _Name, primary_key=True),
    Column("room", _Name, nullable=False, index=True),
    sqlite_with_rowid=False,
)

WILLS: Final = Table(
    "wills",
    METADATA,
    Column("session", _Name, primary_key=True),
    Column("user_id", _Name, nullable=False),
    Column("after_ms", BigInteger, nullable=False),
    # None while the session has its connection.
    Column("due_at", BigInteger, index=True),
    Column("body", LargeBinary, nullable=False),
)

REQUESTS: Final = Table(
    "requests",
    METADATA,
    # Asked over REST under a key; without an answer while it is carried out.
    Column("key", Text, primary_key=True),
    Column("digest", LargeBinary, nullable=False),
    Column("at", BigInteger, nullable=False, index=True),
    Column("answer", LargeBinary),
)

REVOKED_CREDENTIALS: Final = Table(
    "revoked_credentials",
    METADATA,
    Column("credential", Text, primary_key=True),
    Column("until", BigInteger, nullable=False, index=True),
)

ERASURES: Final = Table(
    "erasures",
    METADATA,
    # As `ports.erasures.Erasure`.
    Column("user_id", _Name, primary_key=True),
    Column("asked_at", BigInteger, nullable=False),
    Column("after", _Name),
    Column("conversations", BigInteger, nullable=False),
    Column("messages", BigInteger, nullable=False),
    Column("finished_at", BigInteger),
    Column("failed_at", BigInteger),
)
Index("ix_erasures_unfinished", ERASURES.c.asked_at, sqlite_where=ERASURES.c.finished_at.is_(None))

REVOKED_USERS: Final = Table(
    "revoked_users",
    METADATA,
    Column("user_id", _Name, primary_key=True),
    Column("before", BigInteger, nullable=False),
)
