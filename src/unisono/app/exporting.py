"""All that is kept of one user, line by line: read piece by piece as it is taken, so that none of it piles up."""

from collections.abc import AsyncGenerator, AsyncIterator
from typing import Final

from msgspec import Struct

from unisono.app.filing import Filing
from unisono.app.own_sessions import OwnSessions
from unisono.app.parts import Parts
from unisono.domain.answers import SeqFact
from unisono.domain.errors import Overloaded
from unisono.domain.facts import ConversationKind, Fact, Level, MessagePlaced, Role
from unisono.domain.ids import NO_SEQ, ConversationId, Instant, Json, Seq, UserId, user_stream
from unisono.domain.session_view import SessionView
from unisono.domain.silence import Silence
from unisono.domain.thread_facts import Parent
from unisono.domain.ties import ContactView
from unisono.ports.files import FileRecord
from unisono.ports.push_targets import PushTarget
from unisono.ports.traces import Left, Place

EXPORTS_AT_ONCE: Final = 4
"""Exports of this node under way: each reads a user's whole past."""
RETRY_AFTER_MS: Final = 10_000
PLACES_AT_ONCE: Final = 50
FACTS_AT_ONCE: Final = 500
TIES_AT_ONCE: Final = 500


class Line(Struct, frozen=True, omit_defaults=True, tag_field="is"):
    """One line of an export."""


class UserLine(Line, frozen=True, tag="user"):
    """Whose export it is, and when it began."""

    user: UserId
    at: Instant


class SessionLine(Line, frozen=True, tag="session"):
    """A session of theirs that is not over, with its device."""

    session: SessionView


class PushLine(Line, frozen=True, tag="push"):
    """A device of theirs that gets push notifications, and the way to it."""

    target: PushTarget


class FileLine(Line, frozen=True, tag="file"):
    """A file of theirs, and the link by which it is read; none where it has not come."""

    file: FileRecord
    link: str | None = None


class ContactLine(Line, frozen=True, tag="contact"):
    """What another user is to them: a contact, invited by them, who asked them, or blocked."""

    contact: ContactView


class ConversationLine(Line, frozen=True, tag="conversation"):
    """A conversation that knows the user, and what they are in it.

    They saw it from the fact at `since` on, up to that at `until` where they are a member no more; 0 where they never
    were. `name` and `attributes` are there for a member alone, `own_attributes` are those of the member; `parent` is
    what a thread is under.
    """

    conversation: ConversationId
    of: ConversationKind
    created_at: Instant
    since: Seq
    until: Seq | None = None
    is_creator: bool = False
    name: str | None = None
    attributes: dict[str, Json] | None = None
    parent: Parent | None = None
    role: Role = "member"
    own_attributes: dict[str, Json] | None = None
    level: Level = "all"
    pinned_at: Instant | None = None
    marks: tuple[str, ...] = ()
    silence: Silence | None = None
    read: Seq = NO_SEQ
    delivered: Seq = NO_SEQ
    is_marked_unread: bool = False
    blocked_until: Instant | None = None
    silenced_until: Instant | None = None


class MessageLine(Line, frozen=True, tag="message"):
    """A message of theirs, as it is now."""

    conversation: ConversationId
    seq: Seq
    at: Instant
    message: MessagePlaced


class ReactionLine(Line, frozen=True, tag="reaction"):
    """A reaction of theirs to the message at `seq` of a conversation."""

    conversation: ConversationId
    seq: Seq
    reaction: str


class FactLine(Line, frozen=True, tag="fact"):
    """A fact of their own stream: sessions, coming and going, marks, levels, receipts."""

    seq: Seq
    at: Instant
    fact: Fact


class EndLine(Line, frozen=True, tag="end"):
    """Nothing is missing: so many lines stand before this one."""

    lines: int


