"""One stream as a node follows it: how far it was delivered here, and to whom. Pure bookkeeping."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import msgspec

from unisono.domain.answers import Facts, SeqFact
from unisono.domain.conversation import Membership
from unisono.domain.facts import (
    ConversationCreated,
    ConversationEnded,
    Fact,
    MembersJoined,
    MembersLeft,
    MessagePlaced,
    MessageRevised,
    PlacedFact,
)
from unisono.domain.ids import FIRST_EPOCH, NO_SEQ, START, Epoch, Seq, StreamKey, UserId, user_of
from unisono.domain.kinds import KINDS
from unisono.ports.directory import Audience

FACT_BYTES: Final = 200
"""What a fact takes besides what its message says."""


class Channel:
    """A followed stream.

    While `is_behind`, facts come from the log alone; `hinted` remembers how far hints said it has come meanwhile.
    """

    __slots__ = (
        "delivered",
        "epoch",
        "hinted",
        "is_behind",
        "is_loaded",
        "is_reading",
        "is_subscribed",
        "members",
        "of_user",
        "stream",
        "version",
        "weight",
    )

    def __init__(self, stream: StreamKey) -> None:
        self.stream = stream
        self.of_user = user_of(stream)
        self.members: set[UserId] = set() if self.of_user is None else {self.of_user}
        self.epoch: Epoch = FIRST_EPOCH
        self.delivered: Seq = NO_SEQ
        self.hinted: Seq = NO_SEQ
        self.version = 0
        """Another number whenever members came or went."""
        self.weight = 0
        """Members as the node last counted them."""
        self.is_loaded = False
        self.is_behind = False
        self.is_reading = False
        self.is_subscribed = False
        """Any number of users see it, and nobody keeps count: `members` are asked for with each fact."""

    def begin(self, after: Seq) -> None:
        """Follow from a place on, where it is known that nobody here lacks anything up to it."""
        self.delivered = after
        self.is_loaded = True

    def load(self, audience: Audience) -> None:
        """Follow from what the directory says."""
        self.epoch = audience.epoch
        self.members = set(audience.members)
        self.is_subscribed = audience.is_subscribed
        self.version += 1
        self.begin(audience.after)

    def pass_on(self, facts: Sequence[PlacedFact]) -> Iterator[Sequence[PlacedFact]]:
        """Give facts in parts, each while `members` are those who see it, in order; then count them delivered.

        A joining member sees from their own joining fact on; a leaving one sees up to their own leaving fact.
        """
        start = 0
        for index, placed in enumerate(facts):
            fact = placed.fact
            if isinstance(fact, MembersJoined | ConversationCreated):
                if index > start:
                    yield facts[start:index]
                start = index
                self.members |= set(fact.users if isinstance(fact, MembersJoined) else fact.members)
                self.version += 1
            elif isinstance(fact, MembersLeft | ConversationEnded):
                yield facts[start : index + 1]
                start = index + 1
                self.members -= set(fact.users) if isinstance(fact, MembersLeft) else self.members
                self.version += 1
        if start < len(facts):
            yield facts[start:] if start else facts
        self.delivered, self.epoch = facts[-1].seq, facts[-1].epoch

    def ask(self, members: Iterable[UserId]) -> None:
        """Take over who sees what is passed on next."""
        self.members = set(members)
        self.version += 1


def shared(facts: Sequence[PlacedFact], places: Iterable[Membership]) -> Iterator[tuple[set[UserId], list[PlacedFact]]]:
    """Give facts in runs that the same subscribers see, with these: each from where they came to where they went."""
    known = list(places)
    seen: list[tuple[set[UserId], list[PlacedFact]]] = []
    for placed in facts:
        users = {each.user for each in known if each.since <= placed.seq <= (each.until or placed.seq)}
        if seen and seen[-1][0] == users:
            seen[-1][1].append(placed)
        else:
            seen.append((users, [placed]))
    yield from seen


def runs(facts: list[PlacedFact]) -> list[list[PlacedFact]]:
    """Split facts of one stream into runs without holes, each fact once, in rising order."""
    if len(facts) == 1:
        return [facts]
    ordered = {placed.seq: placed for placed in sorted(facts, key=_seq)}
    split: list[list[PlacedFact]] = []
    for seq, placed in ordered.items():
        if split and split[-1][-1].seq + 1 == seq:
            split[-1].append(placed)
        else:
            split.append([placed])
    return split


def light_prefix(facts: Sequence[PlacedFact], limit_bytes: int) -> Sequence[PlacedFact]:
    """Give the facts, at least one, that are within a size together."""
    size = 0
    for index, placed in enumerate(facts):
        size += size_of(placed.fact)
        if size > limit_bytes and index > 0:
            return facts[:index]
    return facts


def placed_of(page: Facts, fact: SeqFact) -> PlacedFact:
    """Give a fact of a page with its place. It says nothing of a checkpoint."""
    return PlacedFact(stream=page.stream, epoch=page.epoch, seq=fact.seq, at=fact.at, checkpoint=START, fact=fact.fact)


def lists_members(first: Fact) -> bool:
    """Say if the members of the stream that begins with a fact are told in it."""
    return not isinstance(first, ConversationCreated) or KINDS[first.of].members != "subscribed"


def size_of(fact: Fact) -> int:
    """Say about how many bytes a fact takes on the wire."""
    if not isinstance(fact, MessagePlaced | MessageRevised):
        return FACT_BYTES
    content = fact.content
    has_more = content.attributes is not None or content.data is not None or content.binary is not None
    if has_more or fact.mentions or (isinstance(fact, MessagePlaced) and fact.push is not None):
        return FACT_BYTES + len(msgspec.json.encode(fact))
    return FACT_BYTES + len(content.text or "")


def _seq(placed: PlacedFact) -> Seq:
    return placed.seq
