"""Every statement of the log and the directory. Those about sessions stand in `session_statements`."""

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Column,
    Dialect,
    Text,
    case,
    cast,
    delete,
    literal_column,
    null,
    select,
    union_all,
    update,
)
from sqlalchemy.sql.expression import Executable

from unisono.domain.kinds import KINDS
from unisono.stores.sql.compiled import ListStatement, Statement, numbered
from unisono.stores.sql.contact_statements import ContactStatements
from unisono.stores.sql.hidden_statements import HiddenStatements
from unisono.stores.sql.history_statements import HistoryStatements
from unisono.stores.sql.index_statements import IndexStatements
from unisono.stores.sql.member_statements import MemberStatements
from unisono.stores.sql.message_statements import MessageStatements
from unisono.stores.sql.object_statements import ObjectStatements
from unisono.stores.sql.phrases import (
    IS_IN_GROUP,
    IS_NO_THREAD,
    IS_SHOWN,
    LIMIT,
    given,
    insert,
    is_above,
    upsert,
    wanted,
)
from unisono.stores.sql.schema import CONVERSATION_ATTRIBUTES, CONVERSATIONS, FACTS, MEMBERS, META, SESSIONS, STREAMS
from unisono.stores.sql.silence_statements import SilenceStatements
from unisono.stores.sql.thread_statements import ThreadStatements
from unisono.stores.sql.trim_statements import TrimStatements

_EPOCH: Final = literal_column("'epoch'", Text)
_LISTED: Final = [literal_column(f"'{of}'", Text) for of, kind in KINDS.items() if kind.lists_members]
"""Kinds of conversations that list their members."""
_FIXED: Final = ("kind", "creator", "created_at", "parent")
_ALL: Final = literal_column("'all'", Text)


class Statements:
    """The statements of one dialect, compiled when first used."""

    def __init__(self, dialect: Dialect) -> None:
        def one(build: Executable) -> Statement:
            return Statement(dialect, lambda: build)

        self.streams = ListStatement(dialect, _streams)
        self.create_streams = ListStatement(dialect, lambda rows: _create_streams(dialect, rows))
        self.advance_streams = ListStatement(dialect, _advance_streams)
        # Else SQLite keeps a copy of each page, to undo the one statement alone: a sixth of the time of a batch.
        self.insert_facts = ListStatement(
            dialect, lambda rows: insert(dialect, FACTS, rows, FACTS.c).prefix_with("OR ROLLBACK", dialect="sqlite")
        )
        self.places = ListStatement(dialect, _places)
        self.unique = ListStatement(dialect, _unique)
        self.conversations = ListStatement(dialect, _conversations)
        self.write_conversations = ListStatement(
            dialect, lambda rows: upsert(dialect, CONVERSATIONS, rows, fixed=_FIXED)
        )
        self.insert_values = ListStatement(
            dialect, lambda rows: insert(dialect, CONVERSATION_ATTRIBUTES, rows, CONVERSATION_ATTRIBUTES.c)
        )
        self.drop_values = one(_drop_values())
        self.members = ListStatement(dialect, _members)
        self.all_members = ListStatement(dialect, _all_members)

        self.messages = MessageStatements(dialect)
        self.history = HistoryStatements(dialect)
        self.open_sessions = ListStatement(dialect, _open_sessions)
        self.lock_sessions = ListStatement(dialect, _lock_sessions)
        self.words = IndexStatements(dialect)
        self.trimming, self.threads = TrimStatements(dialect), ThreadStatements(dialect)
        self.roll = MemberStatements(dialect)
        self.objects, self.contacts = ObjectStatements(dialect), ContactStatements(dialect)
        self.silences, self.hidden = SilenceStatements(dialect), HiddenStatements(dialect)
        self.epoch = one(_epoch())
        self.head = one(_head())
        self.facts = one(_facts())
        self.moved = one(_moved())
        self.moved_in_app, self.moved_together = one(_moved_in_app()), one(_moved_together())
        self.find = one(_find())
        self.listed = ListStatement(dialect, _listed)
        self.list_of = one(_list_of(IS_NO_THREAD))
        self.list_marked = one(_list_of(MEMBERS.c.marks.is_not(None), IS_IN_GROUP))
        self.list_pinned, self.membership_of = one(_list_pinned()), one(_membership_of())
        self.current_members = one(_current_members())
        self.reached = one(_reached())
        self.members_then = one(_members_then())
        self.kind = one(_kind())
        self.for_all, self.every = one(_for_all()), one(_every())
        self.expired = one(_expired())
        self.acquainted = ListStatement(dialect, _acquainted)