class Exporting:
    """Exports of one app on one node."""

    def __init__(self, parts: Parts, own_sessions: OwnSessions, filing: Filing) -> None:
        self._parts = parts
        self._own_sessions = own_sessions
        self._filing = filing
        self._under_way = 0

    async def lines(self, user: UserId) -> AsyncGenerator[Line, None]:
        """Give all that is kept of a user, in one order; to be taken to its end, or closed.

        It begins with the user and ends with the end. Between them stand sessions by login; devices that are pushed to;
        files by when they were begun; other users by id; conversations by id, each followed by what the user left in
        it by seq, a message before the reaction to it; and the facts of the user's stream by seq. What changes
        meanwhile is there as it was before or after.

        Raises:
            Overloaded: As many exports as may be are under way.
            Unavailable: The store is away.
        """
        if self._under_way >= EXPORTS_AT_ONCE:
            raise Overloaded(what="exports", limit=EXPORTS_AT_ONCE, retry_after_ms=RETRY_AFTER_MS)
        self._under_way += 1
        try:
            count = 0
            async for line in self._all(user):
                count += 1
                yield line
            yield EndLine(count)
        finally:
            self._under_way -= 1

    async def _all(self, user: UserId) -> AsyncIterator[Line]:
        yield UserLine(user, self._parts.clock.now())
        for session in await self._own_sessions.list_of(user):
            yield SessionLine(session)
        for target in await self._parts.push_targets.of_user(user):
            yield PushLine(target)
        async for file in self._filing.of_user(user):
            yield FileLine(file, None if file.arrived_at is None else self._filing.links.to_get(file))
        async for tie in self._ties(user):
            yield ContactLine(tie)
        async for place in self._places(user):
            yield _conversation_line(user, place)
            async for left in self._left_in(place.conversation.id, user):
                for line in _lines_of(place.conversation.id, left):
                    yield line
        async for placed in self._facts(user):
            yield FactLine(placed.seq, placed.at, placed.fact)

    async def _ties(self, user: UserId) -> AsyncIterator[ContactView]:
        after: UserId | None = None
        while page := await self._parts.contacts.every(user, after, TIES_AT_ONCE):
            for tie in page:
                yield tie
            after = page[-1].user

    async def _places(self, user: UserId) -> AsyncIterator[Place]:
        after: ConversationId | None = None
        while page := await self._parts.traces.places(user, after, PLACES_AT_ONCE):
            for place in page:
                yield place
            after = page[-1].conversation.id

    async def _left_in(self, conversation: ConversationId, user: UserId) -> AsyncIterator[Left]:
        after, is_complete = NO_SEQ, False
        while not is_complete:
            left = await self._parts.traces.left_in(conversation, user, after)
            yield left
            after, is_complete = left.until, left.is_complete

    async def _facts(self, user: UserId) -> AsyncIterator[SeqFact]:
        after = NO_SEQ
        while page := (await self._parts.log.read(user_stream(user), after, FACTS_AT_ONCE)).facts:
            for placed in page:
                yield placed
            after = page[-1].seq


def _conversation_line(user: UserId, place: Place) -> ConversationLine:
    conversation, own = place.conversation, place.membership
    return ConversationLine(
        conversation.id,
        conversation.of,
        conversation.created_at,
        own.since,
        own.until,
        is_creator=conversation.creator == user,
        name=conversation.name if own.is_member else None,
        attributes=conversation.attributes if own.is_member else None,
        parent=conversation.parent,
        role=own.role,
        own_attributes=own.attributes,
        level=own.level,
        pinned_at=own.pinned_at,
        marks=own.marks,
        silence=own.silence,
        read=own.read,
        delivered=own.delivered,
        is_marked_unread=own.is_marked_unread,
        blocked_until=own.blocked_until,
        silenced_until=own.silenced_until,
    )


def _lines_of(conversation: ConversationId, left: Left) -> list[MessageLine | ReactionLine]:
    messages = [MessageLine(conversation, entry.seq, entry.at, entry.message) for entry in left.messages]
    reactions = [ReactionLine(conversation, reacted.seq, reacted.reaction) for reacted in left.reactions]
    return sorted([*messages, *reactions], key=lambda line: line.seq)
