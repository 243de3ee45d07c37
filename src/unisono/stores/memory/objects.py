"""Objects of users in memory: whatever was set and is not superseded."""

from collections.abc import Sequence

from msgspec import structs

from unisono.domain.facts import ObjectDropped, ObjectSet, PlacedFact
from unisono.domain.ids import NO_SEQ, ObjectName
from unisono.domain.kept import ObjectView, Shelf
from unisono.domain.objects import size_of, superseded


def kept_objects(facts: Sequence[PlacedFact]) -> list[ObjectView]:
    """List what a user keeps, by name, from the facts of their stream."""
    found = [
        ObjectView(one.fact.name, one.seq, one.at, one.fact.value)
        for one in facts
        if isinstance(one.fact, ObjectSet) and not one.fact.is_superseded
    ]
    return sorted(found, key=lambda kept: kept.name)


def shelf_of(facts: Sequence[PlacedFact], name: ObjectName) -> Shelf:
    """Say what stands under a name."""
    kept = {each.name: each for each in kept_objects(facts)}
    total = sum(size_of(each.value) for each in kept.values())
    mine = kept.get(name)
    return Shelf(NO_SEQ, 0, total) if mine is None else Shelf(mine.revision, size_of(mine.value), total)


def supersede(facts: list[PlacedFact], fact: ObjectSet | ObjectDropped) -> None:
    """Empty what held the value under a name before the last fact."""
    for index, one in enumerate(facts[:-1]):
        if isinstance(one.fact, ObjectSet) and one.fact.name == fact.name:
            facts[index] = structs.replace(one, fact=superseded(one.fact))
