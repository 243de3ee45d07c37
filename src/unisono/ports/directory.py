"""What the log adds up to, for reading: conversations, members, history."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final, Protocol

from msgspec import Struct

from unisono.domain.answers import FoundMessage, HistoryEntry, Receipts, Unread
from unisono.domain.commands import FindConversations, GetHistory, Roll
from unisono.domain.conversation import Conversation, Membership
from unisono.domain.ids import Checkpoint, ConversationId, Epoch, Instant, ObjectName, Seq, StreamKey, UserId
from unisono.domain.kept import ObjectView
from unisono.domain.silence import Silence

MEMBERS_AT_ONCE: Final = 5_000
"""Members of several conversations read at once: a page has room for no more of them with names of usual length."""


MUTED_AT_ONCE: Final = 1_000
"""Members who want no alerts that are told of at once."""


class Audience(Struct, frozen=True):
    """Who sees a stream as of the fact at `after`: the members of a conversation, or the user whose stream it is.

    `after` is the last seq that was committed up to the checkpoint asked with, `head` the last one of all. Somebody who
    left and came back in between may be missing: their own `MembersJoined` fact tells them.

    Of a conversation with subscribers (`is_subscribed`) nobody is told of here: `Directory.places` says who of some
    users is one.
    """

    epoch: Epoch
    head: Seq
    after: Seq
    members: frozenset[UserId]
    is_subscribed: bool = False


class MyConversation(Struct, frozen=True):
    """A conversation and the reader's place in it, if any.

    `members` and `last`, its newest message, are there only where they were asked for.
    """

    conversation: Conversation
    membership: Membership | None
    members: tuple[UserId, ...] = ()
    last: HistoryEntry | None = None

    @property
    def is_member(self) -> bool:
        """Say if the reader is a member now."""
        return self.membership is not None and self.membership.is_member

    @property
    def shows_members(self) -> bool:
        """Say if the reader may see who else is a member."""
        return self.is_member and self.conversation.lists_members

    @property
    def until(self) -> Seq | None:
        """Give the last seq that a former member may see; None for all others."""
        return None if self.membership is None else self.membership.until


def few_enough(found: Sequence[MyConversation]) -> int:
    """Say how many of some conversations, from the first on, have MEMBERS_AT_ONCE together; one at least."""
    room = MEMBERS_AT_ONCE
    for count, mine in enumerate(found):
        room -= mine.conversation.member_count if mine.shows_members else 0
        if count and room < 0:
            return count
    return len(found)


class HistoryPage(Struct, frozen=True):
    """Messages in rising order, whether there are more in the direction asked for, and whether older ones are gone."""

    messages: tuple[HistoryEntry, ...]
    has_more: bool
    trimmed: bool = False


class SentReceipts(Struct, frozen=True):
    """A message's receipts and who may ask for them."""

    sender: UserId
    receipts: Receipts


