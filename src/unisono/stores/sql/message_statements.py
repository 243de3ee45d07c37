"""Every statement about messages once they have their place: what is unread, whom they call, what became of them."""

from importlib import import_module
from typing import Any, Final

from sqlalchemy import Dialect, Text, case, delete, distinct, func, literal_column, select, update
from sqlalchemy.sql.expression import Executable

from unisono.stores.sql.compiled import ListStatement, Statement
from unisono.stores.sql.hidden_tables import HIDDEN_BY_ANY, is_hidden
from unisono.stores.sql.phrases import HAS_GROUP, IS_NO_THREAD, LIMIT, MESSAGE, given, insert
from unisono.stores.sql.schema import ASKED, CONVERSATIONS, FACTS, MEMBERS, MENTIONS, REACTIONS, STREAMS

_CHANGES: Final = [literal_column("'revised'", Text), literal_column("'recalled'", Text)]


class MessageStatements:
    """The statements of one dialect, compiled when first used."""

    def __init__(self, dialect: Dialect) -> None:
        def one(build: Executable) -> Statement:
            return Statement(dialect, lambda: build)

        self.insert_mentions = ListStatement(dialect, lambda rows: insert(dialect, MENTIONS, rows, MENTIONS.c))
        self.insert_asked = ListStatement(dialect, lambda rows: insert(dialect, ASKED, rows, ASKED.c))
        self.askers = one(_askers())
        self.sender_of = one(_sender_of())
        self.recipients = one(_recipients())
        self.nth = one(_nth())
        # Of who deleted nothing here what was deleted is not asked.
        self.own_between, self.own_or_deleted_between = one(_own_between()), one(_own_between(hides=True))
        self.mentions_after, self.mentions_left_after = one(_mentions_after()), one(_mentions_after(hides=True))
        self.unread = one(_unread().where(STREAMS.c.key > given("after", STREAMS.c.key)).limit(LIMIT))
        self.unread_in = one(_unread().where(STREAMS.c.key == given("key", STREAMS.c.key)))
        self.unread_total = one(_unread_total())
        self.mentions_total = one(_mentions_total())
        self.last_message = one(_last_message())
        self.said_last, self.said_first = one(_said(is_down=True)), one(_said(is_down=False))
        self.changes = one(_changes())
        self.rewrite_fact = one(_rewrite_fact())
        self.fact = one(_fact(FACTS.c.at, FACTS.c.body))
        self.fact_at = one(_fact(FACTS.c.at, FACTS.c.body, HIDDEN_BY_ANY))
        self.reactions = one(_reactions())
        self.add_reaction = one(_add_reaction(dialect))
        self.drop_reaction = one(_drop_reaction())
        self.drop_reactions = one(_drop_reactions())
        self.count_reactions = one(_count_reactions())
        self.drop_mention = one(_drop_mention())


def _askers() -> Executable:
    return (
        select(ASKED.c.sender)
        .distinct()
        .where(
            ASKED.c.stream == given("stream", ASKED.c.stream),
            ASKED.c.seq > given("after", ASKED.c.seq),
            ASKED.c.seq <= given("until", ASKED.c.seq),
            ASKED.c.sender != given("receiver", ASKED.c.sender),
        )
    )


def _sender_of() -> Executable:
    """Find a message by its conversation's name."""
    return (
        select(STREAMS.c.id, FACTS.c.sender)
        .join(FACTS, FACTS.c.stream == STREAMS.c.id)
        .where(
            STREAMS.c.key == given("key", STREAMS.c.key),
            FACTS.c.seq == given("seq", FACTS.c.seq),
            FACTS.c.kind == MESSAGE,
        )
    )


def _recipients() -> Executable:
    """List the others who could see a message, with their marks."""
    seq = given("seq", MEMBERS.c.since)
    return (
        select(MEMBERS.c.user_id, MEMBERS.c.delivered_seq, MEMBERS.c.read_seq)
        .where(
            MEMBERS.c.stream == given("stream", MEMBERS.c.stream),
            MEMBERS.c.since <= seq,
            MEMBERS.c.until.is_(None) | (MEMBERS.c.until > seq),
            MEMBERS.c.user_id != given("sender", MEMBERS.c.user_id),
        )
        .order_by(MEMBERS.c.user_id)
    )


