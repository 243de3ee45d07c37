"""Objects of users: the last value stands, the ones before leave no trace, and nobody else has any of it."""

import asyncio
from functools import partial

import pytest

from tests.contract.stores.acts import ANN, BOB, AnyStore
from unisono.domain import commands as c
from unisono.domain import objects
from unisono.domain.answers import Done, Placed
from unisono.domain.conversation import Scope
from unisono.domain.errors import Conflict, LimitReached
from unisono.domain.facts import ObjectDropped, ObjectSet
from unisono.domain.ids import NO_SEQ, ObjectName, SendKey, Seq, UserId, user_stream
from unisono.domain.kept import ObjectView
from unisono.domain.quotas import Quotas

THEME, OTHER = ObjectName("theme"), ObjectName("other")
FEW = Quotas(objects_bytes=objects.size_of(1) * 2 + 20)


def to(name: ObjectName, value: object, key: str, expect: int | None = None) -> c.SetObject:
    return c.SetObject(name, value, SendKey(key), None if expect is None else Seq(expect))


async def put(store: AnyStore, user: UserId, command: c.SetObject) -> Seq:
    scope = Scope(sender=user, key=command.key, object=command.name)
    committed = await store.log.transact(scope, lambda seen: objects.put(seen, user, command, FEW))
    assert isinstance(committed.answer, Placed)
    return committed.answer.seq


async def drop(store: AnyStore, user: UserId, name: ObjectName, key: str) -> bool:
    command = c.DropObject(name, SendKey(key))
    scope = Scope(sender=user, key=command.key, object=name)
    committed = await store.log.transact(scope, partial(objects.drop, user=user, command=command))
    return not isinstance(committed.answer, Done)


async def listed(store: AnyStore, user: UserId) -> list[tuple[str, int, object]]:
    return [(kept.name, kept.revision, kept.value) for kept in await store.directory.objects(user, None, None, 100)]


async def test_the_last_value_of_a_name_stands_and_belongs_to_one_user(store: AnyStore) -> None:
    assert await listed(store, ANN) == []
    first = await put(store, ANN, to(THEME, {"is": "dark"}, "k1"))
    await put(store, BOB, to(THEME, "bobs", "k1"))
    second = await put(store, ANN, to(THEME, None, "k2", expect=first))
    other = await put(store, ANN, to(OTHER, [1, 2], "k3", expect=0))
    assert first < second < other
    assert await listed(store, ANN) == [("other", other, [1, 2]), ("theme", second, None)]
    facts = (await store.log.read(user_stream(ANN), NO_SEQ, 10)).facts
    assert [placed.fact for placed in facts] == [
        ObjectSet(THEME, SendKey("k1"), is_superseded=True),
        ObjectSet(THEME, SendKey("k2")),
        ObjectSet(OTHER, SendKey("k3"), [1, 2]),
    ]


async def test_pages_go_by_name_and_one_can_be_asked_for_alone(store: AnyStore) -> None:
    for number, name in enumerate(("b", "a")):
        await put(store, ANN, to(ObjectName(name), number, f"k{number}"))
    (first,) = await store.directory.objects(ANN, None, None, 1)
    assert isinstance(first, ObjectView)
    assert first.name == "a"
    assert [each.name for each in await store.directory.objects(ANN, None, first.name, 10)] == ["b"]
    assert [each.value for each in await store.directory.objects(ANN, ObjectName("b"), None, 10)] == [0]
    assert await store.directory.objects(ANN, ObjectName("b"), ObjectName("b"), 10) == []
    assert await store.directory.objects(ANN, ObjectName("c"), None, 10) == []
    assert await store.directory.objects(UserId("nobody"), None, None, 10) == []


async def test_what_is_dropped_is_gone_and_gives_its_room_back(store: AnyStore) -> None:
    await put(store, ANN, to(THEME, 1, "k1"))
    await put(store, ANN, to(OTHER, 2, "k2"))
    with pytest.raises(LimitReached):
        await put(store, ANN, to(ObjectName("third"), 3, "k3"))
    assert await drop(store, ANN, THEME, "k4")
    assert not await drop(store, ANN, THEME, "k5")
    assert await drop(store, ANN, THEME, "k4")
    third = await put(store, ANN, to(ObjectName("third"), 3, "k3", expect=0))
    assert [name for name, _, _ in await listed(store, ANN)] == ["other", "third"]
    facts = (await store.log.read(user_stream(ANN), NO_SEQ, 10)).facts
    assert facts[0].fact == ObjectSet(THEME, SendKey("k1"), is_superseded=True)
    assert facts[2].fact == ObjectDropped(THEME, SendKey("k4"))
    assert facts[-1].seq == third


async def test_of_many_at_once_who_expect_the_same_one_wins(store: AnyStore) -> None:
    tries = [put(store, ANN, to(THEME, number, f"k{number}", expect=0)) for number in range(20)]
    outcomes = await asyncio.gather(*tries, return_exceptions=True)
    winners = [number for number, outcome in enumerate(outcomes) if not isinstance(outcome, BaseException)]
    assert len(winners) == 1
    assert all(isinstance(outcome, Conflict) for number, outcome in enumerate(outcomes) if number not in winners)
    assert [value for _, _, value in await listed(store, ANN)] == winners


async def test_erasing_a_user_leaves_none(store: AnyStore) -> None:
    seq = await put(store, ANN, to(THEME, "secret", "k1"))
    await put(store, BOB, to(THEME, "kept", "k1"))
    await store.erasures.drop_rest(ANN)
    await store.erasures.scrub(user_stream(ANN), [seq])
    assert await listed(store, ANN) == []
    assert [value for _, _, value in await listed(store, BOB)] == ["kept"]
