"""A conversation as one of its members should see it: the least that explains what waits, and what the history has."""

from dataclasses import dataclass, field


@dataclass
class Saying:
    """A message."""

    sender: str
    text: str | None
    calls: bool
    reacted: set[str] = field(default_factory=set)


class LittleChat:
    """For the eyes of one `user`. Messages stand by their seq."""

    def __init__(self, user: str) -> None:
        self._user = user
        self._said: dict[int, Saying] = {}
        self._read = 0
        self._since = 0
        self.is_in = True
        self.is_marked = False

    def say(self, seq: int, sender: str, text: str, *, calls: bool = False) -> None:
        """Say something; with `calls` to the user by name."""
        self._said[seq] = Saying(sender, text, calls)

    def edit(self, seq: int, text: str, *, calls: bool) -> None:
        """Say something else instead."""
        self._said[seq].text, self._said[seq].calls = text, calls

    def recall(self, seq: int) -> None:
        """Take it back: it still was a message, but calls nobody."""
        self._said[seq] = Saying(self._said[seq].sender, None, calls=False)

    def react(self, seq: int, user: str, *, on: bool) -> None:
        """Put somebody's reaction, or take it away."""
        (self._said[seq].reacted.add if on else self._said[seq].reacted.discard)(user)

    def read(self, seq: int) -> None:
        """Read up to a message; that ends the wish to come back."""
        self._read, self.is_marked = max(seq, self._read), False

    def read_all(self) -> None:
        """Read up to the end, where something waits."""
        if self.is_in and (self.unread or self.is_marked):
            self.read(max(self._said, default=0))

    def leave(self) -> None:
        """Be a member no more."""
        self.is_in = self.is_marked = False

    def join(self, at: int) -> None:
        """Be a member again: what was said meanwhile does not wait."""
        self.is_in, self._since = True, at

    def pick(self, which: int, sender: str | None, *, recalled: bool = False) -> int | None:
        """Choose one of the messages: of one sender, unless told of any."""
        seqs = [
            seq
            for seq, said in self._said.items()
            if (sender is None or said.sender == sender) and (recalled or said.text is not None)
        ]
        return seqs[which % len(seqs)] if seqs else None

    def _waiting(self) -> list[Saying]:
        if not self.is_in:
            return []
        behind = max(self._read, self._since)
        return [said for seq, said in self._said.items() if seq > behind and said.sender != self._user]

    @property
    def unread(self) -> int:
        """Count the messages of others that wait."""
        return len(self._waiting())

    @property
    def mentions(self) -> int:
        """Count those of them that call the user."""
        return sum(said.calls for said in self._waiting())

    def waiting(self) -> tuple[int, int, bool]:
        """Give what a device should know of what waits."""
        return self.unread, self.mentions, self.is_marked

    def history(self, *, since: bool = False) -> list[tuple[int, str | None]]:
        """Give places and texts of all messages, or of those since the user is a member."""
        return [(seq, said.text) for seq, said in self._said.items() if not since or seq > self._since]

    def reacted(self) -> dict[int, int]:
        """Count reactions by message, where there are any."""
        return {seq: len(said.reacted) for seq, said in self._said.items() if said.reacted}
