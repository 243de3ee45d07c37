"""What I know of who has my messages: for a message its status and its events."""

from bisect import bisect_left
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from unisono_sdk.message import Message

SENT_REMEMBERED: Final = 1000
"""Messages of mine in a conversation that are given back with their receipts; of older ones events say the place."""


class SentMessages:
    """My messages of one conversation that wait for receipts."""

    def __init__(self) -> None:
        self._sent: OrderedDict[int, Message] = OrderedDict()
        self._places: list[int] = []
        self._times: list[int] = []
        self._up_to: dict[tuple[str, bool], int] = {}

    def keep(self, message: "Message") -> "Message":
        """Keep a message that asked for a receipt; give the one that is kept of it already, if there is one."""
        kept = self._sent.setdefault(message.seq, message)
        if len(self._sent) > SENT_REMEMBERED:
            self._sent.popitem(last=False)
        return kept

    def told(self, user: str, seq: int, at: int, *, is_read: bool) -> "list[Message]":
        """Take a receipt up to a place; give the messages that it is the first of this user for."""
        before = self._up_to.get((user, is_read), 0)
        self._up_to[user, is_read] = max(before, seq)
        if not self._places or seq > self._places[-1]:
            self._places.append(seq)
            self._times.append(at)
        return [message for place, message in self._sent.items() if before < place <= seq]

    def delivered_at(self, seq: int) -> int | None:
        """Give when somebody got a message first, or None when nobody did that I know of."""
        index = bisect_left(self._places, seq)
        return self._times[index] if index < len(self._times) else None
