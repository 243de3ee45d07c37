"""Where push notifications go: to a service of the operator's, which knows the ways to people's devices."""

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from unisono.domain.calls import RingEnd
from unisono.domain.facts import ConversationKind, Media
from unisono.domain.ids import CallId, ConversationId, Epoch, Instant, Json, Seq, UserId
from unisono.ports.push_targets import PushTarget


class Push(Struct, frozen=True):
    """A message for a user who is not there.

    `conversation`, `epoch`, `seq` and `user` name it: it is the same one whenever it is handed over. `text` is what to
    show, `data` what the message says to push notifications, as it came. `unread` is how many messages wait for the
    user in all conversations. `devices` are those that registered; the service may know of others.
    """

    user: UserId
    conversation: ConversationId
    of: ConversationKind
    epoch: Epoch
    seq: Seq
    at: Instant
    sender: UserId
    text: str
    unread: int
    is_mentioned: bool = False
    data: dict[str, Json] | None = None
    devices: tuple[PushTarget, ...] = ()


class CallPush(Struct, frozen=True):
    """A call that rings for a user who is not there, or rings for them no more.

    `over` says why it does not; then it was told before that it rings, or that was tried. `at` is when the call began,
    `until` when its ring ends by itself; `data` is what the caller gave along.
    """

    call: CallId
    user: UserId
    caller: UserId
    media: Media
    at: Instant
    until: Instant
    conversation: ConversationId | None = None
    data: Json = None
    over: RingEnd | None = None
    devices: tuple[PushTarget, ...] = ()


class ReadPush(Struct, frozen=True):
    """A user has read a conversation up to `seq`: what was pushed of it is to be shown no more.

    `unread` is how many messages wait for the user in all conversations by now.
    """

    user: UserId
    conversation: ConversationId
    seq: Seq
    unread: int
    devices: tuple[PushTarget, ...] = ()


class PushService(Protocol):
    """Takes pushes for all users of an app."""

    async def hand_over(self, pushes: Sequence[Push]) -> None:
        """Hand over pushes, trying again as long as that may help. Never raises for what the service does.

        On return they were taken, or refused, or given up for good, and it was counted which. When the wait is
        cancelled nobody knows; handing them over once more is safe.
        """

    async def hand_over_calls(self, pushes: Sequence[CallPush]) -> bool:
        """Hand over what rings, or rings no more, once. Never raises for what the service does.

        Says if that was taken, or refused for good; else it is to be tried again, as the calls are by then.
        """

    async def hand_over_reads(self, pushes: Sequence[ReadPush]) -> bool:
        """Hand over what was read, once; the rest as for calls."""
