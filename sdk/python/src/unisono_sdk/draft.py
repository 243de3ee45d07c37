"""A message on its way: its status, and how to send it again."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final, TypedDict

from unisono_sdk.commands import SendMessage
from unisono_sdk.errors import InvalidArgument, UnisonoError
from unisono_sdk.facts import Json, MessagePlaced
from unisono_sdk.message import Message, Status


class SendOptions(TypedDict, total=False):
    """How a message is sent.

    `key` repeats an earlier send: the server places it at most once. `mentions` names up to 100 users, `mention_all`
    calls everybody; `reply_to` is the message it answers, or its seq; with `receipt` the `receipt` events tell who got
    and who read it; `push` is what a push notification is to carry, up to 4 KiB of JSON.
    """

    key: str | None
    mentions: Sequence[str]
    mention_all: bool
    reply_to: Message | int | None
    receipt: bool
    push: Mapping[str, Json] | None


class Draft:
    """A message that is to be sent; made by `Conversation.draft`.

    `status` is `none` before, `sending` meanwhile, then `sent`, or `failed` with the reason in `error`; a receipt makes
    it `delivered`. One that failed may be sent again: it keeps its key, so the server never places it twice.
    """

    def __init__(self, place: Callable[[SendMessage], Awaitable[Message]], command: SendMessage) -> None:
        self._place = place
        self._command = command
        self._status = Status.NONE
        self.error: UnisonoError | None = None
        self.message: Message | None = None
        self.key: Final = command.key

    def __repr__(self) -> str:
        """Show how it stands."""
        return f"<Draft {self.key} {self.status}>"

    @property
    def status(self) -> Status:
        """Say how it stands."""
        return self._status if self.message is None else self.message.status

    async def send(self) -> Message:
        """Send it; see `Conversation.send`. One that was sent gives its message without asking again.

        Raises:
            InvalidArgument: It is being sent.
        """
        if self.message is not None:
            return self.message
        if self._status is Status.SENDING:
            raise InvalidArgument("this message is being sent")
        self._status, self.error = Status.SENDING, None
        try:
            self.message = await self._place(self._command)
        except UnisonoError as fault:
            self.error = fault
            raise
        finally:
            if self.message is None:
                self._status = Status.FAILED
        return self.message


def placed_by(command: SendMessage, sender: str) -> MessagePlaced:
    """Give the message that a send places."""
    return MessagePlaced(
        sender=sender,
        key=command.key,
        content=command.content,
        mentions=tuple(dict.fromkeys(command.mentions)),
        mention_all=command.mention_all,
        reply_to=command.reply_to,
        receipt=command.receipt,
        push=command.push,
    )
