"""The newest message of a conversation, as far as the client knows it."""

from collections.abc import Collection
from dataclasses import replace
from typing import Final

from unisono_sdk.facts import Content, MessagePlaced, MessageRecalled, MessageRevised
from unisono_sdk.message import Message

DELETED_MAX: Final = 1000
"""Deleted messages that are remembered, those with the highest places: none below can be the newest."""


class Newest:
    """Kept in step by what comes: later messages, and changes to the one it is.

    What I deleted is never it, whether the message or its deletion is told first.
    """

    def __init__(self) -> None:
        """Know none."""
        self.message: Message | None = None
        self.at: int | None = None
        self.is_lost = False
        """Whether I deleted the one that was known, and that before it has not been found."""
        self._cleared = 0
        self._deleted: frozenset[int] = frozenset()

    def told(self, at: int | None) -> None:
        """Take over when the newest message was placed, unless a later one is known."""
        self.at = at if self.at is None else max(at or 0, self.at)

    def placed(self, message: Message) -> None:
        """Take over a message that the stream tells, where one that I deleted looks taken back.

        By which fact, it does not say then: nor does one that was taken back before it was brought along, but that
        one the server gives wherever it gives messages, and those that I deleted nowhere.
        """
        if message.said.revision is not None or not message.said.is_recalled:
            self.came(message)

    def came(self, message: Message) -> None:
        """Take over a message, unless a later one is known, or a later state of it, or I deleted it."""
        if message.seq <= self._cleared or message.seq in self._deleted:
            return
        known = self.message
        if known is None or (message.seq, message.said.revision or 0) >= (known.seq, known.said.revision or 0):
            self.message = message
            self.is_lost = False
            self.told(message.at)

    def deleted(self, up_to: int) -> None:
        """Forget a message that is shown no more."""
        self._cleared = max(self._cleared, up_to)
        if self.message is not None and self.message.seq <= up_to:
            self.message = None

    def deleted_among(self, seqs: Collection[int]) -> None:
        """Forget a message that is one of those shown no more. Which is the newest then, the server knows."""
        self._deleted = frozenset(sorted(self._deleted.union(seqs))[-DELETED_MAX:])
        if self.message is not None and self.message.seq in seqs:
            self.message, self.is_lost = None, True

    def changed(self, fact: MessageRevised | MessageRecalled, seq: int, at: int) -> None:
        """Take over an edit or a recall, which stands at `seq`."""
        known = self.message
        if known is None or known.seq != fact.message or (known.said.revision or 0) >= seq:
            return
        if isinstance(fact, MessageRevised):
            said = replace(
                known.said,
                content=fact.content,
                mentions=fact.mentions,
                mention_all=fact.mention_all,
                revision=seq,
                revised_at=at,
            )
            self.message = replace(known, said=said)
        else:
            gone = MessagePlaced(
                sender=known.sender, key=known.key, content=Content(), revision=seq, revised_at=at, is_recalled=True
            )
            self.message = replace(known, said=gone, reactions=())
