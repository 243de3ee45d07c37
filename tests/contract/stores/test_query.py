"""The conversation query: all stores find the same, and only what the asker may see."""

import asyncio
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.contract.stores import acts, talks
from tests.contract.stores.acts import ANN, BOB, CIM, DAN, ROOM, AnyStore, conversation_id
from tests.contract.stores.conftest import Home
from tests.contract.stores.talks import found, make
from tests.support.time_and_chance import NOON, ManualClock
from unisono.domain import query as q
from unisono.domain.commands import FindConversations
from unisono.domain.errors import Invalid, UnisonoError
from unisono.domain.ids import ConversationId, UserId
from unisono.domain.query import Condition, SortKey
from unisono.ports import directory
from unisono.ports.directory import MyConversation
from unisono.stores.memory import MemoryStore
from unisono.stores.sql import StoreOptions, finding, open_store

EVE = UserId("eve")
PATHS = ("colour", "size", "vip", "tags", "place", "place.city", "place.zip", "place.city.part", "none")
ATTRIBUTE_FIELDS = tuple(f"attr.{path}" for path in PATHS)
fields = st.sampled_from([*q.FIELDS, *ATTRIBUTE_FIELDS, *ATTRIBUTE_FIELDS])
PLAIN = ("tea", "Tea", "t", "a", "e", "é_%\\", "%", "_", "\\", "聊", "室", "red", "R", "h", "3", "\n", "group", "ann")
ODD = ("\U0010ffff", "\U0010ffff\U0010ffff", "a\U0010ffff", "\ud7ff", "Köln", conversation_id(3), "0" * 23)
texts = st.sampled_from(PLAIN + ODD)
numbers = st.sampled_from([-1, 0, 1, 2, 2.5, 3, 3.0, 11, 50667, 50667.5, 2**53 - 1, NOON + 3000, NOON + 20_000.5])
values = st.one_of(texts, numbers, st.booleans(), st.just(""))
users = st.lists(st.sampled_from([ANN, BOB, CIM, DAN, EVE]), min_size=1, max_size=3).map(tuple)
SEARCHED = (
    "^t",
    "a$",
    "T",
    "[一-龥]+",
    "^.{3}$",
    "a.b",
    "\\s",
    "(re|te)[^a]",
    "r?e",
    "^$",
    "\\d+",
    "x*",
    "[^a-z]",
    "(?m)^b",
    "(?m)a$",
    "(?m)^.$",
)
STRANGE = ("é", "(?:a|$)", "\\\\", "%|_", "(^)*t", "(^|e)a{1,2}?", "[\\]^-]", "()")
patterns = st.sampled_from(SEARCHED + STRANGE)
simple = st.one_of(
    *(
        st.builds(condition, fields, values)
        for condition in (q.Equal, q.NotEqual, q.Less, q.LessOrEqual, q.Greater, q.GreaterOrEqual, q.Includes)
    ),
    *(st.builds(condition, fields, texts) for condition in (q.Contains, q.StartsWith, q.EndsWith)),
    st.builds(q.Matches, fields, patterns, st.booleans()),
    *(
        st.builds(condition, fields, st.lists(values, min_size=1, max_size=3).map(tuple))
        for condition in (q.OneOf, q.Has)
    ),
    st.builds(q.Exists, fields),
    st.builds(q.Missing, fields),
    st.builds(q.Size, st.sampled_from(ATTRIBUTE_FIELDS), st.integers(0, 4)),
    st.builds(q.WithMembers, users),
    st.builds(q.ContainsMembers, users),
    st.builds(q.OneOf, st.just("id"), st.lists(st.integers(0, 210).map(conversation_id), min_size=1).map(tuple)),
)
conditions: st.SearchStrategy[Condition] = st.recursive(
    simple,
    lambda inner: st.one_of(
        st.builds(q.AllOf, st.lists(inner, min_size=1, max_size=3).map(tuple)),
        st.builds(q.AnyOf, st.lists(inner, min_size=1, max_size=3).map(tuple)),
        st.builds(q.Not, inner),
    ),
    max_leaves=4,
)
keys = st.builds(SortKey, fields.filter(lambda field: field not in {"members", "muted"}), st.booleans())
queries = st.builds(
    FindConversations,
    st.none() | conditions,
    st.lists(keys, max_size=3).map(tuple),
    st.integers(1, 60),
    st.integers(0, 4),
)


