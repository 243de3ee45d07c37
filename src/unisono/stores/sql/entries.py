"""Rows as the writer holds them in memory."""

from typing import Final

import msgspec
from msgspec import Struct

from unisono.domain.conversation import Conversation, Membership
from unisono.domain.facts import ConversationKind, Fact, Joining, MessagePlaced, Reach, Rules
from unisono.domain.ids import ConversationId, Epoch, Instant, Json, Seq, StreamKey, UserId, conversation_of
from unisono.domain.kinds import KINDS
from unisono.domain.placement import Head, Place
from unisono.domain.silence import Silence
from unisono.domain.thread_facts import parent_of
from unisono.stores.sql.compiled import Row
from unisono.stores.sql.driver import Connection
from unisono.stores.sql.statements import Statements

_encode: Final = msgspec.json.Encoder().encode
_decode_attributes: Final = msgspec.json.Decoder(dict[str, Json]).decode
_decode_rules: Final = msgspec.json.Decoder(Rules).decode
_decode_silence: Final = msgspec.json.Decoder(Silence).decode
_decode_marks: Final = msgspec.json.Decoder(tuple[str, ...]).decode
encode_fact: Final = _encode
decode_fact: Final = msgspec.json.Decoder(Fact).decode


def type_of(fact: Fact) -> int | None:
    """Give the type of a message's content; None when it was recalled, and for all other facts."""
    return fact.content.type if isinstance(fact, MessagePlaced) and not fact.is_recalled else None


class ConversationEntry(Struct):
    """A row of `conversations`."""

    of: ConversationKind
    creator: UserId
    created_at: Instant
    updated_at: Instant
    name: str | None
    attributes: dict[str, Json] | None
    unique_key: str | None
    member_count: int
    joining: Joining
    rules: Rules
    expires_at: Instant | None
    audience: Reach | None
    oldest_at: Instant | None
    keeps_history: bool
    parent: int | None = None
    threads: int = 0

    def row(self, stream: int) -> Row:
        """Give the row to write."""
        return (
            stream,
            self.of,
            self.creator,
            self.created_at,
            self.updated_at,
            self.name,
            _written(self.attributes),
            self.unique_key,
            self.member_count,
            self.joining,
            _encode(self.rules).decode(),
            self.expires_at,
            self.audience,
            self.oldest_at,
            int(self.keeps_history) or None,
            self.parent,
            self.threads or None,
        )


class StreamEntry(Struct):
    """A row of `streams`, its conversation, and those of its memberships that were asked for (None: there is none)."""

    id: int
    key: StreamKey
    head: Head
    pos: int
    conversation: ConversationEntry | None = None
    members: dict[UserId, Membership | None] = {}
    has_all_members: bool = False

    @property
    def lists_members(self) -> bool:
        """Say if it is the stream of a conversation whose members know each other."""
        return self.conversation is not None and KINDS[self.conversation.of].lists_members


class Earlier(Struct, frozen=True):
    """What a send key was given before."""

    place: Place
    fact: Fact


def read_epoch(connection: Connection, sql: Statements) -> Epoch:
    """Read the epoch of the app."""
    return Epoch(connection.query(sql.epoch.text)[0][0])


def read_stream(row: Row) -> StreamEntry:
    """Read a row of `streams`."""
    number, key, epoch, seq, head_at, head_pos, messages, said_at, trimmed, gone = row
    head = Head(Epoch(epoch), Seq(seq), Instant(head_at), messages, said_at, Seq(trimmed), gone)
    return StreamEntry(number, StreamKey(key), head, head_pos)


def read_conversation(row: Row) -> ConversationEntry:
    """Read a row of `conversations`."""
    _, kind, creator, created_at, updated_at, name, attributes, unique_key, count, joining, rules, *rest = row
    expires_at, audience, oldest_at, keeps_history, parent, threads = rest
    return ConversationEntry(
        kind,
        creator,
        created_at,
        updated_at,
        name,
        _read(attributes),
        unique_key,
        count,
        joining,
        _decode_rules(rules),
        expires_at,
        audience,
        oldest_at,
        bool(keeps_history),
        parent,
        threads or 0,
    )


def read_membership(row: Row) -> Membership:
    """Read a row of `members`."""
    user, _, since, until, _, read, passed, own, is_marked, delivered, *rest = row
    role, attributes, level, blocked_until, silenced_until, pinned_at, marks, silence, cleared, deleted, hides = rest
    return Membership(
        user,
        Seq(since),
        Seq(read),
        until,
        passed,
        own,
        bool(is_marked),
        Seq(delivered),
        role,
        _read(attributes),
        level,
        blocked_until,
        silenced_until,
        pinned_at,
        () if marks is None else _decode_marks(marks),
        read_silence(silence),
        Seq(cleared or 0),
        deleted,
        bool(hides),
    )


UNTIL_POS: Final = 4
"""Where in a row of `members` stands at which position a former member left."""


def membership_row(stream: int, member: Membership, until_pos: int | None) -> Row:
    """Give the row of `members` to write."""
    return (
        member.user,
        stream,
        member.since,
        member.until,
        until_pos,
        member.read,
        member.passed,
        member.own,
        int(member.is_marked_unread),
        member.delivered,
        member.role,
        _written(member.attributes),
        member.level,
        member.blocked_until,
        member.silenced_until,
        member.pinned_at,
        _encode(member.marks).decode() if member.marks else None,
        None if member.silence is None else _encode(member.silence).decode(),
        member.cleared or None,
        member.deleted,
        int(member.hides_some) or None,
    )


def read_silence(silence: str | None) -> Silence | None:
    """Read a column of `members`."""
    return None if silence is None else _decode_silence(silence)


def _written(attributes: dict[str, Json] | None) -> str | None:
    return None if attributes is None else _encode(attributes).decode()


def _read(attributes: str | None) -> dict[str, Json] | None:
    return None if attributes is None else _decode_attributes(attributes)


def view(key: StreamKey, head: Head, entry: ConversationEntry) -> Conversation:
    """Show a conversation and how far its stream has come."""
    name = conversation_of(key) or ConversationId("")
    return Conversation(
        name,
        entry.of,
        entry.creator,
        entry.created_at,
        entry.updated_at,
        head,
        entry.member_count,
        entry.name,
        entry.attributes,
        entry.unique_key is not None,
        entry.joining,
        entry.rules,
        entry.expires_at,
        entry.audience,
        entry.keeps_history,
        None if entry.parent is None else parent_of(name),
        entry.threads,
    )