def _nth() -> Executable:
    """Find the number of the last message up to a place."""
    return (
        select(FACTS.c.nth)
        .where(
            FACTS.c.stream == given("stream", FACTS.c.stream),
            FACTS.c.seq <= given("seq", FACTS.c.seq),
            FACTS.c.nth.is_not(None),
        )
        .order_by(FACTS.c.seq.desc())
        .limit(literal_column("1"))
    )


def _changes() -> Executable:
    """Find facts about messages that changed. Times rise with places, so the index by time gives both in order."""
    seq, at = FACTS.c.seq, FACTS.c.at
    stream = select(STREAMS.c.id).where(STREAMS.c.key == given("key", STREAMS.c.key)).scalar_subquery()
    return (
        select(seq, at, FACTS.c.body)
        .where(FACTS.c.stream == stream, FACTS.c.kind.in_(_CHANGES), at > given("since", at), seq > given("after", seq))
        .order_by(at, seq)
        .limit(LIMIT)
    )


def _own_between(*, hides: bool = False) -> Executable:
    """Count what does not count as unread to a user: their own messages, and those that they deleted, if any."""
    user = given("user", FACTS.c.sender)
    is_own = FACTS.c.sender == user
    return select(func.count()).where(
        FACTS.c.stream == given("stream", FACTS.c.stream),
        FACTS.c.seq > given("after", FACTS.c.seq),
        FACTS.c.seq <= given("until", FACTS.c.seq),
        FACTS.c.kind == MESSAGE,
        is_own | is_hidden(user) if hides else is_own,
    )


def _calls(user: Any) -> Any:
    called = MENTIONS.c.user_id.in_([user, literal_column("''", Text)])
    return called & (MENTIONS.c.sender != user)


def _is_deleted(user: Any) -> Any:
    return is_hidden(user, MENTIONS.c.stream, MENTIONS.c.seq)


def _mentions_after(*, hides: bool = False) -> Executable:
    # A message that calls somebody by name and everybody calls them once.
    user = given("user", MENTIONS.c.user_id)
    return select(func.count(distinct(MENTIONS.c.seq))).where(
        MENTIONS.c.stream == given("stream", MENTIONS.c.stream),
        MENTIONS.c.seq > given("seq", MENTIONS.c.seq),
        _calls(user) & ~_is_deleted(user) if hides else _calls(user),
    )


_PASSED: Final = case((MEMBERS.c.passed < STREAMS.c.gone, STREAMS.c.gone), else_=MEMBERS.c.passed)
LEFT: Final = STREAMS.c.messages - _PASSED - MEMBERS.c.own
"""What a member has not read of what others said and is kept."""


def _has_unread() -> Any:
    return (
        (MEMBERS.c.user_id == given("user", MEMBERS.c.user_id))
        & MEMBERS.c.until.is_(None)
        & ((literal_column("0") < LEFT) | (MEMBERS.c.is_marked_unread == literal_column("1")))
        & HAS_GROUP
    )


def _mentions_of_mine() -> Any:
    return (
        select(func.count(distinct(MENTIONS.c.seq)))
        .where(
            MENTIONS.c.stream == MEMBERS.c.stream,
            MENTIONS.c.seq > MEMBERS.c.read_seq,
            MENTIONS.c.seq >= MEMBERS.c.since,
            _calls(MEMBERS.c.user_id),
            MEMBERS.c.hides_some.is_(None) | ~_is_deleted(MEMBERS.c.user_id),
        )
        .scalar_subquery()
    )


def _unread() -> Any:
    return (
        select(
            STREAMS.c.key,
            STREAMS.c.id,
            STREAMS.c.head,
            MEMBERS.c.read_seq,
            LEFT,
            _mentions_of_mine(),
            MEMBERS.c.is_marked_unread,
            MEMBERS.c.cleared_seq,
        )
        .join(STREAMS, STREAMS.c.id == MEMBERS.c.stream)
        .where(_has_unread())
        .order_by(STREAMS.c.key)
    )


def _unread_total() -> Executable:
    return select(func.coalesce(func.sum(LEFT), 0)).join(STREAMS, STREAMS.c.id == MEMBERS.c.stream).where(_has_unread())


