"""What the fan-out hands to links of LeanCloud's clients: facts or an event as they are, for all links of a node."""

from collections.abc import Awaitable, Sequence
from typing import Final, Protocol

from msgspec import Struct

from unisono.app.channel import FACT_BYTES, size_of
from unisono.domain.events import Event, TransientMessage
from unisono.domain.facts import PlacedFact
from unisono.domain.ids import Checkpoint, UserId
from unisono.gateways.hosting.frames import BINARY, TEXT, frame

What = PlacedFact | Event


class Push(Struct, frozen=True):
    """A frame without the client's name in it, and for whom it is: everybody who sees the fact, unless it says."""

    payload: bytes
    to: frozenset[UserId] | None = None
    but: frozenset[UserId] = frozenset()
    is_patch: bool = False
    """It is for those alone who said that they take such."""

    def is_for(self, user: UserId) -> bool:
        """Say if a user is to have it."""
        return user not in self.but and (self.to is None or user in self.to)


class Teller(Protocol):
    """Says what LeanCloud's clients are to hear of facts and events."""

    def at_once(self, what: What) -> Sequence[Push] | None:
        """Give the frames of a fact or event; None where something has to be looked up for them."""

    def of(self, what: What) -> Awaitable[Sequence[Push]]:
        """Give the frames of a fact or event.

        Raises:
            UnisonoError: They cannot be made now.
        """


class Parcel:
    """Facts of one stream, or an event. What they become is remembered with them: the next link asks nobody."""

    __slots__ = ("_size_bytes", "_told", "what")

    def __init__(self, what: Sequence[What]) -> None:
        self.what: Final = tuple(what)
        self._told: list[Sequence[Push]] = []
        self._size_bytes: int | None = None

    @property
    def size_bytes(self) -> int:
        """Say about how many bytes it becomes for a client."""
        if self._size_bytes is None:
            self._size_bytes = sum(map(_size_of, self.what))
        return self._size_bytes

    def told_at_once(self, teller: Teller) -> Sequence[Sequence[Push]] | None:
        """Give the frames of each part; None where something has to be looked up for them."""
        told = self._told
        while len(told) < len(self.what):
            pushes = teller.at_once(self.what[len(told)])
            if pushes is None:
                return None
            told.append(pushes)
        return told


class LeanCloudEncoder:
    """Implements `ports.link.Encoder`: hands on what there is. What it becomes may take look-ups, so links make it."""

    def delivery(self, facts: Sequence[PlacedFact], checkpoint: Checkpoint) -> Parcel:
        """Keep facts together."""
        del checkpoint
        return Parcel(facts)

    def event(self, event: Event) -> Parcel:
        """Keep an event alone."""
        return Parcel((event,))


def framed(written: bytes | str) -> bytes:
    """Give the WebSocket frame of what was written in a dialect."""
    return frame(written.encode(), TEXT) if isinstance(written, str) else frame(written, BINARY)


def _size_of(what: What) -> int:
    if isinstance(what, PlacedFact):
        return size_of(what.fact)
    return size_of(what.message) if isinstance(what, TransientMessage) else FACT_BYTES
