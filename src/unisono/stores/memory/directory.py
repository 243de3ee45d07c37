"""The directory port in memory."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from msgspec import structs

from unisono.domain import roll
from unisono.domain.answers import FoundMessage, HistoryEntry, ReactionCount, Receipts, Unread, UnreadConversation
from unisono.domain.commands import FindConversations, GetHistory, Roll
from unisono.domain.conversation import Conversation, Membership
from unisono.domain.errors import Invalid
from unisono.domain.facts import MessagePlaced, PlacedFact
from unisono.domain.ids import (
    NO_SEQ,
    Checkpoint,
    ConversationId,
    Instant,
    ObjectName,
    Seq,
    StreamKey,
    UserId,
    conversation_of,
    conversation_stream,
    user_of,
    user_stream,
)
from unisono.domain.kept import ObjectView
from unisono.domain.kinds import KINDS
from unisono.domain.query import named_ids
from unisono.domain.retention import lacks_older
from unisono.domain.revisions import message_until
from unisono.domain.silence import Silence
from unisono.ports.directory import MUTED_AT_ONCE, Audience, HistoryPage, MyConversation, SentReceipts, few_enough
from unisono.stores.memory import hiding
from unisono.stores.memory.objects import kept_objects
from unisono.stores.memory.query import Subject, holds, ordered
from unisono.stores.memory.state import State


class MemoryDirectory:
    """Implements `ports.directory.Directory`."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def find(
        self, conversation: ConversationId, user: UserId | None, *, with_members: bool = False
    ) -> MyConversation | None:
        """Give a conversation to a current or former member, an open one to anybody."""
        self._state.check_open()
        if user is None:
            found = self._state.conversation(conversation)
            mine = None if found is None else MyConversation(found, None)
        else:
            mine = self._mine(conversation, user)
        if mine is None or not (with_members and (mine.is_member or user is None) and mine.conversation.lists_members):
            return mine
        members = tuple(member.user for member in self._state.roster(conversation))
        return MyConversation(mine.conversation, mine.membership, members)

    def _mine(self, conversation: ConversationId, user: UserId) -> MyConversation | None:
        found, membership = self._state.conversation(conversation), self._state.memberships(conversation).get(user)
        if membership is not None and not membership.was_member:
            membership = None
        if found is None or (membership is None and not found.is_open):
            return None
        if self._state.is_outside(found, user) and (membership is None or membership.is_member):
            return None
        if membership is not None and membership.until is not None:
            found = structs.replace(found, head=structs.replace(found.head, seq=membership.until))
        return MyConversation(found, membership)

    async def list_of(
        self, user: UserId, after: ConversationId | None, limit: int, *, marked: bool = False
    ) -> Sequence[MyConversation]:
        """List the user's conversations, the oldest first."""
        self._state.check_open()
        ids = list(self._state.conversations)
        if after is not None:
            if user not in self._state.memberships(after):
                raise Invalid(field="after", reason="a conversation you were never in")
            ids = ids[ids.index(after) + 1 :]
        found = self._own(user, ids)
        if marked:
            return [one for one in found if one.membership is not None and one.membership.marks][:limit]
        return [one for one in found if one.conversation.parent is None][:limit]

    def _own(self, user: UserId, ids: Iterable[ConversationId]) -> list[MyConversation]:
        found = (self._mine(conversation, user) for conversation in ids)
        return [one for one in found if one is not None and one.is_member and not _is_deleted(one)]

    async def pinned(self, user: UserId) -> Sequence[MyConversation]:
        """List what the user pinned."""
        self._state.check_open()
        found = [
            (-one.membership.pinned_at, one.conversation.id, one)
            for one in self._own(user, self._state.conversations)
            if one.membership is not None and one.membership.pinned_at is not None
        ]
        return [one for *_, one in sorted(found, key=lambda each: each[:2])]

    async def silence_of(self, user: UserId) -> Silence | None:
        """Give the silence of all of a user's conversations."""
        self._state.check_open()
        return self._state.silences.get(user)

    async def query(
        self, user: UserId | None, asked: FindConversations, *, finds_open: bool = False
    ) -> Sequence[ConversationId]:
        """Find what is asked for."""
        self._state.check_open()
        subjects = self._all() if user is None else self._seen_by(user, named_ids(asked.where), finds_open=finds_open)
        found = [one for one in subjects if asked.where is None or holds(asked.where, one)]
        end = asked.skip + asked.limit + 1
        return [one.conversation.id for one in ordered(found, asked.order)[asked.skip : end]]

    def _all(self) -> list[Subject]:
        return [
            _subject(entry, self._state.roster(conversation))
            for conversation in self._talks()
            if (entry := self._state.conversation(conversation)) is not None
        ]

    def _talks(self) -> list[ConversationId]:
        """Give all conversations but threads."""
        return [entry.id for entry in self._state.conversations.values() if entry.parent is None]

    def _seen_by(self, user: UserId, named: Sequence[str], *, finds_open: bool) -> list[Subject]:
        seen = (self._mine(conversation, user) for conversation in self._talks())
        return [
            _subject(mine.conversation, self._members(mine))
            for mine in seen
            if mine is not None and _is_found(mine, named, finds_open=finds_open)
        ]

    def _members(self, mine: MyConversation) -> Sequence[Membership]:
        """Give who is in a conversation, as far as it is the reader's business."""
        if mine.membership is None or not mine.is_member:
            return ()
        return self._state.roster(mine.conversation.id) if mine.conversation.lists_members else (mine.membership,)

    async def muted(self, conversations: Sequence[ConversationId]) -> Mapping[ConversationId, Sequence[UserId]]:
        """Say which members want no alerts."""
        self._state.check_open()
        left, found = MUTED_AT_ONCE, dict[ConversationId, list[UserId]]()
        for conversation in sorted(conversations):
            users = sorted(member.user for member in self._state.roster(conversation) if member.level == "none")
            left -= len(users)
            if left < 0:
                break
            if users:
                found[conversation] = users
        return found

    async def some(
        self, user: UserId, conversations: Sequence[ConversationId], *, with_members: bool, with_last: bool
    ) -> Sequence[MyConversation]:
        """Give some conversations."""
        self._state.check_open()
        all_of_them = (self._mine(conversation, user) for conversation in conversations)
        known = [mine for mine in all_of_them if mine is not None and mine.conversation.parent is None]
        seen = [mine for mine in known if mine.is_member or mine.conversation.is_open]
        found = []
        for mine in seen[: few_enough(seen)] if with_members else seen:
            members = [member.user for member in self._state.roster(mine.conversation.id)]
            last = self._last(mine.conversation.id, mine.membership) if with_last and mine.is_member else None
            is_shown = with_members and mine.shows_members
            found.append(structs.replace(mine, members=tuple(members) if is_shown else (), last=last))
        return found

    async def unread(
        self, user: UserId, after: ConversationId | None, limit: int, *, only: ConversationId | None = None
    ) -> Unread:
        """Say what waits for the user."""
        waiting = []
        for mine in self._own(user, self._state.conversations):
            conversation, member = mine.conversation, mine.membership
            if member is None:
                continue
            unread = member.unread(conversation.head)
            if unread or member.is_marked_unread:
                mentions = self._state.passed(conversation.id, max(member.read, Seq(member.since - 1)), user).mentions
                waiting.append(
                    UnreadConversation(
                        conversation.id,
                        unread,
                        conversation.head.seq,
                        member.read,
                        mentions=mentions,
                        is_marked_unread=member.is_marked_unread,
                        last=self._last(conversation.id, member),
                    )
                )
        later = sorted(
            (each for each in waiting if each.conversation > (after or "")), key=lambda each: each.conversation
        )
        if only is not None:
            later = [each for each in waiting if each.conversation == only]
        return Unread(
            sum(each.unread for each in waiting),
            sum(each.mentions for each in waiting),
            tuple(later[:limit]),
            later[limit - 1].conversation if len(later) > limit else None,
        )

    async def receipts(self, conversation: ConversationId, message: Seq) -> SentReceipts | None:
        """Say who got and read a message."""
        target = self._state.target(conversation, message)
        if target is None:
            return None
        sender = target.message.sender
        others = sorted(
            (
                member
                for member in self._state.memberships(conversation).values()
                if member.user != sender
                and member.since <= message
                and (member.until is None or member.until > message)
            ),
            key=lambda member: member.user,
        )
        got = tuple(member.user for member in others if max(member.delivered, member.read) >= message)
        read = tuple(member.user for member in others if member.read >= message)
        return SentReceipts(sender, Receipts(conversation, message, got, read, len(others)))

    def _last(self, conversation: ConversationId, member: Membership | None) -> HistoryEntry | None:
        cleared = NO_SEQ if member is None else member.cleared
        hidden = () if member is None else self._state.hidden.get((conversation, member.user), ())
        for placed in reversed(self._state.kept(conversation)):
            if isinstance(placed.fact, MessagePlaced) and placed.seq not in hidden:
                return HistoryEntry(placed.seq, placed.at, placed.fact) if placed.seq > cleared else None
        return None

    async def members(
        self, conversation: ConversationId, who: Roll, *, after: UserId | None, limit: int, now: Instant
    ) -> Sequence[Membership]:
        """List users of a conversation by id."""
        self._state.check_open()
        listed = sorted(self._state.memberships(conversation).values(), key=lambda member: member.user)
        return [each for each in listed if each.user > (after or "") and roll.is_on(each, who, now)][:limit]

    async def places(self, conversation: ConversationId, users: Sequence[UserId]) -> Sequence[Membership]:
        """Give the places of some users."""
        self._state.check_open()
        known = self._state.memberships(conversation)
        return [known[user] for user in dict.fromkeys(users) if user in known]

    async def for_all(self) -> Sequence[ConversationId]:
        """List the conversations that are for all users."""
        self._state.check_open()
        return sorted(entry.id for entry in self._state.conversations.values() if entry.audience == "all")

    async def audience(self, stream: StreamKey, checkpoint: Checkpoint) -> Audience:
        """Give who saw a stream at a checkpoint."""
        self._state.check_open()
        found, user, conversation = self._state.stream(stream), user_of(stream), conversation_of(stream)
        after = max((placed.seq for placed in found.facts if placed.checkpoint <= checkpoint), default=NO_SEQ)
        if user is not None:
            return Audience(found.head.epoch, found.head.seq, after, frozenset((user,)))
        entry = self._state.conversation(conversation)
        if entry is not None and KINDS[entry.of].members == "subscribed":
            return Audience(found.head.epoch, found.head.seq, after, frozenset(), is_subscribed=True)
        known = {} if conversation is None else self._state.memberships(conversation)
        members = frozenset(
            member.user
            for member in known.values()
            if member.since <= after and (member.until is None or member.until > after)
        )
        return Audience(found.head.epoch, found.head.seq, after, members)

    def _reactions(self, conversation: ConversationId, seq: Seq, reader: UserId) -> tuple[ReactionCount, ...]:
        target = self._state.target(conversation, seq)
        given = {} if target is None else target.reactions
        ordered = sorted(given.items(), key=lambda item: (-len(item[1]), item[0]))
        return tuple(ReactionCount(reaction, len(users), reader in users) for reaction, users in ordered)

    async def history(self, asked: GetHistory, *, reader: UserId, until: Seq | None = None) -> HistoryPage:
        """Read messages of a conversation."""
        self._state.check_open()
        conversation = asked.conversation
        hidden = self._state.hidden.get((conversation, reader), ())
        found = [
            self._entry(placed, placed.fact, reader, until)
            for placed in self._state.kept(conversation)
            if isinstance(placed.fact, MessagePlaced)
            and (until is None or placed.seq <= until)
            and placed.seq not in hidden
            and _is_asked_for(asked, placed.seq, placed.at, placed.fact)
        ]
        page = found[-asked.limit :] if asked.is_newest else found[: asked.limit]
        has_more = len(found) > asked.limit
        return HistoryPage(tuple(page), has_more, trimmed=self._lacks_older(asked, has_more=has_more))

    def _lacks_older(self, asked: GetHistory, *, has_more: bool) -> bool:
        head = self._state.stream(conversation_stream(asked.conversation)).head
        after = asked.after or NO_SEQ
        if asked.after_at is not None:
            kept = self._state.kept(asked.conversation)
            early = [placed.seq for placed in kept if placed.at <= asked.after_at]
            after = max(after, *early) if early else after
        return lacks_older(head, after, is_newest=asked.is_newest, has_more=has_more)

    def _entry(self, placed: PlacedFact, message: MessagePlaced, reader: UserId, until: Seq | None) -> HistoryEntry:
        seen, conversation = message_until(message, until), conversation_of(placed.stream)
        given = () if seen.is_recalled or conversation is None else self._reactions(conversation, placed.seq, reader)
        return HistoryEntry(placed.seq, placed.at, seen, given)

    async def deleted(self, user: UserId, conversation: ConversationId, messages: Sequence[Seq]) -> frozenset[Seq]:
        """Say which of some messages a user deleted."""
        self._state.check_open()
        return hiding.among(self._state.hidden, conversation, user, messages)

    async def hiders(self, conversation: ConversationId, messages: Sequence[Seq]) -> Mapping[Seq, Collection[UserId]]:
        """Say who deleted some messages."""
        self._state.check_open()
        return hiding.hiders(self._state.hidden, conversation, messages)

    async def said_by(
        self, user: UserId, *, since: Instant, until: Instant, limit: int, newest_first: bool
    ) -> Sequence[FoundMessage]:
        """Go through the conversations of a user."""
        self._state.check_open()
        found = [
            FoundMessage(conversation, placed.seq, placed.at, placed.fact)
            for conversation in self._talks()
            if user in self._state.memberships(conversation)
            for placed in self._state.kept(conversation)
            if isinstance(placed.fact, MessagePlaced) and placed.fact.sender == user and since <= placed.at <= until
        ]
        found.sort(key=lambda one: (one.at, one.conversation, one.seq), reverse=newest_first)
        return found[:limit]

    async def every(self, after: ConversationId | None, limit: int) -> Sequence[Conversation]:
        """List all conversations, by id."""
        self._state.check_open()
        names = sorted(name for name in self._state.conversations if name > (after or ""))[:limit]
        return [found for name in names if (found := self._state.conversation(name)) is not None]

    async def expired(self, now: Instant, limit: int) -> Sequence[ConversationId]:
        """List conversations whose time is up."""
        self._state.check_open()
        entries = self._state.conversations.values()
        over = sorted((at, entry.id) for entry in entries if (at := entry.expires_at) is not None and at <= now)
        return [conversation for _, conversation in over[:limit]]

    async def objects(
        self, user: UserId, only: ObjectName | None, after: ObjectName | None, limit: int
    ) -> Sequence[ObjectView]:
        """List what a user keeps."""
        self._state.check_open()
        kept = kept_objects(self._state.stream(user_stream(user)).facts)
        found = [each for each in kept if each.name > (after or "") and only in {None, each.name}]
        return found[:limit]

    async def acquainted(self, user: UserId, others: Sequence[UserId]) -> frozenset[UserId]:
        """Give who shares a conversation with the user."""
        self._state.check_open()
        known = {
            member.user
            for key, entry in self._state.conversations.items()
            if entry.lists_members and self._is_in(key, user)
            for member in self._state.roster(key)
        }
        return frozenset(known.intersection(others))

    def _is_in(self, conversation: ConversationId, user: UserId) -> bool:
        membership = self._state.memberships(conversation).get(user)
        return membership is not None and membership.is_member


def _subject(conversation: Conversation, members: Iterable[Membership]) -> Subject:
    known = list(members)
    muted = (member.user for member in known if member.level == "none")
    return Subject(conversation, frozenset(member.user for member in known), frozenset(muted))


def _is_deleted(mine: MyConversation) -> bool:
    return mine.membership is not None and mine.membership.is_deleted(mine.conversation.head)


def _is_found(mine: MyConversation, named: Collection[str], *, finds_open: bool) -> bool:
    conversation = mine.conversation
    if mine.is_member or conversation.of == "room":
        return bool(named) or not _is_deleted(mine)
    is_meant = conversation.id in named if named else finds_open and conversation.of != "temporary"
    return conversation.is_open and is_meant


def _is_asked_for(asked: GetHistory, seq: Seq, at: Instant, message: MessagePlaced) -> bool:
    return (
        (asked.before is None or seq < asked.before)
        and (asked.after is None or seq > asked.after)
        and (asked.before_at is None or at < asked.before_at)
        and (asked.after_at is None or at > asked.after_at)
        and (asked.type is None or (not message.is_recalled and message.content.type == asked.type))
    )