class Pair:
    """A store and the fake, filled alike."""

    def __init__(self, options: StoreOptions) -> None:
        self.runner = asyncio.Runner()
        self.real = self.runner.run(self._open(options))
        self.fake = self.runner.run(self._open(None))

    async def _open(self, options: StoreOptions | None) -> AnyStore:
        clock = ManualClock()
        store: AnyStore = MemoryStore(clock) if options is None else await open_store(options, clock)
        await talks.fill(store, clock)
        return store

    def find(self, user: UserId | None, asked: FindConversations, *, finds_open: bool) -> tuple[object, object]:
        both = (self.real, self.fake)
        real, fake = (self.runner.run(outcome(store, user, asked, finds_open=finds_open)) for store in both)
        return real, fake


async def outcome(store: AnyStore, user: UserId | None, asked: FindConversations, *, finds_open: bool) -> object:
    """Give what is found and shown, or the kind of fault."""
    try:
        q.check(asked.where, asked.sort)
    except UnisonoError as fault:
        return fault.code
    rooms = await store.directory.query(user, asked, finds_open=finds_open)
    if user is None:
        return rooms, await store.directory.muted(rooms)
    return await store.directory.some(user, rooms, with_members=not asked.compact, with_last=asked.with_last)


@pytest.fixture(params=["sqlite", "postgres"])
def pair(request: pytest.FixtureRequest) -> Iterator[Pair]:
    with tempfile.TemporaryDirectory() as folder:
        url = request.getfixturevalue("emptied_dsn") if request.param == "postgres" else None
        one = Pair(StoreOptions(app="test", url=url, data_dir=Path(folder), readers=1))
        yield one
        one.runner.run(one.real.close())
        one.runner.close()


