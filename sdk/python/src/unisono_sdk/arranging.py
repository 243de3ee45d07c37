"""How I arrange my conversations: on all my sessions, and for nobody else."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from unisono_sdk.answers import ConversationView, Done
from unisono_sdk.arrangement import (
    Arrangement,
    ConversationMarked,
    ConversationPinned,
    ConversationSilenced,
    ConversationUnmarked,
    ConversationUnsilenced,
    HistoryDeleted,
    MessagesDeleted,
)
from unisono_sdk.commands import Command
from unisono_sdk.desk import Desk, ask
from unisono_sdk.silence import Silence, Window

END: Final = 2**53 - 1
"""A seq that lies behind all that there is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PinConversation(Command):
    """Have a conversation stand above others."""

    op: ClassVar[str] = "pin"
    conversation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnpinConversation(Command):
    """Have a conversation stand among the others again."""

    op: ClassVar[str] = "unpin"
    conversation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkConversation(Command):
    """Put a mark of mine to a conversation."""

    op: ClassVar[str] = "mark"
    conversation: str
    mark: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnmarkConversation(Command):
    """Take a mark of mine from a conversation."""

    op: ClassVar[str] = "unmark"
    conversation: str
    mark: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceConversation(Command):
    """Be alerted of less."""

    op: ClassVar[str] = "silence"
    conversation: str
    level: str = "none"
    until: int | None = None
    windows: tuple[Window, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsilenceConversation(Command):
    """Lift the silence."""

    op: ClassVar[str] = "unsilence"
    conversation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteConversation(Command):
    """Take a conversation from my lists."""

    op: ClassVar[str] = "delete_conversation"
    conversation: str
    with_history: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteHistory(Command):
    """Have what was said up to a place shown to me no more."""

    op: ClassVar[str] = "delete_history"
    conversation: str
    up_to: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteMessages(Command):
    """Have chosen messages shown to me no more."""

    op: ClassVar[str] = "delete_messages"
    conversation: str
    messages: tuple[int, ...]


class Arranging:
    """The side of a `Conversation` that is about how I arrange it: the same on all my sessions, and mine alone.

    `pinned_at` is when I pinned it, in milliseconds since 1970-01-01 UTC, None when I did not; `marks` are names by
    which I group conversations, in the order in which I put them. `level` says of which messages I want to be alerted
    (`all`, `mentions`, `none`), `alert_silence` when of less.
    """

    def __init__(self, desk: Desk, conversation: str) -> None:
        """Know nothing yet but the id."""
        self._desk = desk
        self.id: Final = conversation
        self.pinned_at: int | None = None
        self.marks: tuple[str, ...] = ()
        self.level: str = "all"
        self.alert_silence: Silence | None = None
        self._silences = 0

    @property
    def is_muted(self) -> bool:
        """Say if I want no alerts of it now, on all my sessions."""
        silence = self.alert_silence
        is_silent = silence is not None and silence.level == "none" and silence.holds(self._desk.now_ms())
        return self.level == "none" or is_silent

    @property
    def is_pinned(self) -> bool:
        """Say if I want to see it above others."""
        return self.pinned_at is not None

    async def pin(self) -> None:
        """Have it stand above others; `Client.conversations` lists those that are `pinned`.

        Raises:
            NotFound: I am no member.
            LimitReached: 100 conversations are pinned.
        """
        await ask(self._desk, PinConversation(conversation=self.id), Done)

    async def unpin(self) -> None:
        """Have it stand among the others again. One that is not pinned is no error."""
        await ask(self._desk, UnpinConversation(conversation=self.id), Done)

    async def mark(self, name: str) -> None:
        """Put a mark of mine to it (1 to 64 characters), beside those that it has.

        Raises:
            NotFound: I am no member.
            LimitReached: It has 20 marks.
        """
        await ask(self._desk, MarkConversation(conversation=self.id, mark=name), Done)

    async def unmark(self, name: str) -> None:
        """Take a mark of mine away. One that it does not have is no error."""
        await ask(self._desk, UnmarkConversation(conversation=self.id, mark=name), Done)

    async def silence_alerts(
        self, level: str = "none", *, until: int | None = None, windows: Sequence[Window] = ()
    ) -> None:
        """Be alerted of `mentions` alone, or of `none`, on all my sessions: for good, or as told.

        `until` is when it ends, in milliseconds since 1970-01-01 UTC; with `windows` (up to 10) it holds only within
        one of them. Messages come as before: this is for push notifications and for what a program shows.

        Raises:
            NotFound: I am no member.
            Unacceptable: It would be over already, or there is no such time zone.
        """
        silence = Silence(level=level, until=until, windows=tuple(windows))
        command = SilenceConversation(conversation=self.id, level=level, until=until, windows=silence.windows)
        await self._silence(command, silence)

    async def unsilence_alerts(self) -> None:
        """Be alerted as my level says again. No silence is no error."""
        await self._silence(UnsilenceConversation(conversation=self.id), None)

    async def _silence(self, command: Command, silence: Silence | None) -> None:
        """Know what was asked for as soon as it is so, unless the server said meanwhile how it is: it goes on to."""
        heard = self._silences
        await ask(self._desk, command, Done)
        if self._silences == heard:
            self.alert_silence = silence

    async def delete(self, *, with_history: bool = False) -> None:
        """Take it from my lists, on all my sessions, until something is said in it or I pin it; I stay a member.

        All of it counts as read. With the history what was said is deleted for me, too; all others keep it.

        Raises:
            NotFound: I am no member.
        """
        await ask(self._desk, DeleteConversation(conversation=self.id, with_history=with_history), Done)

    async def delete_history(self, up_to: int = END) -> None:
        """Have what was said up to a seq, or so far, shown to me no more, on all my sessions; all others keep it.

        It counts as read.

        Raises:
            NotFound: I am no member.
        """
        await ask(self._desk, DeleteHistory(conversation=self.id, up_to=up_to), Done)

    async def delete_messages(self, seqs: Sequence[int]) -> None:
        """Have messages, up to 100 by their seqs, shown to me no more, on all my sessions; all others keep them.

        None of them counts as unread any more. Those deleted already are no error.

        Raises:
            NotFound: I am no member, or one of them is no message.
            LimitReached: I deleted 10,000 messages one by one.
            Unacceptable: None is given, or too many.
        """
        await ask(self._desk, DeleteMessages(conversation=self.id, messages=tuple(seqs)), Done)

    def know_arrangement(self, view: ConversationView) -> None:
        """Take over what the server says."""
        self.pinned_at, self.marks = view.pinned_at, view.marks
        self.level, self.alert_silence = view.level, view.silence
        self._silences += 1

    def arranged(self, fact: Arrangement, at: int) -> None:
        """Take over how I arranged it."""
        match fact:
            case ConversationPinned():
                self.pinned_at = at
            case ConversationMarked(mark=name):
                self.marks = (*(each for each in self.marks if each != name), name)
            case ConversationUnmarked(mark=name):
                self.marks = tuple(each for each in self.marks if each != name)
            case ConversationSilenced() | ConversationUnsilenced():
                self.alert_silence = fact.silence if isinstance(fact, ConversationSilenced) else None
                self._silences += 1
            case HistoryDeleted() | MessagesDeleted():
                pass
            case _:
                self.pinned_at = None

    def forget_arrangement(self) -> None:
        """Take over that I am a member no more."""
        self.pinned_at, self.marks, self.level, self.alert_silence = None, (), "all", None