def _streams(rows: int) -> Executable:
    # Locks are taken in the order of the keys, so that two writers do not wait for each other in a circle.
    keys = [numbered("key", row, STREAMS.c.key) for row in range(rows)]
    return select(STREAMS).where(STREAMS.c.key.in_(keys)).order_by(STREAMS.c.key).with_for_update()


def _open_sessions(rows: int) -> Executable:
    users = [numbered("user_id", row, SESSIONS.c.user_id) for row in range(rows)]
    return select(SESSIONS.c.id).where(SESSIONS.c.user_id.in_(users), SESSIONS.c.ended_at.is_(None))


def _lock_sessions(rows: int) -> Executable:
    names = [numbered("id", row, SESSIONS.c.id) for row in range(rows)]
    return select(SESSIONS.c.id).where(SESSIONS.c.id.in_(names)).order_by(SESSIONS.c.id).with_for_update()


def _create_streams(dialect: Dialect, rows: int) -> Executable:
    given_ones = [column for column in STREAMS.c if column.name not in {"id", "epoch", "said_at"}]
    statement = insert(dialect, STREAMS, rows, given_ones, epoch=_epoch().scalar_subquery())
    created: Executable = statement.on_conflict_do_nothing().returning(STREAMS.c.id, STREAMS.c.key, STREAMS.c.epoch)
    return created


def _epoch() -> Any:
    """Read the app's epoch where it stands, since another node may have raised it."""
    return select(cast(META.c.value, BigInteger)).where(META.c.name == _EPOCH)


def _advance_streams(rows: int) -> Executable:
    changed = ("head", "head_at", "head_pos", "messages", "said_at")
    new = wanted(rows, [STREAMS.c.id, *(STREAMS.c[name] for name in changed)])
    moved = {name: new.c[name] for name in changed}
    return update(STREAMS).values(moved).where(STREAMS.c.id == new.c.id)


def _places(rows: int) -> Executable:
    key = (FACTS.c.stream, FACTS.c.sender, FACTS.c.send_key)
    asked = wanted(rows, key)
    same = [column == asked.c[column.name] for column in key]
    return (
        select(*key, FACTS.c.seq, FACTS.c.at, FACTS.c.body).select_from(asked).join(FACTS, same[0] & same[1] & same[2])
    )


def _unique(rows: int) -> Executable:
    keys = [numbered("unique_key", row, CONVERSATIONS.c.unique_key) for row in range(rows)]
    return (
        select(CONVERSATIONS.c.unique_key, STREAMS.c.key)
        .join(STREAMS, STREAMS.c.id == CONVERSATIONS.c.stream)
        .where(CONVERSATIONS.c.unique_key.in_(keys))
    )


def _conversations(rows: int) -> Executable:
    streams = [numbered("stream", row, CONVERSATIONS.c.stream) for row in range(rows)]
    return select(CONVERSATIONS).where(CONVERSATIONS.c.stream.in_(streams))


def _drop_values() -> Executable:
    stream = CONVERSATION_ATTRIBUTES.c.stream
    return delete(CONVERSATION_ATTRIBUTES).where(stream == given("stream", stream))


def _members(rows: int) -> Executable:
    asked = wanted(rows, [MEMBERS.c.stream, MEMBERS.c.user_id])
    same = (MEMBERS.c.user_id == asked.c.user_id) & (MEMBERS.c.stream == asked.c.stream)
    return select(MEMBERS).select_from(asked).join(MEMBERS, same)


def _all_members(rows: int) -> Executable:
    streams = [numbered("stream", row, MEMBERS.c.stream) for row in range(rows)]
    return select(MEMBERS).where(MEMBERS.c.stream.in_(streams), MEMBERS.c.until.is_(None))


def _head() -> Executable:
    return select(STREAMS).where(STREAMS.c.key == given("key", STREAMS.c.key))