@settings(
    max_examples=300,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(user=st.sampled_from([ANN, BOB, EVE, None]), asked=queries, finds_open=st.booleans())
def test_all_stores_find_the_same(
    pair: Pair, user: UserId | None, asked: FindConversations, *, finds_open: bool
) -> None:
    real, fake = pair.find(user, asked, finds_open=finds_open)
    assert real == fake


async def test_a_query_finds_my_conversations_the_newest_message_first(store: AnyStore, clock: ManualClock) -> None:
    for number, member in enumerate((ANN, BOB, ANN, ANN)):
        clock.advance(1)
        await make(store, number, member, CIM)
    for number in (2, 0):
        clock.advance(1)
        await acts.send(store, CIM, "k", room=conversation_id(number))
    assert await found(store, ANN, FindConversations()) == [0, 2, 3]
    assert await found(store, ANN, FindConversations(limit=1)) == [0, 2], "one more, where there is one"
    assert await found(store, ANN, FindConversations(skip=1)) == [2, 3]
    assert await found(store, CIM, FindConversations(skip=4)) == []


@pytest.mark.rows("L206")
async def test_members_are_those_of_now(store: AnyStore) -> None:
    await make(store, 1, ANN, BOB)
    await make(store, 2, ANN, BOB, CIM)
    await make(store, 3, ANN, CIM)
    both = FindConversations(q.WithMembers((ANN, BOB)), sort=(SortKey("id"),))
    either = FindConversations(q.ContainsMembers((BOB, CIM)), sort=(SortKey("id"),))
    assert (await found(store, ANN, both), await found(store, ANN, either)) == ([1, 2], [1, 2, 3])
    await acts.remove(store, ANN, BOB, room=conversation_id(2))
    assert await found(store, ANN, both) == [1]
    assert await found(store, BOB, both) == [1]


async def test_what_is_not_mine_is_not_found(store: AnyStore) -> None:
    await make(store, 1, ANN, BOB, name="secret", attributes={"a": 1})
    await acts.quit_(store, BOB, room=conversation_id(1))
    for user in (BOB, DAN):
        for where in (None, q.Equal("name", "secret"), q.Equal("attr.a", 1), q.Equal("id", conversation_id(1))):
            assert await found(store, user, FindConversations(where)) == []


async def test_rooms_are_found_by_all_and_open_ones_by_their_id(store: AnyStore) -> None:
    room = await make(store, 1, ANN, name="room", of="room")
    open_one = await make(store, 2, ANN, BOB, name="open", joining="open")
    assert await found(store, DAN, FindConversations()) == [1]
    assert await found(store, DAN, FindConversations(q.Equal("name", "open"))) == []
    assert await found(store, DAN, FindConversations(q.OneOf("id", (room, open_one)), sort=(SortKey("id"),))) == [1, 2]
    shown = await store.directory.some(DAN, [open_one, room], with_members=True, with_last=True)
    assert [(one.conversation.id, one.members, one.last) for one in shown] == [(open_one, (), None), (room, (), None)]


async def test_open_ones_are_found_by_all_where_that_is_wanted(store: AnyStore) -> None:
    await make(store, 1, ANN, name="room", of="room")
    await make(store, 2, ANN, BOB, name="open", joining="open", attributes={"topic": "tea"})
    await make(store, 3, ANN, BOB, name="closed", attributes={"topic": "tea"})
    fleeting = await make(store, 4, ANN, BOB, name="fleeting", of="temporary", joining="open")
    wheres: tuple[tuple[q.Condition | None, list[int]], ...] = (
        (None, [1, 2]),
        (q.Equal("name", "open"), [2]),
        (q.Equal("attr.topic", "tea"), [2]),
        (q.Equal("name", "closed"), []),
        (q.Equal("id", fleeting), [4]),
        (q.AllOf((q.Equal("attr.topic", "tea"), q.ContainsMembers((ANN,)))), []),
        (q.AllOf((q.Equal("attr.topic", "tea"), q.Exists("muted"))), []),
    )
    for where, numbers_found in wheres:
        asked = FindConversations(where, sort=(SortKey("id"),))
        rooms = await store.directory.query(DAN, asked, finds_open=True)
        assert [int(room, 16) for room in rooms] == numbers_found, where
    mine = await store.directory.query(ANN, FindConversations(q.Equal("attr.topic", "tea")), finds_open=True)
    assert sorted(int(room, 16) for room in mine) == [2, 3]


async def test_the_operator_finds_all(store: AnyStore) -> None:
    await make(store, 1, ANN, BOB, name="tea")
    await make(store, 2, ANN, name="room", of="room")
    await make(store, 3, CIM, joining="open")
    for where, numbers_found in (
        (None, [1, 2, 3]),
        (q.ContainsMembers((BOB, CIM)), [1, 3]),
        (q.Not(q.Exists("members")), [2]),
        (q.Equal("name", "tea"), [1]),
    ):
        found = await store.directory.query(None, FindConversations(where, sort=(SortKey("id"),)))
        assert found == [conversation_id(number) for number in numbers_found], where


async def test_who_is_in_an_open_conversation_is_its_members_business(store: AnyStore) -> None:
    """With conditions on members a stranger could ask for one name after the other."""
    open_one = await make(store, 1, ANN, BOB, joining="open")
    named = q.Equal("id", open_one)
    for condition in (
        q.ContainsMembers((BOB,)),
        q.WithMembers((BOB,)),
        q.Includes("members", BOB),
        q.Exists("members"),
    ):
        assert await found(store, BOB, FindConversations(q.AllOf((named, condition)))) == [1]
        assert await found(store, DAN, FindConversations(q.AllOf((named, condition)))) == []


async def test_what_does_not_hold_tells_no_stranger_who_is_in_an_open_conversation(store: AnyStore) -> None:
    open_one = await make(store, 1, ANN, BOB, joining="open")
    named = q.Equal("id", open_one)
    for members in (q.ContainsMembers((BOB,)), q.WithMembers((BOB,)), q.Has("members", (BOB,)), q.Exists("members")):
        assert await found(store, ANN, FindConversations(q.AllOf((named, q.Not(members))))) == []
        assert await found(store, DAN, FindConversations(q.AllOf((named, q.Not(members))))) == [1]


async def test_what_is_said_of_no_name_does_not_hold(store: AnyStore) -> None:
    """In SQL it is neither true nor false, and so would be what is said against it."""
    await make(store, 1, ANN, name=None)
    await make(store, 2, ANN, name="tea")
    for condition in (q.Contains("name", "z"), q.Less("name", "a"), q.Has("name", ("z",)), q.Matches("name", "z")):
        either = q.Not(q.AnyOf((condition, q.AllOf((condition, q.Exists("id"))))))
        assert await found(store, ANN, FindConversations(either, sort=(SortKey("id"),))) == [1, 2], condition


async def test_a_conversation_of_exactly_these_members_is_told_from_others_of_them(store: AnyStore) -> None:
    await make(store, 1, ANN, BOB, of="direct")
    await make(store, 2, ANN, BOB)
    unique = q.Equal("unique", value=True)
    assert await found(store, ANN, FindConversations(unique)) == [1]
    assert await found(store, ANN, FindConversations(q.Not(unique))) == [2]
    assert await found(store, ANN, FindConversations(sort=(SortKey("unique"),))) == [2, 1]


async def test_the_newest_message_and_the_members_are_shown_where_asked_for(store: AnyStore) -> None:
    one, other = await make(store, 1, ANN, BOB), await make(store, 2, ANN)
    await acts.send(store, ANN, "k1", "old", room=one)
    await acts.send(store, BOB, "k2", "new", room=one)
    shown = await store.directory.some(ANN, [other, conversation_id(9), one], with_members=True, with_last=True)
    assert [mine.conversation.id for mine in shown] == [other, one]
    assert [mine.members for mine in shown] == [(ANN,), (ANN, BOB)]
    assert shown[0].last is None
    assert shown[1].last is not None
    assert (shown[1].last.seq, shown[1].last.message.content.text) == (3, "new")
    spare = await store.directory.some(ANN, [one], with_members=False, with_last=False)
    assert (spare[0].members, spare[0].last, spare[0].conversation.head.said_at) == ((), None, NOON)


async def test_members_of_many_are_given_a_few_conversations_at_a_time(
    store: AnyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A query used to load all memberships of twenty groups, with the attributes of each: 316 MB for groups of 500."""
    monkeypatch.setattr(directory, "MEMBERS_AT_ONCE", 3)
    sizes = ((ANN, BOB), (ANN,), (ANN, BOB, CIM, DAN), (ANN, BOB), (ANN, CIM))
    made = [await make(store, number, *members) for number, members in enumerate(sizes)]

    async def counts(rooms: list[ConversationId]) -> list[int]:
        return [len(mine.members) for mine in await some(rooms, with_members=True)]

    async def some(rooms: list[ConversationId], *, with_members: bool) -> Sequence[MyConversation]:
        return await store.directory.some(ANN, rooms, with_members=with_members, with_last=False)

    assert await counts(made) == [2, 1]
    assert await counts(made[2:]) == [4], "one alone has more, and is given all the same"
    assert await counts(made[3:]) == [2]
    assert await counts(made[4:]) == [2]
    assert len(await some(made, with_members=False)) == len(made)
    stranger = await store.directory.some(DAN, [made[0], made[2]], with_members=True, with_last=False)
    assert [mine.members for mine in stranger] == [(ANN, BOB, CIM, DAN)], "others' conversations take no room"


async def test_subscribers_of_a_service_know_themselves_alone(store: AnyStore) -> None:
    await acts.found(store)
    for user in (BOB, CIM):
        await acts.join(store, user)
    mine, others = q.ContainsMembers((BOB,)), q.ContainsMembers((CIM,))
    assert (await found(store, BOB, FindConversations(mine)), await found(store, BOB, FindConversations(others))) == (
        [0],
        [],
    )
    assert await found(store, DAN, FindConversations()) == []
    (shown,) = await store.directory.some(BOB, [ROOM], with_members=True, with_last=True)
    assert shown.members == ()


async def test_attributes_are_found_as_they_are_now(store: AnyStore) -> None:
    room = await make(store, 1, ANN, attributes={"colour": "red", "place": {"city": "Köln", "zip": 1}})
    await acts.update(store, ANN, room=room, set={"attr.place.zip": 2}, unset=("attr.colour",))
    for where, numbers_found in (
        (q.Equal("attr.colour", "red"), []),
        (q.Missing("attr.colour"), [1]),
        (q.Equal("attr.place.zip", 1), []),
        (q.Equal("attr.place.zip", 2), [1]),
        (q.Equal("attr.place.city", "Köln"), [1]),
    ):
        assert await found(store, ANN, FindConversations(where)) == numbers_found, where


async def test_the_longest_values_at_the_longest_path_are_kept(store: AnyStore) -> None:
    """An index of PostgreSQL holds 2,704 bytes a row, and letters may take four each."""
    wide = "".join(chr(0x20000 + number * 7_919 % 40_000) for number in range(q.TEXT_FOUND_MAX_CHARS + 100))
    path = "\U0001f642" * q.FIELD_MAX_CHARS
    await make(store, 1, ANN, attributes={path: wide})
    field = f"attr.{path}"
    assert await found(store, ANN, FindConversations(q.Exists(field))) == [1]
    assert await found(store, ANN, FindConversations(q.StartsWith(field, wide[: q.TEXT_MAX_CHARS]))) == [1]
    assert await found(store, ANN, FindConversations(q.EndsWith(field, wide[-5:]))) == []


async def test_a_query_that_takes_too_long_is_given_up(durable: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    store = await durable.open()
    await talks.fill(store, ManualClock())
    monkeypatch.setattr(finding, "QUERY_MAX_MS", 1)
    slow = q.AnyOf((q.Matches("attr.colour", "(a?){50}b"),) * 29)
    with pytest.raises(Invalid, match="too long"):
        await store.directory.query(ANN, FindConversations(slow))
    monkeypatch.setattr(finding, "QUERY_MAX_MS", 10_000)
    assert await found(store, EVE, FindConversations(q.AllOf((slow, q.Equal("name", "x"))))) == []
