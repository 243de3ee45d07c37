"""The order of a stream: where the next fact goes, and what a repeat gets.

A stream's head is its last seq and the time of it. A draft goes right after it, never earlier in time.
"""

from msgspec import Struct

from unisono.domain.errors import Invalid
from unisono.domain.facts import Fact, MessagePlaced
from unisono.domain.ids import (
    FIRST_EPOCH,
    IMPORTED,
    NO_SEQ,
    Epoch,
    Instant,
    SendKey,
    Seq,
    StreamKey,
    UserId,
    is_imported,
)


class Head(Struct, frozen=True):
    """How far a stream has come, how many of its facts are messages, and when the last of these was placed.

    Facts up to `trimmed` are kept no longer; so many of them were messages (`gone`).
    """

    epoch: Epoch = FIRST_EPOCH
    seq: Seq = NO_SEQ
    at: Instant = Instant(0)
    messages: int = 0
    said_at: Instant | None = None
    trimmed: Seq = NO_SEQ
    gone: int = 0

    @property
    def oldest(self) -> Seq:
        """Give the first place whose fact is kept."""
        return Seq(self.trimmed + 1)


class Draft(Struct, frozen=True):
    """A fact that wants a place. With `sender` and `key` its place is remembered under both as long as it is kept.

    What happened elsewhere says when (`at`): that is its time, unless its stream is later already.
    `unseen_by` is as in `PlacedFact`.
    """

    stream: StreamKey
    fact: Fact
    sender: UserId | None = None
    key: SendKey | None = None
    at: Instant | None = None
    unseen_by: frozenset[UserId] = frozenset()


class Place(Struct, frozen=True):
    """Where a fact stands. `is_repeat` when it stood there before it was asked for."""

    stream: StreamKey
    epoch: Epoch
    seq: Seq
    at: Instant
    is_repeat: bool = False


def check_key(key: SendKey) -> None:
    """Refuse a key that only an import gives.

    Raises:
        Invalid: It begins as those of imported messages do.
    """
    if is_imported(key):
        raise Invalid(field="key", reason=f"`{IMPORTED}` begins the keys of imported messages")


def next_head(head: Head, now: Instant, fact: Fact) -> Head:
    """Give the head after one more fact: the next seq, and a time that never runs backwards."""
    at = max(now, head.at)
    if isinstance(fact, MessagePlaced):
        return Head(head.epoch, Seq(head.seq + 1), at, head.messages + 1, at, head.trimmed, head.gone)
    return Head(head.epoch, Seq(head.seq + 1), at, head.messages, head.said_at, head.trimmed, head.gone)
