"""What of a conversation is a list, and the lines of its texts: all stores find the same by them."""

import pytest

from tests.contract.stores import acts
from tests.contract.stores.acts import ANN, BOB, CIM, DAN, AnyStore, conversation_id
from tests.contract.stores.talks import found, make
from unisono.domain import query as q
from unisono.domain.commands import FindConversations
from unisono.domain.ids import Json
from unisono.domain.query import SortKey
from unisono.stores.memory import directory as memory_directory
from unisono.stores.sql import finding


async def test_who_wants_no_alerts_is_told_and_asked_for_by_members(store: AnyStore) -> None:
    tea, cake, room = await make(store, 1, ANN, BOB, CIM), await make(store, 2, ANN), await make(store, 3, CIM, DAN)
    for user, where in ((BOB, tea), (CIM, tea), (ANN, cake), (DAN, room)):
        await acts.set_level(store, user, "none", where)
    await acts.set_level(store, ANN, "mentions", tea)
    await acts.remove(store, ANN, CIM, room=tea)
    muted = store.directory.muted
    assert await muted([room, cake, tea, conversation_id(9)]) == {tea: [BOB], cake: [ANN], room: [DAN]}
    for condition, numbers_found in (
        (q.Has("muted", (BOB, DAN)), [1]),
        (q.Includes("muted", ANN), [2]),
        (q.Includes("muted", CIM), []),
        (q.Exists("muted"), [1, 2]),
        (q.Missing("muted"), []),
        (q.Not(q.Has("muted", (BOB,))), [2]),
    ):
        assert await found(store, ANN, FindConversations(condition, sort=(SortKey("id"),))) == numbers_found, condition


async def test_as_many_who_want_no_alerts_are_told_of_as_there_is_room(
    store: AnyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "MUTED_AT_ONCE", 3)
    monkeypatch.setattr(memory_directory, "MUTED_AT_ONCE", 3)
    rooms = [await make(store, number, ANN, BOB) for number in range(3)]
    for room in rooms:
        for user in (ANN, BOB):
            await acts.set_level(store, user, "none", room)
    assert await store.directory.muted(rooms) == {rooms[0]: [ANN, BOB]}
    assert await store.directory.muted(rooms[2:]) == {rooms[2]: [ANN, BOB]}
    assert await store.directory.muted([]) == {}


async def test_lists_are_found_by_how_long_they_are(store: AnyStore) -> None:
    lists: tuple[list[Json], ...] = ([], ["a"], ["a", None], [{"a": 1}, 2, ["b", "c"]])
    for number, tags in enumerate(lists):
        await make(store, number, ANN, attributes={"in": {"tags": tags}, "tags": {}})
    for count in range(5):
        asked = FindConversations(q.Size("attr.in.tags", count))
        assert await found(store, ANN, asked) == [number for number, tags in enumerate(lists) if len(tags) == count]
    assert await found(store, ANN, FindConversations(q.Size("attr.tags", 0))) == []
    by_list = FindConversations(sort=(SortKey("attr.in.tags"),))
    assert await found(store, ANN, by_list) == [0, 1, 2, 3], "a list has no value to sort by"


async def test_the_edges_of_lines_are_found_where_a_pattern_says_so(store: AnyStore) -> None:
    await make(store, 1, ANN, name="one\ntwo\nthree")
    for pattern, is_found in (
        ("^two$", False),
        ("(?m)^two$", True),
        ("(?m)^t", True),
        ("(?m)one.two", False),
        ("(?m)one[^x]two", True),
        ("(?m)wo$\n^th", True),
        ("(?m)^wo", False),
    ):
        assert await found(store, ANN, FindConversations(q.Matches("name", pattern))) == [1] * is_found, pattern
