"""Ties of users in memory: what the facts add up to."""

from collections.abc import Mapping, Sequence

from msgspec import structs

from unisono.domain.contact_facts import ContactFact, ContactInvited
from unisono.domain.facts import PlacedFact
from unisono.domain.ids import NO_SEQ, UserId, user_of
from unisono.domain.ties import EVERYBODY, NO_TIE, Pair, Tally, Tie, after, closed, named

Ties = dict[Pair, Tie]


def project_ties(ties: Ties, facts: list[PlacedFact], placed: PlacedFact) -> None:
    """Bring ties up to the last fact of a stream, if it is about any, and close the invitations that it ends."""
    owner, fact = user_of(placed.stream), placed.fact
    if owner is None or not isinstance(fact, ContactFact):
        return
    for other in named(fact):
        old = ties.get((owner, other), NO_TIE)
        new = after(old, owner, fact, seq=placed.seq, at=placed.at)
        if old.invitation not in {NO_SEQ, new.invitation}:
            _close(facts, old.invitation - 1)
        if new.is_nothing:
            ties.pop((owner, other), None)
        else:
            ties[owner, other] = new


def _close(facts: list[PlacedFact], index: int) -> None:
    if isinstance(invited := facts[index].fact, ContactInvited):
        facts[index] = structs.replace(facts[index], fact=closed(invited))


def between(ties: Mapping[Pair, Tie], user: UserId, others: Sequence[UserId]) -> dict[Pair, Tie]:
    """Give what a user and each of some others are to each other, where they are anything."""
    pairs = [pair for other in others for pair in ((user, other), (other, user), (other, EVERYBODY))]
    return {pair: ties[pair] for pair in pairs if pair in ties}


def tally(ties: Mapping[Pair, Tie], user: UserId) -> Tally:
    """Count the ties of a user."""
    mine = [tie for (owner, other), tie in ties.items() if owner == user and other != EVERYBODY]
    states = [tie.state for tie in mine]
    return Tally(
        states.count("friend"), states.count("invited"), states.count("asked"), sum(tie.is_blocked for tie in mine)
    )
