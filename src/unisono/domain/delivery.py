"""Positions: what to push, what is a gap, when to start over.

The same arithmetic serves a node that follows the log through hints which may be lost, repeated or out of order, and a
reader that comes back with the position it had.
"""

from typing import Literal

from msgspec import Struct

from unisono.domain.ids import Position, Seq


class Push(Struct, frozen=True):
    """Deliver the facts from `first` on; those before it were delivered earlier."""

    first: Seq


class Stale(Struct, frozen=True):
    """All of it was delivered earlier."""


class Gap(Struct, frozen=True):
    """Facts are missing: read those after `after`, up to `until`, before anything else of this stream."""

    after: Seq
    until: Seq


def advance(delivered: Seq, first: Seq, last: Seq) -> Push | Stale | Gap:
    """Judge a run of facts `first` to `last` against what was delivered so far."""
    if last <= delivered:
        return Stale()
    if first <= delivered + 1:
        return Push(first=Seq(delivered + 1))
    return Gap(after=delivered, until=last)


class CatchUp(Struct, frozen=True):
    """Read the facts after `after`, up to `until`."""

    after: Seq
    until: Seq


class StartOver(Struct, frozen=True):
    """What the reader holds cannot be continued; fetch `first` to `until` anew."""

    reason: Literal["epoch_changed", "trimmed", "ahead"]
    first: Seq
    until: Seq


def catch_up(held: Position, head: Position, *, oldest: Seq = Seq(1)) -> CatchUp | StartOver | None:
    """Judge what a reader at `held` lacks of a stream at `head` whose oldest kept fact is `oldest`; None when nothing.

    A reader that is ahead has seen facts that this log does not have (it was restored from an older copy): its
    position is worthless, and telling it plainly is the only honest answer.
    """
    if held.epoch != head.epoch:
        return StartOver("epoch_changed", first=oldest, until=head.seq)
    if held.seq > head.seq:
        return StartOver("ahead", first=oldest, until=head.seq)
    if held.seq == head.seq:
        return None
    if held.seq + 1 < oldest:
        return StartOver("trimmed", first=oldest, until=head.seq)
    return CatchUp(after=held.seq, until=head.seq)
