"""Where the session stands in its streams, and what follows from a frame. Pure."""

from dataclasses import dataclass, field
from typing import Final

from unisono_sdk.facts import SeqFact

UNKNOWN: Final = -1
"""The seq of a stream whose beginning is not known yet."""


@dataclass(frozen=True, slots=True)
class Position:
    """How far a stream was delivered. `is_left` while I am no member of its conversation."""

    epoch: int
    seq: int
    is_left: bool = False


@dataclass(frozen=True, slots=True)
class Deliver:
    """This fact is next."""

    stream: str
    epoch: int
    placed: SeqFact


@dataclass(frozen=True, slots=True)
class Restart:
    """Facts `first` to `until` of a stream will not be delivered: fetch them anew, if they matter.

    `reason` is epoch_changed, ahead (the server was restored from an older copy), trimmed (no longer kept), unreadable,
    unknown (it is not known where the stream began for me) or gone (the stream exists no more). `until` is lower than
    `first` when there is nothing to fetch.
    """

    stream: str
    epoch: int
    first: int
    until: int
    reason: str


Outcome = Deliver | Restart


@dataclass(frozen=True, slots=True)
class Read:
    """Ask for the facts of a stream after a seq that was reached in an epoch; 0 when none was heard yet."""

    stream: str
    after: int
    epoch: int = 0


@dataclass(slots=True)
class Place:
    """What is known of one stream.

    `epoch` is 0 until one was heard, `head` the last seq known to exist, `resumed_at` the seq when the link began,
    `fruitless` how many reads in a row brought nothing although something is missing.
    """

    epoch: int
    seq: int = UNKNOWN
    head: int = 0
    resumed_at: int = UNKNOWN
    is_left: bool = False
    is_reading: bool = False
    is_asked: bool = False
    fruitless: int = 0
    held: dict[int, SeqFact] = field(default_factory=dict)

    @property
    def is_open(self) -> bool:
        """Something is missing or its beginning is not known."""
        return self.seq == UNKNOWN or self.seq < self.head
