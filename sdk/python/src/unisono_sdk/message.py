"""Messages, as a program handles them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from unisono_sdk.answers import ReactionCount, Receipts
from unisono_sdk.bodies import Bodies, Body
from unisono_sdk.facts import Content, Json, MessagePlaced
from unisono_sdk.passing import Told

if TYPE_CHECKING:
    from unisono_sdk.conversation import Conversation


class Status(StrEnum):
    """How far a message came. Compare with these; their values are of no account."""

    NONE = "none"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What every message has.

    `at` is the server's time in milliseconds since 1970-01-01 UTC. `is_mine` when my user sent it, from whatever
    session; `is_from_here` when this very client did.
    """

    conversation: "Conversation" = field(repr=False, compare=False)
    at: int
    said: MessagePlaced
    is_mine: bool
    is_from_here: bool

    @property
    def sender(self) -> str:
        """Give who sent it."""
        return self.said.sender

    @property
    def key(self) -> str:
        """Give the sender's own name for it."""
        return self.said.key

    @property
    def content(self) -> Content:
        """Give what it says."""
        return self.said.content

    @property
    def body(self) -> Body:
        """Give what it says as one of the classes that the program knows: built in, or registered; else `Unknown`."""
        return self.conversation.body_of(self.said)

    @property
    def text(self) -> str | None:
        """Give the text."""
        return self.said.content.text

    @property
    def mentions(self) -> tuple[str, ...]:
        """Give the users it calls by name."""
        return self.said.mentions

    @property
    def mention_all(self) -> bool:
        """Say if it calls everybody."""
        return self.said.mention_all

    @property
    def mentions_me(self) -> bool:
        """Say if it calls me, by name or with everybody; my own messages do not."""
        return not self.is_mine and (self.said.mention_all or self.conversation.user in self.said.mentions)

    @property
    def push(self) -> Mapping[str, Json] | None:
        """Give what a push notification was to carry."""
        return self.said.push

    @property
    def sent_at(self) -> datetime:
        """Give the server's time."""
        return datetime.fromtimestamp(self.at / 1000, UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message(Said):
    """A message at its place: `seq` in the conversation, from 1 (facts of membership have places, too)."""

    seq: int
    reactions: Sequence[ReactionCount] = ()
    """As of the page of history it was read in; a message that has just come has none."""

    @property
    def is_recalled(self) -> bool:
        """Say if it was taken back: its content is gone."""
        return self.said.is_recalled

    @property
    def edited_at(self) -> datetime | None:
        """Give when it was edited last, by the server's time."""
        at = None if self.said.is_recalled else self.said.revised_at
        return None if at is None else datetime.fromtimestamp(at / 1000, UTC)

    async def edit(
        self, content: str | Content | Body, *, mentions: Sequence[str] = (), mention_all: bool = False
    ) -> "Message":
        """Give it another content; give the message as it is then.

        Raises:
            Forbidden: It is not mine, was recalled, or is older than the operator allows.
            NotFound: I am no member any more.
            TooLarge, Unacceptable: The server does not take such a content.
        """
        return await self.conversation.edit(self, content, mentions=mentions, mention_all=mention_all)

    async def recall(self) -> "Message":
        """Take it back, for everybody; give what is left of it.

        Raises:
            Forbidden: It is not mine, or is older than the operator allows.
            NotFound: I am no member any more.
        """
        return await self.conversation.recall(self)

    async def react(self, reaction: str, *, on: bool = True) -> None:
        """Put a reaction to it (1 to 32 characters), or take mine away.

        Raises:
            Forbidden: It was recalled.
            LimitReached: It has as many different reactions as it may have.
        """
        await self.conversation.react(self, reaction, on=on)

    async def create_thread(self, name: str | None = None) -> "Conversation":
        """Begin the thread under it, or join the one that is there; see `Conversation.create_thread`."""
        return await self.conversation.create_thread(self.seq, name)

    @property
    def status(self) -> Status:
        """Say what is known of its way: `sent` and `delivered` are of my own messages, as far as this client heard."""
        if not self.is_mine:
            return Status.NONE
        return Status.SENT if self.delivered_at is None else Status.DELIVERED

    @property
    def delivered_at(self) -> datetime | None:
        """Give when the first recipient got it, by the server's time; it asked for a receipt and this client heard."""
        at = self.conversation.sent.delivered_at(self.seq) if self.said.receipt and self.is_mine else None
        return None if at is None else datetime.fromtimestamp(at / 1000, UTC)

    async def receipts(self) -> Receipts:
        """Ask who of the others got and who read it.

        Raises:
            Forbidden: It is not mine.
            NotFound: I am no member any more.
        """
        return await self.conversation.receipts(self)

    @property
    def reply_to(self) -> int | None:
        """Give the seq of the message that this one answers."""
        return self.said.reply_to


@dataclass(frozen=True, slots=True, kw_only=True)
class TransientMessage(Said):
    """`transient`: a message that is not kept and has no place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomMessage(Said):
    """`room_message`: something was said in a room that this client is in.

    `tabs` are those of mine that are there; `seq` is the place of the message where the room keeps it, else None.
    """

    seq: int | None
    tabs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionMessage:
    """`session_message`: a message for this session of mine, which is in no conversation.

    It came from another session of mine (`from_session`), or from the application's server where that is None.
    """

    user: str
    told: Told = field(repr=False)
    bodies: Bodies = field(repr=False, compare=False)

    @property
    def id(self) -> str:
        """Give its sender's name for it."""
        return self.told.id

    @property
    def sender(self) -> str | None:
        """Give who sent it: me, or nobody where the application's server did."""
        return None if self.told.teller is None else self.user

    @property
    def from_session(self) -> str | None:
        """Give the session of mine that sent it."""
        return None if self.told.teller is None else self.told.teller.session

    @property
    def content(self) -> Content:
        """Give what it says."""
        return self.told.content or Content()

    @property
    def body(self) -> Body:
        """Give what it says as one of the classes that the program knows."""
        return self.bodies.parse(self.content)

    @property
    def text(self) -> str | None:
        """Give the text."""
        return self.content.text

    @property
    def sent_at(self) -> datetime:
        """Give the server's time."""
        return datetime.fromtimestamp(self.told.at / 1000, UTC)
