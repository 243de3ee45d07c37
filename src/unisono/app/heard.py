"""Edits that hints told of while their streams were behind.

The log keeps what the last edit of a message says alone: an earlier one that is read from there says nothing any more.
Who is here is told of each with its words, as long as a hint brought them.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from unisono.app.channel import Channel, size_of
from unisono.domain.facts import MessageRevised, PlacedFact
from unisono.domain.ids import Epoch, Seq

HEARD_BYTES: Final = 16 * 1024 * 1024
"""Edits that are kept on a node; what a hint brings beyond it is left to the log."""
NOTHING: Final[Mapping[Seq, PlacedFact]] = {}


class Heard:
    """The edits that a node heard of and has not delivered yet, by the streams that are behind."""

    def __init__(self) -> None:
        self._facts: dict[Channel, dict[Seq, PlacedFact]] = {}
        self._bytes = 0

    def note(self, channel: Channel, hinted: Iterable[PlacedFact]) -> None:
        """Keep the edits among some hints until `drop`."""
        for placed in hinted:
            if not isinstance(placed.fact, MessageRevised) or self._bytes >= HEARD_BYTES:
                continue
            kept = self._facts.setdefault(channel, {})
            if placed.seq not in kept:
                kept[placed.seq] = placed
                self._bytes += size_of(placed.fact)

    def of(self, channel: Channel, epoch: Epoch) -> Mapping[Seq, PlacedFact]:
        """Give the edits of a stream, by their places."""
        kept = self._facts.get(channel, NOTHING)
        return {seq: placed for seq, placed in kept.items() if placed.epoch == epoch}

    def drop(self, channel: Channel) -> None:
        """Forget the edits of a stream that is behind no more."""
        self._bytes -= sum(size_of(placed.fact) for placed in self._facts.pop(channel, {}).values())