def _facts() -> Executable:
    seq = FACTS.c.seq
    return (
        select(seq, FACTS.c.at, FACTS.c.body)
        .where(FACTS.c.stream == given("stream", FACTS.c.stream), seq > given("after", seq), seq <= given("last", seq))
        .order_by(seq)
    )


def _moved() -> Executable:
    """Read the user's memberships in one run of the index, each one's head by its number, and the user's own stream."""
    is_former = MEMBERS.c.until.is_not(None)
    checkpoint = given("checkpoint", STREAMS.c.head_pos)
    later = STREAMS.c.key > given("after", STREAMS.c.key)
    theirs = (
        select(STREAMS.c.key, STREAMS.c.epoch, case((is_former, MEMBERS.c.until), else_=STREAMS.c.head).label("head"))
        .join(STREAMS, STREAMS.c.id == MEMBERS.c.stream)
        .where(
            MEMBERS.c.user_id == given("user", MEMBERS.c.user_id),
            case((is_former, MEMBERS.c.until_pos), else_=STREAMS.c.head_pos) > checkpoint,
            later,
        )
    )
    own = select(STREAMS.c.key, STREAMS.c.epoch, STREAMS.c.head).where(
        STREAMS.c.key == given("own", STREAMS.c.key), STREAMS.c.head_pos > checkpoint, later
    )
    both = union_all(theirs, own).subquery()
    return select(both).order_by(both.c.key).limit(LIMIT)


def _moved_in_app() -> Executable:
    return (
        select(STREAMS.c.key, STREAMS.c.epoch, STREAMS.c.head, STREAMS.c.head_pos)
        .where(STREAMS.c.head_pos > given("checkpoint", STREAMS.c.head_pos))
        .order_by(STREAMS.c.head_pos)
        .limit(LIMIT)
    )


def _moved_together() -> Executable:
    return select(STREAMS.c.key, STREAMS.c.epoch, STREAMS.c.head, STREAMS.c.head_pos).where(
        STREAMS.c.head_pos == given("pos", STREAMS.c.head_pos)
    )


def _mine() -> Any:
    return (
        select(STREAMS, CONVERSATIONS, MEMBERS)
        .join(STREAMS, STREAMS.c.id == MEMBERS.c.stream)
        .join(CONVERSATIONS, CONVERSATIONS.c.stream == MEMBERS.c.stream)
        .where(MEMBERS.c.user_id == given("user", MEMBERS.c.user_id))
    )


def _find() -> Executable:
    theirs = (MEMBERS.c.stream == STREAMS.c.id) & (MEMBERS.c.user_id == given("user", MEMBERS.c.user_id))
    return (
        select(STREAMS, CONVERSATIONS, MEMBERS)
        .join(CONVERSATIONS, CONVERSATIONS.c.stream == STREAMS.c.id)
        .outerjoin(MEMBERS, theirs)
        .where(STREAMS.c.key == given("key", STREAMS.c.key), _is_known(given("user", MEMBERS.c.user_id)))
    )


def _is_known(user: Any) -> Any:
    """Keep a thread from who is out of its group, noted in it or not; nobody, who is the operator, sees all."""
    return IS_NO_THREAD | MEMBERS.c.until.is_not(None) | is_above(user) | (user == literal_column("''", Text))


def _every() -> Executable:
    # Keys of conversations are all that lie between these.
    is_theirs = (STREAMS.c.key > given("after", STREAMS.c.key)) & (STREAMS.c.key < literal_column("'c0'", Text))
    joined = select(STREAMS, CONVERSATIONS).join(CONVERSATIONS, CONVERSATIONS.c.stream == STREAMS.c.id)
    every: Executable = joined.where(is_theirs).order_by(STREAMS.c.key).limit(LIMIT)
    return every


def _listed(rows: int) -> Executable:
    """Give conversations with a user's place in them, the user named in each row."""
    asked = wanted(rows, [STREAMS.c.key, MEMBERS.c.user_id])
    theirs = (MEMBERS.c.stream == STREAMS.c.id) & (MEMBERS.c.user_id == asked.c.user_id)
    return (
        select(STREAMS, CONVERSATIONS, MEMBERS)
        .select_from(asked)
        .join(STREAMS, STREAMS.c.key == asked.c.key)
        .join(CONVERSATIONS, CONVERSATIONS.c.stream == STREAMS.c.id)
        .outerjoin(MEMBERS, theirs)
        .where(IS_NO_THREAD)
    )