def _mentions_total() -> Executable:
    return (
        select(func.coalesce(func.sum(_mentions_of_mine()), 0))
        .join(STREAMS, STREAMS.c.id == MEMBERS.c.stream)
        .where(_has_unread())
    )


def _last_message() -> Executable:
    """Find the newest message that a user did not delete."""
    return (
        select(FACTS.c.seq, FACTS.c.at, FACTS.c.body)
        .where(
            FACTS.c.stream == given("stream", FACTS.c.stream),
            FACTS.c.kind == MESSAGE,
            ~is_hidden(given("user", FACTS.c.sender)),
        )
        .order_by(FACTS.c.seq.desc())
        .limit(literal_column("1"))
    )


def _said(*, is_down: bool) -> Executable:
    keys: list[Any] = [FACTS.c.at, STREAMS.c.key, FACTS.c.seq]
    return (
        select(STREAMS.c.key, FACTS.c.seq, FACTS.c.at, FACTS.c.body)
        .select_from(MEMBERS)
        .join(FACTS, FACTS.c.stream == MEMBERS.c.stream)
        .join(STREAMS, STREAMS.c.id == MEMBERS.c.stream)
        .join(CONVERSATIONS, CONVERSATIONS.c.stream == MEMBERS.c.stream)
        .where(
            MEMBERS.c.user_id == given("user", MEMBERS.c.user_id),
            IS_NO_THREAD,
            FACTS.c.sender == MEMBERS.c.user_id,
            # The index of keys leads, where both are.
            FACTS.c.send_key.is_not(None),
            FACTS.c.kind == MESSAGE,
            FACTS.c.at >= given("since", FACTS.c.at),
            FACTS.c.at <= given("till", FACTS.c.at),
        )
        .order_by(*(key.desc() if is_down else key for key in keys))
        .limit(LIMIT)
    )


def _rewrite_fact() -> Executable:
    return (
        update(FACTS)
        .values(body=given("body", FACTS.c.body), type=given("type", FACTS.c.type))
        .where(FACTS.c.stream == given("of", FACTS.c.stream), FACTS.c.seq == given("place", FACTS.c.seq))
    )


def _fact(*asked: Any) -> Executable:
    """Find what stands at a place."""
    return select(*asked).where(
        FACTS.c.stream == given("stream", FACTS.c.stream), FACTS.c.seq == given("seq", FACTS.c.seq)
    )


def _to_message() -> tuple[Any, Any]:
    return (
        REACTIONS.c.stream == given("stream", REACTIONS.c.stream),
        REACTIONS.c.seq == given("seq", REACTIONS.c.seq),
    )


def _reactions() -> Executable:
    return select(REACTIONS.c.reaction, REACTIONS.c.user_id).where(*_to_message())


def _add_reaction(dialect: Dialect) -> Executable:
    words = import_module(f"sqlalchemy.dialects.{dialect.name}")
    values = {column: given(column.name, column) for column in REACTIONS.c}
    added: Executable = words.insert(REACTIONS).values(values).on_conflict_do_nothing()
    return added


def _drop_reaction() -> Executable:
    return delete(REACTIONS).where(
        *_to_message(),
        REACTIONS.c.reaction == given("reaction", REACTIONS.c.reaction),
        REACTIONS.c.user_id == given("user_id", REACTIONS.c.user_id),
    )


def _drop_reactions() -> Executable:
    return delete(REACTIONS).where(*_to_message())


def _count_reactions() -> Executable:
    """Count the reactions to messages between two places, the most frequent first."""
    seq, count = REACTIONS.c.seq, func.count()
    is_mine = case((REACTIONS.c.user_id == given("reader", REACTIONS.c.user_id), 1), else_=0)
    return (
        select(seq, REACTIONS.c.reaction, count, func.max(is_mine))
        .where(
            REACTIONS.c.stream == given("stream", REACTIONS.c.stream),
            seq >= given("first", seq),
            seq <= given("last", seq),
        )
        .group_by(seq, REACTIONS.c.reaction)
        .order_by(seq, count.desc(), REACTIONS.c.reaction)
    )


def _drop_mention() -> Executable:
    return delete(MENTIONS).where(
        MENTIONS.c.user_id == given("user", MENTIONS.c.user_id),
        MENTIONS.c.stream == given("stream", MENTIONS.c.stream),
        MENTIONS.c.seq == given("seq", MENTIONS.c.seq),
    )
