"""What a user deleted for themselves: left out of history, and without words in the stream of its conversation."""

from collections.abc import Collection, Generator, Mapping, Sequence

from msgspec import structs

from unisono.app.channel import Channel
from unisono.domain.answers import Facts
from unisono.domain.commands import GetHistory
from unisono.domain.conversation import Membership
from unisono.domain.facts import Fact, MessagePlaced, MessageRevised, PlacedFact
from unisono.domain.ids import NO_SEQ, Seq, UserId, conversation_of
from unisono.domain.revisions import recalled, superseded
from unisono.ports.directory import Directory


def behind(command: GetHistory, reader: Membership | None) -> GetHistory:
    """Leave out a history that the reader deleted; from which end the page is taken stays as it was."""
    cleared = NO_SEQ if reader is None else reader.cleared
    if cleared <= (command.after or NO_SEQ):
        return command
    return structs.replace(command, after=cleared, direction="older" if command.is_newest else "newer")


async def without_deleted(directory: Directory, facts: Facts, reader: Membership) -> Facts:
    """Give facts of a conversation as a member sees them: what they deleted keeps its place, and says nothing."""
    conversation = conversation_of(facts.stream)
    told = {} if conversation is None or not reader.hides_some else _telling(facts)
    if conversation is None or not told:
        return facts
    deleted = await directory.deleted(reader.user, conversation, sorted(set(told.values())))
    return structs.replace(
        facts,
        facts=tuple(
            structs.replace(each, fact=emptied(each.fact)) if told.get(each.seq) in deleted else each
            for each in facts.facts
        ),
    )


def _telling(facts: Facts) -> dict[Seq, Seq]:
    """Say which facts tell what which messages say."""
    return {each.seq: message for each in facts.facts if (message := said_in(each.seq, each.fact)) != NO_SEQ}


def said_in(seq: Seq, fact: Fact) -> Seq:
    """Give the message of which a fact tells what it says; none for most."""
    if isinstance(fact, MessagePlaced):
        return seq
    return fact.message if isinstance(fact, MessageRevised) else NO_SEQ


def emptied(fact: Fact) -> Fact:
    """Give what is left of a fact that told what a message says."""
    if isinstance(fact, MessagePlaced):
        return recalled(fact, None, None)
    return superseded(fact) if isinstance(fact, MessageRevised) else fact


async def as_committed(
    directory: Directory, read: Sequence[PlacedFact], heard: Mapping[Seq, PlacedFact]
) -> Sequence[PlacedFact]:
    """Give facts that were read from the log as a hint would have told of them: edits as they were `heard` of.

    Of an edit that no hint told of, what it said may be gone. Who deleted a message since its edit was committed is not
    told what that says either: they may know by now that it is deleted.
    """
    edited = {placed.fact.message for placed in read if isinstance(placed.fact, MessageRevised)}
    conversation = conversation_of(read[0].stream) if edited else None
    if conversation is None:
        return read
    hiders = await directory.hiders(conversation, sorted(edited))
    return [_noting(heard.get(placed.seq, placed), hiders) for placed in read]


def _noting(placed: PlacedFact, hiders: Mapping[Seq, Collection[UserId]]) -> PlacedFact:
    users = hiders.get(placed.fact.message) if isinstance(placed.fact, MessageRevised) else None
    return placed if users is None else structs.replace(placed, unseen_by=placed.unseen_by.union(users))


def as_seen(channel: Channel, facts: Sequence[PlacedFact]) -> Generator[Sequence[PlacedFact], None, None]:
    """Give facts in parts, each while the channel's members are those who see it so.

    Who deleted a message for themselves gets the place of an edit of it, and not what it says. When it is over
    or closed, the members are all of them again.
    """
    start = 0
    for index, placed in enumerate(facts):
        if channel.members.isdisjoint(placed.unseen_by):
            continue
        if index > start:
            yield facts[start:index]
        start, everybody = index + 1, channel.members
        try:
            channel.ask(everybody.difference(placed.unseen_by))
            yield [placed]
            channel.ask(everybody.intersection(placed.unseen_by))
            yield [structs.replace(placed, fact=emptied(placed.fact))]
        finally:
            channel.ask(everybody)
    if start < len(facts):
        yield facts[start:] if start else facts