def _list_of(*conditions: Any) -> Executable:
    """Streams are numbered as they come into being; their numbers are the order that the members' index has."""
    listed: Executable = (
        _mine()
        .where(MEMBERS.c.until.is_(null()), MEMBERS.c.stream > given("after", MEMBERS.c.stream), IS_SHOWN, *conditions)
        .order_by(MEMBERS.c.stream)
        .limit(LIMIT)
    )
    return listed


def _list_pinned() -> Executable:
    pinned = _mine().where(MEMBERS.c.until.is_(null()), MEMBERS.c.pinned_at.is_not(None), IS_SHOWN, IS_IN_GROUP)
    listed: Executable = pinned.order_by(MEMBERS.c.pinned_at.desc(), STREAMS.c.key)
    return listed


def _membership_of() -> Executable:
    return (
        select(MEMBERS.c.stream)
        .join(STREAMS, STREAMS.c.id == MEMBERS.c.stream)
        .where(STREAMS.c.key == given("key", STREAMS.c.key), MEMBERS.c.user_id == given("user", MEMBERS.c.user_id))
    )


def _current_members() -> Executable:
    return (
        select(MEMBERS.c.user_id)
        .where(MEMBERS.c.stream == given("stream", MEMBERS.c.stream), MEMBERS.c.until.is_(None))
        .order_by(MEMBERS.c.since, MEMBERS.c.user_id)
    )


def _reached() -> Executable:
    """Find the last fact committed up to a checkpoint, from the newest backwards: checkpoints are recent."""
    return (
        select(FACTS.c.seq)
        .where(FACTS.c.stream == given("stream", FACTS.c.stream), FACTS.c.pos <= given("checkpoint", FACTS.c.pos))
        .order_by(FACTS.c.seq.desc())
        .limit(literal_column("1"))
    )


def _members_then() -> Executable:
    seq = given("seq", MEMBERS.c.since)
    return select(MEMBERS.c.user_id).where(
        MEMBERS.c.stream == given("stream", MEMBERS.c.stream),
        MEMBERS.c.since <= seq,
        MEMBERS.c.until.is_(None) | (MEMBERS.c.until > seq),
    )


def _kind() -> Executable:
    return select(CONVERSATIONS.c.kind).where(CONVERSATIONS.c.stream == given("stream", CONVERSATIONS.c.stream))


def _for_all() -> Executable:
    return (
        select(STREAMS.c.key)
        .join(CONVERSATIONS, CONVERSATIONS.c.stream == STREAMS.c.id)
        .where(CONVERSATIONS.c.audience == _ALL)
        .order_by(STREAMS.c.key)
    )


def _expired() -> Executable:
    at = CONVERSATIONS.c.expires_at
    return (
        select(STREAMS.c.key)
        .join(CONVERSATIONS, CONVERSATIONS.c.stream == STREAMS.c.id)
        .where(at <= given("now", at))
        .order_by(at, STREAMS.c.key)
        .limit(LIMIT)
    )


def _acquainted(rows: int) -> Executable:
    """Find for each pair of users one conversation that both are in now, by the memberships of the first."""
    pairs = wanted(rows, [Column("other", MEMBERS.c.user_id.type), Column("user", MEMBERS.c.user_id.type)])
    theirs, mine = MEMBERS.alias("theirs"), MEMBERS.alias("mine")
    shared = (
        select(theirs.c.stream)
        .select_from(theirs)
        .join(mine, (mine.c.stream == theirs.c.stream) & (mine.c.user_id == pairs.c.user) & mine.c.until.is_(None))
        .join(CONVERSATIONS, CONVERSATIONS.c.stream == theirs.c.stream)
        .where(theirs.c.user_id == pairs.c.other, theirs.c.until.is_(None), CONVERSATIONS.c.kind.in_(_LISTED))
        .correlate(pairs)
    )
    return select(pairs.c.other).where(shared.exists())
