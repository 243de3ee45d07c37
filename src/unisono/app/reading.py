"""What a user may read: their streams, conversations and history. Nothing here changes anything."""

from collections.abc import Sequence
from typing import Final

from msgspec import structs

from unisono.app.hiding import behind, without_deleted
from unisono.app.pages import Page
from unisono.app.parts import Parts
from unisono.app.searching import Searching
from unisono.domain import commands as c
from unisono.domain import roll
from unisono.domain.answers import (
    Answer,
    Conversations,
    ConversationView,
    Facts,
    FoundConversations,
    Gap,
    History,
    Members,
    Missed,
    MissedConversation,
    Moved,
    Objects,
    Receipts,
    SilenceOfAll,
    StartOver,
    Unread,
    UnreadConversation,
)
from unisono.domain.conversation import standing
from unisono.domain.delivery import StartOver as Lost
from unisono.domain.delivery import catch_up
from unisono.domain.errors import Forbidden, Internal, Invalid, NotFound
from unisono.domain.ids import NO_SEQ, ConversationId, Position, Seq, UserId, conversation_of, user_of
from unisono.domain.kept import ObjectView
from unisono.domain.membership import view
from unisono.domain.permission import Standing, check
from unisono.domain.query import check as check_query
from unisono.domain.ties import EVERYBODY, Contacts, ContactView, WritingRule
from unisono.ports.directory import MyConversation

NOBODY: Final = UserId("")
"""Sees no reaction as theirs, and has read nothing."""
SHOWN_AT_ONCE: Final = 20
"""Conversations loaded at a time, fewer of many members: a page takes no more than it takes."""


