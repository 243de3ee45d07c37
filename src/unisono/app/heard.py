"""Edits that hints told of while their streams were behind.

The log keeps what the last edit of a message says alone: an earlier one that is read from there says nothing any more.
Who is here is told of each with its words, as long as a hint brought them.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from unisono.app.channel import Channel, size_of
from unisono.domain.facts import MessageRevised, PlacedFact
from unisono.domain.ids import Seq

HEARD_BYTES: Final = 16 * 1024 * 1024
"""Edits of an app that are kept on a node; what a hint brings beyond it is left to the log."""


class Heard:
    """The edits of an app that a node heard of and has not delivered yet, by the streams that are behind."""

    def __init__(self) -> None:
        self._facts: dict[Channel, dict[Seq, PlacedFact]] = {}
        self._bytes = 0

    def note(self, channel: Channel, hinted: Iterable[PlacedFact]) -> None:
        """Keep the edits among some hints that are not delivered yet, until `take` or `drop`."""
        for placed in hinted:
            if not isinstance(placed.fact, MessageRevised) or self._bytes >= HEARD_BYTES:
                continue
            if placed.epoch == channel.epoch and placed.seq <= channel.delivered:
                continue
            kept = self._facts.setdefault(channel, {})
            if placed.seq not in kept:
                kept[placed.seq] = placed
                self._bytes += size_of(placed.fact)

    def take(self, channel: Channel, read: Sequence[PlacedFact]) -> Mapping[Seq, PlacedFact]:
        """Give what was heard of the edits among facts that were read, by their places, and keep it no longer."""
        kept = self._facts.get(channel, {})
        taken = [(placed, kept.pop(placed.seq)) for placed in read if placed.seq in kept]
        self._bytes -= _bytes_of(heard for _, heard in taken)
        return {heard.seq: heard for placed, heard in taken if _is_of(placed, heard)}

    def drop(self, channel: Channel) -> None:
        """Forget the edits of a stream that is behind no more."""
        self._bytes -= _bytes_of(self._facts.pop(channel, {}).values())


def _is_of(placed: PlacedFact, heard: PlacedFact) -> bool:
    """Say if what was heard is of an edit that the log has: a hint may have told of what is not in it any more."""
    fact, told = placed.fact, heard.fact
    if not isinstance(fact, MessageRevised) or not isinstance(told, MessageRevised):
        return False
    return placed.epoch == heard.epoch and fact.message == told.message


def _bytes_of(facts: Iterable[PlacedFact]) -> int:
    return sum(size_of(placed.fact) for placed in facts)
