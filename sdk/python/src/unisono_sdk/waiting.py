"""What waits for me in a conversation, counted from what the server says and what has come since."""

from bisect import bisect_right, insort
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadTotal:
    """How many messages of others wait for me, and how many of them call me."""

    messages: int
    mentions: int


class Waiting:
    """Unread messages of others.

    The server counts exactly, as of a place; what comes behind that place is added here. The two streams that tell of
    it, the conversation's and mine, come in no order among themselves, so the places of messages are kept for a while.
    Whether I wish to come back has no place: a count may have been asked for before a fact came and arrive after it.
    Facts come all and in order, so once one has told, counts are not believed about it.
    """

    def __init__(self) -> None:
        self._counted = 0
        self._calls = 0
        self._as_of = 0
        self._read = 0
        self._later: list[int] = []
        self._later_calls: list[int] = []
        self.is_marked = False
        self.facts = 0
        """How many facts have told whether I wish to come back, since nothing was missed."""

    @property
    def unread(self) -> int:
        """Give how many messages of others I have not read."""
        return self._counted + len(self._later)

    @property
    def mentions(self) -> int:
        """Give how many of them call me."""
        return self._calls + len(self._later_calls)

    def came(self, seq: int, *, calls_me: bool) -> None:
        """Note a message of another."""
        if seq <= max(self._as_of, self._read) or seq in self._later[-1:]:
            return
        insort(self._later, seq)
        if calls_me:
            insort(self._later_calls, seq)

    def counted(self, unread: int, *, mentions: int | None, as_of: int, read: int, is_marked: bool = False) -> None:
        """Take over what the server counted, with everything up to `as_of` in it. An older count is passed over."""
        if as_of < self._as_of or read < self._read:
            return
        self._counted, self._as_of, self._read = unread, as_of, read
        if not self.facts:
            self.is_marked = is_marked
        self._calls = self._calls + len(self._later_calls) if mentions is None else mentions
        self._later = self._later[bisect_right(self._later, as_of) :]
        self._later_calls = self._later_calls[bisect_right(self._later_calls, as_of) :]

    def joined(self, at: int) -> None:
        """Note that I became a member at a place: what was said before does not wait for me."""
        if at > self._as_of:
            self.counted(0, mentions=0, as_of=at, read=self._read, is_marked=self.is_marked)

    def mark(self, *, is_marked: bool) -> None:
        """Note what a fact tells: my wish to come back, or that it was met."""
        self.is_marked = is_marked
        self.facts += 1

    def doubt(self) -> None:
        """Note that facts may have been missed: a count is believed again."""
        self.facts = 0


class Told:
    """Which messages of a conversation the program was told: those that came, and those that had waited before."""

    def __init__(self) -> None:
        self._since: int | None = None
        self._up_to = 0

    def comes(self, seq: int) -> bool:
        """Note a message that comes at its place; False when it was told among those that waited."""
        self._since = seq if self._since is None else min(seq, self._since)
        return seq > self._up_to

    def waited(self, seq: int) -> bool:
        """Note a message that waited; False when it came meanwhile."""
        if self._since is not None and seq >= self._since:
            return False
        self._up_to = max(seq, self._up_to)
        return True
