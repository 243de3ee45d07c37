"""Conversations and their messages, as a program handles them."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final, Self, Unpack, cast

from unisono_sdk.answers import (
    ConversationView,
    Count,
    Done,
    History,
    HistoryEntry,
    Passed,
    Placed,
    ReadMark,
    Receipts,
)
from unisono_sdk.arrangement import Arrangement, ConversationDeleted, HistoryDeleted, MessagesDeleted
from unisono_sdk.belonging import Belonging
from unisono_sdk.bodies import Body, as_content
from unisono_sdk.commands import (
    CountPeople,
    EditMessage,
    GetHistory,
    GetReceipts,
    LeaveWill,
    MarkDelivered,
    MarkRead,
    MarkUnread,
    React,
    RecallMessage,
    SendMessage,
    TellTyping,
)
from unisono_sdk.desk import Desk, ask
from unisono_sdk.draft import Draft, SendOptions, placed_by
from unisono_sdk.errors import LinkDown, ProtocolFault
from unisono_sdk.facts import Content, MessagePlaced
from unisono_sdk.history import Direction, HistoryPage, MessagesIterator
from unisono_sdk.hub import EventIterator, Handler
from unisono_sdk.message import Message, RoomMessage, TransientMessage
from unisono_sdk.newest import Newest
from unisono_sdk.receipts import SentMessages
from unisono_sdk.waiting import Told, Waiting

TYPING_EVERY_S: Final = 3.0


class Conversation(Belonging):
    """One conversation, the same object for the same id as long as the client remembers it.

    `read` and `head` are what the client knows: how far I have read it, and how far it has come. What it is and who
    belongs to it stands in `Belonging`.
    """

    def __init__(self, desk: Desk, conversation: str) -> None:
        super().__init__(desk, conversation)
        self.read: int = 0
        self.head: int = 0
        self.waiting = Waiting()
        self.told = Told()
        self.sent = SentMessages()
        self.newest = Newest()
        self._typing_since_s: float | None = None

    def begin_anew(self) -> None:
        """Forget what was counted and told at places that are others now."""
        self.read = self.head = 0
        self.waiting, self.told, self.sent = Waiting(), Told(), SentMessages()
        self.newest = Newest()

    def __repr__(self) -> str:
        """Show what it is."""
        return f"<Conversation {self.id} name={self.name!r} members={len(self.members)}>"

    # ------------------------------------------------------------ messages

    @property
    def user(self) -> str:
        """Whose view of the conversation this is: my user."""
        return self._desk.user

    def draft(self, content: str | Content | Body, **options: Unpack[SendOptions]) -> Draft:
        """Make a message that is to be sent, to watch its status and to send it again should it fail."""
        reply_to = options.get("reply_to")
        command = SendMessage(
            conversation=self.id,
            key=options.get("key") or self._desk.new_key(),
            content=as_content(content),
            mentions=tuple(options.get("mentions", ())),
            mention_all=options.get("mention_all", False),
            reply_to=reply_to.seq if isinstance(reply_to, Message) else reply_to,
            receipt=options.get("receipt", False),
            push=options.get("push"),
        )
        return Draft(self._place, command)

    async def send(self, content: str | Content | Body, **options: Unpack[SendOptions]) -> Message:
        """Send a text, a content or a body; give the message at its place, which is durable then.

        While the link is down it waits in the outbox, in order. The message comes to the handlers of this client, too,
        marked `is_mine`, before this returns. `SendOptions` tells what else may be given.

        Raises:
            OutboxFull: `Limits.outbox` sends wait already.
            LinkDown: The link is down and the client is `fail_fast`.
            TimedOut: It waited for `Limits.send_s`.
            NotFound: I am no member.
            TooLarge, Unacceptable: The server does not take such a content.
        """
        return await self.draft(content, **options).send()

    async def _place(self, command: SendMessage) -> Message:
        placed = await self._desk.place(command)
        message = self.message(placed.seq, placed.at, placed_by(command, self.user))
        return self.sent.keep(message) if command.receipt else message

    async def edit(
        self,
        message: Message,
        content: str | Content | Body,
        *,
        mentions: Sequence[str] = (),
        mention_all: bool = False,
    ) -> Message:
        """Give a message of mine another content; see `Message.edit`."""
        content = as_content(content)
        named = tuple(dict.fromkeys(mentions))
        command = EditMessage(
            conversation=self.id, message=message.seq, content=content, mentions=named, mention_all=mention_all
        )
        placed = await ask(self._desk, command, Placed)
        said = replace(message.said, content=content, mentions=named, mention_all=mention_all)
        return replace(message, said=replace(said, revision=placed.seq, revised_at=placed.at))

    async def recall(self, message: Message) -> Message:
        """Take a message of mine back; see `Message.recall`."""
        placed = await ask(self._desk, RecallMessage(conversation=self.id, message=message.seq), Placed)
        said = MessagePlaced(
            sender=message.sender,
            key=message.key,
            content=Content(),
            revision=placed.seq,
            revised_at=placed.at,
            is_recalled=True,
        )
        return replace(message, said=said, reactions=())

    async def react(self, message: Message, reaction: str, *, on: bool = True) -> None:
        """Put a reaction to a message, or take mine away; see `Message.react`."""
        await ask(self._desk, React(conversation=self.id, message=message.seq, reaction=reaction, on=on), Done)

    async def send_transient(self, content: str | Content | Body, *, key: str | None = None) -> int:
        """Send what matters only now: to the members who are here, my other sessions too; give the server's time.

        It is in no history, nobody gets it later, and a congested session may be spared it. It comes as `transient`.

        Raises:
            LinkDown: There is no connection now; nothing waits in the outbox.
            NotFound: I am no member.
            TooLarge, Unacceptable: The server does not take such a content.
        """
        key = self._desk.new_key() if key is None else key
        command = SendMessage(conversation=self.id, key=key, content=as_content(content), transient=True)
        answer = await self._desk.request_now(command)
        if not isinstance(answer, Passed):
            raise ProtocolFault(f"{command.op} was answered with {answer.kind}")
        return answer.at

    async def leave_will(
        self,
        content: str | Content | Body,
        *,
        after_s: int = 15,
        transient: bool = False,
        mentions: Sequence[str] = (),
        priority: str = "normal",
    ) -> str:
        """Leave a message that the server sends here for me if my session is lost for `after_s` (0 to 3,600) seconds.

        A session has one at most: a later one, here or elsewhere, takes its place. Closing the client counts as a loss,
        logging out does not. Once sent it is left no more. With `transient` it reaches only who is here then; so it
        does in a room, if I was still in it. Gives the key that the message will have.

        Raises:
            NotFound: I am no member.
            Forbidden: I am not in the room, or may not speak.
            TooLarge, Unacceptable: The server does not take such a content.
        """
        command = LeaveWill(
            conversation=self.id,
            key=self._desk.new_key(),
            content=as_content(content),
            transient=transient,
            mentions=tuple(dict.fromkeys(mentions)),
            priority=priority,
            after_s=after_s,
        )
        await ask(self._desk, command, Done)
        return command.key

    async def typing(self, is_typing: bool = True) -> None:  # noqa: FBT001, FBT002  (reads as a statement)
        """Tell the other members that I began, or ceased, to write; call it at each key, it repeats every 3 s at most.

        Without a connection nothing is told, and no error raised.
        """
        now_s = self._desk.monotonic_s()
        if is_typing and self._typing_since_s is not None and now_s - self._typing_since_s < TYPING_EVERY_S:
            return
        self._typing_since_s = now_s if is_typing else None
        with suppress(LinkDown):
            await self._desk.request_now(TellTyping(conversation=self.id, is_typing=is_typing))

    async def history(
        self,
        limit: int = 20,
        *,
        before: int | None = None,
        after: int | None = None,
        before_at: int | None = None,
        after_at: int | None = None,
        type: int | None = None,  # noqa: A002  (what the protocol calls it)
        direction: Direction | None = None,
    ) -> HistoryPage:
        """Read up to `limit` (1 to 1,000) messages for which all that is given holds; without more, the newest.

        `before` and `after` are seqs, `before_at` and `after_at` milliseconds since 1970; all of them leave out the
        place or time they name. `type` is that of the content. `older` begins at the newest of them, `newer` at the
        oldest: with a beginning and no end that is the default.

        Raises:
            NotFound: I never was a member.
        """
        return await self._page(
            GetHistory(
                conversation=self.id,
                before=before,
                after=after,
                limit=limit,
                before_at=before_at,
                after_at=after_at,
                type=type,
                direction=direction,
            )
        )

    def messages_iterator(
        self,
        page: int = 20,
        *,
        before_at: int | None = None,
        after_at: int | None = None,
        type: int | None = None,  # noqa: A002  (what the protocol calls it)
        direction: Direction = "older",
    ) -> MessagesIterator:
        """Go through the history in pages of `page` (1 to 1,000) messages, from the newest back or from the oldest on.

        Times, in milliseconds since 1970, and the type leave out all others.
        """
        first = GetHistory(
            conversation=self.id, limit=page, before_at=before_at, after_at=after_at, type=type, direction=direction
        )
        return MessagesIterator(self._page, first)

    async def _page(self, asked: GetHistory) -> HistoryPage:
        answer = await ask(self._desk, asked, History)
        messages = [await self.of_history(entry) for entry in answer.messages]
        return HistoryPage(messages=tuple(messages), done=not answer.has_more, trimmed=answer.trimmed)

    def messages(self) -> EventIterator[Message]:
        """Iterate over the messages that come to this conversation from now on."""
        return cast(
            "EventIterator[Message]",
            self._desk.hub.iterate(lambda event: isinstance(event, Message) and event.conversation.id == self.id),
        )

    def on(self, name: str, handler: Handler) -> Callable[[], None]:
        """Add a handler for events of this conversation; give what takes it away again."""
        return self._desk.hub.on(name, handler, conversation=self.id)

    async def mark_read(self, seq: int | None = None) -> int:
        """Move my read mark, for all my sessions, to a seq or to all that this client has seen; give where it is."""
        if seq is None and self.head == 0:
            await self.refresh()
        answer = await ask(self._desk, MarkRead(conversation=self.id, seq=self.head if seq is None else seq), ReadMark)
        self.read = max(answer.seq, self.read)
        return self.read

    async def mark_delivered(self, seq: int) -> None:
        """Tell that this device has the messages up to a seq; the client does so by itself for those with `receipt`."""
        await ask(self._desk, MarkDelivered(conversation=self.id, seq=seq), Done)

    async def receipts(self, message: Message) -> Receipts:
        """Ask who got and who read a message of mine; see `Message.receipts`."""
        return await ask(self._desk, GetReceipts(conversation=self.id, message=message.seq), Receipts)

    async def mark_unread(self) -> None:
        """Note, for all my sessions, that I wish to come back to it; reading ends the wish."""
        facts = self.waiting.facts
        await ask(self._desk, MarkUnread(conversation=self.id), Done)
        if self.waiting.facts == facts:
            self.waiting.is_marked = True

    @property
    def unread(self) -> int:
        """Give how many messages of others I have not read, on whatever session; 0 until the client knows."""
        return self.waiting.unread

    @property
    def unread_mentions(self) -> int:
        """Give how many of the unread messages call me."""
        return self.waiting.mentions

    @property
    def is_marked_unread(self) -> bool:
        """Say if I wish to come back to it."""
        return self.waiting.is_marked

    @property
    def last_message(self) -> Message | None:
        """Give the newest message that this client knows of; `ConversationQuery.with_last_message` asks the server."""
        return self.newest.message

    @property
    def last_message_at(self) -> int | None:
        """Give when the newest message was placed, None for none: milliseconds since 1970-01-01 UTC."""
        return self.newest.at

    async def count(self) -> int:
        """Give the number of members on the server; of a room, how many people are there now."""
        return (await ask(self._desk, CountPeople(conversation=self.id), Count)).users

    # ------------------------------------------------------------ what the client learns

    def arranged(self, fact: Arrangement, at: int) -> None:
        """Take over how I arranged it."""
        super().arranged(fact, at)
        if isinstance(fact, HistoryDeleted):
            self.newest.deleted(fact.seq)
        elif isinstance(fact, MessagesDeleted):
            self.newest.deleted_among(fact.messages)
        elif isinstance(fact, ConversationDeleted) and fact.history_to is not None:
            self.newest.deleted(fact.history_to)

    def know(self, view: ConversationView, *, has_members: bool = True) -> Self:
        """Take over what the server says."""
        super().know(view, has_members=has_members)
        self.reached(view.head, view.read)
        self.newest.told(view.last_message_at)
        self.waiting.counted(
            view.unread, mentions=None, as_of=view.head, read=view.read, is_marked=view.is_marked_unread
        )
        return self

    def reached(self, head: int, read: int) -> None:
        """Take over how far it has come, and how far I have read it."""
        self.head, self.read = max(self.head, head), max(self.read, read)

    async def know_last(self, entry: HistoryEntry) -> None:
        """Take over what the server says is the newest message."""
        self.newest.came(await self.of_history(entry))

    async def of_history(self, entry: HistoryEntry) -> Message:
        """Make a message of what the server says of it, once plugins have seen it."""
        said = entry.message if self._is_own(entry.message) else await self._desk.plugins.parse(entry.message)
        return self.read_message(replace(entry, message=said))

    def read_message(self, entry: HistoryEntry) -> Message:
        """Make a message of what the history has of it."""
        return replace(self.message(entry.seq, entry.at, entry.message), reactions=entry.reactions)

    def body_of(self, said: MessagePlaced) -> Body:
        """Give what a message says as one of the known classes."""
        return self._desk.plugins.body(said)

    def message(self, seq: int, at: int, said: MessagePlaced) -> Message:
        """Make a message of this conversation."""
        return Message(
            conversation=self, seq=seq, at=at, said=said, is_mine=self._is_mine(said), is_from_here=self._is_own(said)
        )

    def transient(self, at: int, said: MessagePlaced) -> TransientMessage:
        """Make a transient message of this conversation."""
        return TransientMessage(
            conversation=self, at=at, said=said, is_mine=self._is_mine(said), is_from_here=self._is_own(said)
        )

    def in_room(self, at: int, said: MessagePlaced, *, seq: int | None, tabs: tuple[str, ...]) -> RoomMessage:
        """Make a message of this room."""
        is_mine, is_own = self._is_mine(said), self._is_own(said)
        return RoomMessage(
            conversation=self, at=at, said=said, is_mine=is_mine, is_from_here=is_own, seq=seq, tabs=tabs
        )

    def _is_mine(self, said: MessagePlaced) -> bool:
        return said.sender == self._desk.user

    def _is_own(self, said: MessagePlaced) -> bool:
        return self._desk.is_own(said)