class Reading:
    """Reads for one user at a time. What they may not see looks as if it did not exist."""

    def __init__(self, parts: Parts, *, finds_open: bool) -> None:
        self._parts = parts
        self._finds_open = finds_open
        self._searching = Searching(parts)

    async def answer(self, user: UserId, command: c.Command) -> Answer:
        """Answer a question.

        Raises:
            UnisonoError: As the single ones say.
        """
        match command:
            case c.Sync():
                return await self.sync(user, command)
            case c.ReadStream():
                return await self.stream(user, command)
            case c.GetConversation():
                return await self.conversation(user, command)
            case c.ListConversations():
                return await self.conversations(user, command)
            case c.FindConversations():
                return await self.query(user, command)
            case c.SearchMessages():
                return await self._searching.search(user, command)
            case c.GetHistory():
                return await self.history(user, command)
            case c.GetMembers():
                return await self.members(user, command)
            case c.GetUnread():
                return await self.unread(user, command)
            case c.GetMissed():
                return await self.missed(user, command)
            case _:
                return await self._of_one(user, command)

    async def _of_one(self, user: UserId, command: c.Command) -> Answer:
        match command:
            case c.GetReceipts():
                return await self.receipts(user, command)
            case c.ListObjects():
                return await self.objects(user, command)
            case c.ListContacts():
                return await self.contacts(user, command)
            case c.GetWriting():
                return WritingRule("contacts" if await self._parts.contacts.find(user, EVERYBODY) else "anyone")
            case c.GetSilence():
                return SilenceOfAll(await self._parts.directory.silence_of(user))
            case c.ListThreads():
                return await self.threads(user, command)
            case _:
                raise Internal(reason="a command without a use case")

    async def for_operator(self, command: c.Command) -> Answer:
        """Answer a question of the operator's, who sees all of every conversation.

        Raises:
            NotFound: There is no such conversation.
            Forbidden: It has no such thing.
        """
        match command:
            case c.GetConversation():
                return await self.conversation(None, command)
            case c.GetHistory():
                return await self.history(None, command)
            case c.GetMembers():
                return await self.members(None, command)
            case c.FindConversations():
                return await self.query(None, command)
            case c.ListThreads(conversation=group) if group is not None:
                return await self.threads(None, command)
            case _:
                raise Internal(reason="a command without a use case")

    async def sync(self, user: UserId, command: c.Sync) -> Moved:
        """Say which of the user's streams moved after a checkpoint."""
        return await self._parts.log.moved(user, command.checkpoint, command.after, command.limit)

    async def stream(self, user: UserId, command: c.ReadStream) -> Facts | StartOver:
        """Read facts of one of the user's streams, or say plainly that the reader's position cannot be continued.

        Raises:
            NotFound: Not a stream of theirs.
        """
        facts = await self._facts(user, command)
        held = Position(facts.epoch if command.epoch is None else command.epoch, command.after)
        verdict = catch_up(held, Position(facts.epoch, facts.head), oldest=facts.oldest)
        # A reader without a position cannot have lost its place, but can ask for what is gone.
        if not isinstance(verdict, Lost) or (command.epoch is None and verdict.reason != "trimmed"):
            return facts
        return StartOver(
            stream=command.stream, epoch=facts.epoch, first=verdict.first, until=verdict.until, reason=verdict.reason
        )

    async def _facts(self, user: UserId, command: c.ReadStream) -> Facts:
        """Read facts; of a conversation the user left, up to where they left."""
        conversation = conversation_of(command.stream)
        if conversation is None:
            check(c.ReadStream, Standing.MEMBER if user_of(command.stream) == user else Standing.STRANGER)
            return await self._parts.log.read(command.stream, command.after, command.limit)
        mine = await self._find(user, conversation, c.ReadStream)
        facts = await self._parts.log.read(command.stream, command.after, command.limit, mine.until)
        return (
            facts if mine.membership is None else await without_deleted(self._parts.directory, facts, mine.membership)
        )

    async def conversation(self, user: UserId | None, command: c.GetConversation) -> ConversationView:
        """Show one conversation with its members.

        Raises:
            NotFound: None that the user is in.
        """
        mine = await self._find(user, command.conversation, c.GetConversation)
        return self._view(mine, user)

    async def members(self, user: UserId | None, command: c.GetMembers) -> Members:
        """List members, or users who are restricted: those for who may restrict.

        Raises:
            NotFound: Not in a conversation of the user's.
            Forbidden: It lists no members, or its rules ask for a higher role.
        """
        mine = await self._find(user, command.conversation, c.GetMembers)
        conversation = mine.conversation
        if command.who in {"blocked", "silenced"}:
            check(c.Restrict, _standing(mine, user), conversation.about)
        elif not conversation.lists_members:
            raise Forbidden(reason=f"members of a {conversation.of} conversation are unlisted")
        page = await self._parts.directory.members(
            conversation.id,
            command.who,
            after=command.after,
            limit=command.limit,
            now=self._parts.clock.now(),
        )
        last = page[-1].user if len(page) == command.limit else None
        shown = tuple(roll.shown(member, command.who) for member in page)
        return Members(conversation=conversation.id, members=shown, next=last)

    async def conversations(self, user: UserId, command: c.ListConversations) -> Conversations:
        """List the user's conversations, a page at a time, fewer of large ones.

        Raises:
            Invalid: A page after a conversation that the user was never in.
        """
        if command.pinned:
            return await self._pinned(user, command)
        page, after = Page[ConversationView](command.limit), command.after
        while True:
            asked = page.step
            part = await self._parts.directory.list_of(user, after, asked, marked=command.mark is not None)
            for mine in part:
                if _is_marked(mine, command.mark) and not page.take(self._view(mine, user)):
                    return Conversations(tuple(page.entries), next=page.entries[-1].conversation)
                after = mine.conversation.id
            if len(part) < asked:
                return Conversations(tuple(page.entries))

    async def threads(self, user: UserId | None, command: c.ListThreads) -> Conversations:
        """List the threads of a group that are not over, or those that the user is in; a page, fewer of large ones.

        Raises:
            NotFound: The user is not in the group.
            Invalid: A page after a thread that there is not.
        """
        group, page, after = command.conversation, Page[ConversationView](command.limit), command.after
        if group is not None:
            mine = await self._find(user, group, c.ListThreads)
            if user is not None and not mine.is_member:
                raise NotFound()
        while True:
            asked = page.step
            part = await self._threads(user, group, after, asked)
            for mine in part:
                if not page.take(self._view(mine, user)):
                    return Conversations(tuple(page.entries), next=page.entries[-1].conversation)
                after = mine.conversation.id
            if len(part) < asked:
                return Conversations(tuple(page.entries))

    async def _threads(
        self, user: UserId | None, group: ConversationId | None, after: ConversationId | None, limit: int
    ) -> Sequence[MyConversation]:
        if group is not None:
            return await self._parts.threads.of_group(group, user, after, limit)
        return await self._parts.threads.of_user(user or NOBODY, after, limit)

    async def _pinned(self, user: UserId, command: c.ListConversations) -> Conversations:
        """List what the user pinned: it is bounded, so that a page begins behind another by looking through all.

        Raises:
            Invalid: A page after a conversation that is pinned no more: nobody knows where it stood.
        """
        pinned = await self._parts.directory.pinned(user)
        ids = [mine.conversation.id for mine in pinned]
        if command.after is not None and command.after not in ids:
            raise Invalid(field="after", reason="a conversation that is not pinned")
        start = 0 if command.after is None else ids.index(command.after) + 1
        page = Page[ConversationView](command.limit)
        for mine in pinned[start:]:
            if _is_marked(mine, command.mark) and not page.take(self._view(mine, user)):
                return Conversations(tuple(page.entries), next=page.entries[-1].conversation)
        return Conversations(tuple(page.entries))

    async def query(self, user: UserId | None, command: c.FindConversations) -> FoundConversations:
        """Find conversations of the user, rooms, and open ones: a page of them, fewer of large ones.

        Open ones of others are found by their ids, and otherwise where the operator says so.

        The operator finds all; the newest messages are not shown with them.

        Raises:
            Invalid: The query means nothing, or too much.
        """
        check_query(command.where, command.sort)
        directory = self._parts.directory
        found = await directory.query(user, command, finds_open=self._finds_open)
        page, left = Page[ConversationView](command.limit), found[: command.limit]
        while left:
            part = left[:SHOWN_AT_ONCE]
            shown = await self._shown(user, part, command)
            left = left[left.index(shown[-1].conversation.id) + 1 if shown else len(part) :]
            for mine in shown:
                if not page.take(self._view(mine, user)):
                    return FoundConversations(tuple(page.entries), has_more=True)
        return FoundConversations(tuple(page.entries), has_more=len(found) > command.limit)

    async def _shown(
        self, user: UserId | None, conversations: Sequence[ConversationId], command: c.FindConversations
    ) -> Sequence[MyConversation]:
        directory, with_members = self._parts.directory, not command.compact
        if user is not None:
            return await directory.some(user, conversations, with_members=with_members, with_last=command.with_last)
        found = [await directory.find(conversation, None, with_members=with_members) for conversation in conversations]
        return [one for one in found if one is not None]

    async def history(self, user: UserId | None, command: c.GetHistory) -> History:
        """Read messages of a conversation; of one the user left, up to where they left.

        Raises:
            NotFound: None that the user is or was in.
        """
        mine = await self._find(user, command.conversation, c.GetHistory)
        page = await self._parts.directory.history(
            behind(command, mine.membership), reader=user or NOBODY, until=mine.until
        )
        return History(command.conversation, page.messages, page.has_more, trimmed=page.trimmed)

    async def receipts(self, user: UserId, command: c.GetReceipts) -> Receipts:
        """Say who got and who read a message of the user's.

        Raises:
            NotFound: No such message, or the user is no member.
            Forbidden: Another's message.
        """
        await self._find(user, command.conversation, c.GetReceipts)
        found = await self._parts.directory.receipts(command.conversation, command.message)
        if found is None:
            raise NotFound()
        if found.sender != user:
            raise Forbidden(reason="another's message")
        return found.receipts

    async def unread(self, user: UserId, command: c.GetUnread) -> Unread:
        """Say what waits for the user, a page of conversations at a time."""
        return await self._parts.directory.unread(user, command.after, command.limit, only=command.conversation)

    async def missed(self, user: UserId, command: c.GetMissed) -> Missed:
        """Give the newest messages that wait for the user, a page of conversations at a time, fewer of large ones."""
        page, after = Page[MissedConversation](command.limit), command.after
        while True:
            part = await self._parts.directory.unread(user, after, page.step)
            for waiting in part.conversations:
                after = waiting.conversation
                if waiting.unread and not page.take(await self._missed_of(user, waiting, command.each)):
                    return Missed(tuple(page.entries), next=page.entries[-1].conversation)
            if part.next is None:
                return Missed(tuple(page.entries))

    async def _missed_of(self, user: UserId, waiting: UnreadConversation, limit: int) -> MissedConversation:
        conversation = waiting.conversation
        mine = await self._find(user, conversation, c.GetHistory)
        since = NO_SEQ if mine.membership is None else Seq(mine.membership.since - 1)
        after = max(waiting.read, since)
        asked = c.GetHistory(conversation, after=after, limit=limit, direction="older")
        found = await self._parts.directory.history(asked, reader=user, until=mine.until)
        gap = Gap(Seq(after + 1), Seq(found.messages[0].seq - 1)) if found.has_more else None
        return MissedConversation(conversation, found.messages, gap)

    async def objects(self, user: UserId, command: c.ListObjects) -> Objects:
        """List what the user keeps, a page at a time, fewer of large ones."""
        page, after = Page[ObjectView](command.limit), command.after
        while True:
            asked = page.step
            part = await self._parts.directory.objects(user, command.only, after, asked)
            for kept in part:
                if not page.take(kept):
                    return Objects(tuple(page.entries), next=page.entries[-1].name)
                after = kept.name
            if len(part) < asked:
                return Objects(tuple(page.entries))

    async def contacts(self, user: UserId, command: c.ListContacts) -> Contacts:
        """List what users are to the user, a page at a time; or what one is, if anything."""
        if command.only is not None:
            found = await self._parts.contacts.find(user, command.only)
            return Contacts(() if found is None else (found,))
        page, after = Page[ContactView](command.limit), command.after
        while True:
            asked = page.step
            part = await self._parts.contacts.page(user, command.which, after, asked)
            for shown in part:
                if not page.take(shown):
                    return Contacts(tuple(page.entries), next=page.entries[-1].user)
                after = shown.user
            if len(part) < asked:
                return Contacts(tuple(page.entries))

    def _view(self, mine: MyConversation, reader: UserId | None) -> ConversationView:
        now = self._parts.clock.now()
        return view(mine.conversation, reader or NOBODY, mine.membership, mine.members, now=now, last=mine.last)

    async def _find(
        self, user: UserId | None, conversation: ConversationId, command: type[c.Command]
    ) -> MyConversation:
        with_members = command is c.GetConversation
        mine = await self._parts.directory.find(conversation, user, with_members=with_members)
        if mine is None:
            raise NotFound()
        check(command, _standing(mine, user), mine.conversation.about)
        return mine


def _is_marked(mine: MyConversation, mark: str | None) -> bool:
    return mark is None or (mine.membership is not None and mark in mine.membership.marks)


def _standing(mine: MyConversation, user: UserId | None) -> Standing:
    return Standing.OPERATOR if user is None else standing(mine.conversation, user, mine.membership)


def without_messages(unread: Unread) -> Unread:
    """Give a count of what waits without what it says."""
    waiting = tuple(structs.replace(each, last=None) for each in unread.conversations)
    return structs.replace(unread, conversations=waiting)