class Directory(Protocol):
    """Reads of one app. Each call sees one moment; two calls may see two."""

    async def find(
        self, conversation: ConversationId, user: UserId | None, *, with_members: bool = False
    ) -> MyConversation | None:
        """Give a conversation as a current or former member sees it, an open one as anybody does; else None.

        Members are listed where asked for, and for a current member only, of a kind that lists them.
        A thread is hidden from who is out of its group, but for who left it. The operator, None, sees all of all.
        """

    async def list_of(
        self, user: UserId, after: ConversationId | None, limit: int, *, marked: bool = False
    ) -> Sequence[MyConversation]:
        """List the conversations the user is in now, or of them those they `marked`; the oldest first, after `after`.

        Those that they deleted are left out until something is said in them, and threads unless they `marked` them.

        Raises:
            Invalid: The user was never in `after`.
        """

    async def pinned(self, user: UserId) -> Sequence[MyConversation]:
        """List the conversations the user pinned, the last one first, by id what was pinned at the same moment.

        Threads too, of groups that the user is in.
        """

    async def silence_of(self, user: UserId) -> Silence | None:
        """Give when a user wants to hear less of all conversations; None for as usual."""

    async def query(
        self, user: UserId | None, asked: FindConversations, *, finds_open: bool = False
    ) -> Sequence[ConversationId]:
        """Find the conversations that are asked for, in order.

        They are found among those the user is in now, all rooms, and the open ones whose ids the query names
        (`domain.query.named_ids`); with `finds_open`, where it names none, among all open ones but temporary ones. Who
        belongs to one the user is not in cannot be asked for. Threads are not found. The page is the first `limit`
        after `skip`, and one more where there are more. The operator, None, finds all of all.

        Raises:
            Invalid: It takes longer than a query may.
        """

    async def some(
        self, user: UserId, conversations: Sequence[ConversationId], *, with_members: bool, with_last: bool
    ) -> Sequence[MyConversation]:
        """Give those of some conversations that the user is in now or that are open, no threads, in the order given.

        Members, those who came first at the beginning, and the newest message are given, where asked for, of those that
        the user is in. With members fewer may be given, but one at least: the first that have MEMBERS_AT_ONCE together,
        or the first alone. The ones behind the last that is given are to be asked for again.
        """

    async def muted(self, conversations: Sequence[ConversationId]) -> Mapping[ConversationId, Sequence[UserId]]:
        """Say which members of some conversations want no alerts, by user id, where there are such.

        Up to MUTED_AT_ONCE of them are told: of conversations, by id, as far as all of each fit. Whom they may be told
        to is for the caller to see.
        """

    async def unread(
        self, user: UserId, after: ConversationId | None, limit: int, *, only: ConversationId | None = None
    ) -> Unread:
        """Say what waits for a user: totals over all their conversations, and up to `limit` of these after `after`.

        With `only`, this one at most.
        """

    async def receipts(self, conversation: ConversationId, message: Seq) -> SentReceipts | None:
        """Say who of the members, of then and now, got and read a message; None when none stands there."""

    async def members(
        self, conversation: ConversationId, who: Roll, *, after: UserId | None, limit: int, now: Instant
    ) -> Sequence[Membership]:
        """List members of a conversation, those of them who muted it, or users who are restricted in it at an instant.

        By user id, starting after `after`.
        """

    async def places(self, conversation: ConversationId, users: Sequence[UserId]) -> Sequence[Membership]:
        """Give those of some users who are, or ever were, members; also who is only restricted."""

    async def for_all(self) -> Sequence[ConversationId]:
        """List the conversations that are for all users, by id."""

    async def audience(self, stream: StreamKey, checkpoint: Checkpoint) -> Audience:
        """Give how far a stream had come at `checkpoint`, who saw it then, and its head, all of one moment.

        An unknown stream has head 0; an unknown conversation has no members.
        """

    async def history(self, asked: GetHistory, *, reader: UserId, until: Seq | None = None) -> HistoryPage:
        """Read what is asked for of the messages up to `until`, with their reactions as `reader` sees them.

        A message that changed behind `until` looks recalled. Bounds by time are as sharp as those by seq. Up to
        `limit`, fewer of large ones; from the end that the direction begins at, but always in rising order. What it
        costs does not grow with the conversation, but that of a text among messages of other types grows with those
        between two texts.
        """

    async def deleted(self, user: UserId, conversation: ConversationId, messages: Sequence[Seq]) -> frozenset[Seq]:
        """Say which of some messages the user deleted one by one."""

    async def hiders(self, conversation: ConversationId, messages: Sequence[Seq]) -> Mapping[Seq, Collection[UserId]]:
        """Say who deleted some messages one by one; those that nobody did are left out."""

    async def said_by(
        self, user: UserId, *, since: Instant, until: Instant, limit: int, newest_first: bool
    ) -> Sequence[FoundMessage]:
        """List what a user said from one time to another, where they are or were a member but in threads, as it is now.

        By time, and by conversation and place what is of the same. What it costs grows with all that they ever said.

        Raises:
            Invalid: It takes longer than a query may.
        """

    async def every(self, after: ConversationId | None, limit: int) -> Sequence[Conversation]:
        """List all conversations of the app, by id, starting after `after`."""

    async def expired(self, now: Instant, limit: int) -> Sequence[ConversationId]:
        """List conversations whose time is up and that have not been ended yet, the longest overdue first."""

    async def objects(
        self, user: UserId, only: ObjectName | None, after: ObjectName | None, limit: int
    ) -> Sequence[ObjectView]:
        """List what a user keeps by name, starting after `after`; or the one named `only`, if that is behind it."""

    async def acquainted(self, user: UserId, others: Sequence[UserId]) -> frozenset[UserId]:
        """Give those of the others who are now in a conversation with the user that lists its members."""
