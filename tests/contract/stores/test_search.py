"""Search: all stores find the same messages, as they are now, and only where the asker may read."""

import asyncio
from collections.abc import Sequence
from random import Random
from typing import Any, NamedTuple, cast

import pytest

from tests.contract.stores import acts
from tests.contract.stores.acts import ANN, BOB, CIM, DAN, ROOM, AnyStore, conversation_id, create, edit, recall, send
from tests.contract.stores.conftest import Home
from tests.support.time_and_chance import ManualClock
from unisono.domain.answers import FoundMessage
from unisono.domain.errors import UnisonoError
from unisono.domain.ids import ConversationId, NodeId, UserId
from unisono.domain.words import asked_words
from unisono.ports.search import Spot
from unisono.stores.memory import MemoryStore
from unisono.stores.sql import indexing
from unisono.stores.sql import search as sql_search
from unisono.stores.sql import words as sql_words

NODE = NodeId(1)
WORDS = ("tea", "Tee", "thé", "コーヒー", "茶", "紅茶", "wait", "42", "o'clock", "x" * 60)


async def index(store: AnyStore, limit: int = 1_000) -> int:
    """Take up all there is; give how many turns it took."""
    turns = 1
    while await store.search.index(NODE, limit):
        turns += 1
    return turns


async def found(store: AnyStore, user: UserId, text: str, **more: object) -> list[str]:
    """Give the texts that are found."""
    return [message.message.content.text or "" for message in await find(store, user, text, **more)]


async def find(store: AnyStore, user: UserId, text: str, **more: object) -> Sequence[FoundMessage]:
    return await store.search.find(user, asked_words(text), **{"limit": 20, **more})  # type: ignore[arg-type]


async def test_messages_with_all_the_words_are_found_the_newest_first(store: AnyStore, clock: ManualClock) -> None:
    other = conversation_id(1)
    await create(store, ANN, BOB)
    await create(store, ANN, CIM, room=other)
    for number, (room, text) in enumerate(
        [
            (ROOM, "Green tea!"),
            (other, "black tea, no milk"),
            (ROOM, "teatime"),
            (ROOM, "tea or milk? Milk."),
            (other, ""),
        ]
    ):
        clock.advance(1)
        await send(store, ANN, f"k{number}", text, room=room)
    assert await found(store, ANN, "tea") == [], "not before it was indexed"
    await index(store)
    assert await found(store, ANN, "TEA") == ["tea or milk? Milk.", "black tea, no milk", "Green tea!"]
    assert await found(store, ANN, "milk tea") == ["tea or milk? Milk.", "black tea, no milk"]
    assert await found(store, ANN, "tea", conversation=other) == ["black tea, no milk"]
    assert await found(store, ANN, "coffee tea") == []
    (newest,) = await find(store, ANN, "tea", limit=1)
    assert (newest.conversation, newest.seq, newest.at) == (ROOM, 4, clock.now() - 1000)


async def test_only_members_find_what_was_said(store: AnyStore) -> None:
    await create(store, ANN, BOB)
    await send(store, ANN, "k1", "secret tea")
    await index(store)
    assert await found(store, DAN, "tea") == await found(store, DAN, "tea", conversation=ROOM) == []
    await acts.restrict(store, ANN, DAN, what="silenced")
    assert await found(store, DAN, "tea") == [], "known there, but no member"
    await acts.add(store, ANN, CIM)
    assert await found(store, CIM, "tea") == ["secret tea"], "who joins may read what was before"


async def test_who_left_finds_what_was_there_when_they_left(store: AnyStore) -> None:
    """A message that was edited since looks recalled to them, so neither its old nor its new words find it."""
    await create(store, ANN, BOB)
    for number in range(6):
        await send(store, ANN, f"k{number}", f"tea {number}")
    await edit(store, ANN, 2, "coffee instead of tea")
    await acts.remove(store, ANN, BOB)
    await send(store, ANN, "k9", "tea without Bob")
    await index(store)
    for seq in (5, 6, 7):
        await edit(store, ANN, seq, "tea for Ann alone")
    seen = ["tea 2", "tea 1", "coffee instead of tea"]
    assert await found(store, BOB, "tea") == await found(store, BOB, "tea", conversation=ROOM) == seen
    assert [await found(store, BOB, "tea", limit=limit) for limit in (1, 2)] == [seen[:1], seen[:2]]
    (newest,) = await find(store, BOB, "tea", limit=1)
    assert await found(store, BOB, "tea", below=spot_of(newest)) == seen[1:]
    assert (await found(store, BOB, "alone"), await found(store, BOB, "without")) == ([], [])
    assert len(await found(store, ANN, "tea")) == 7
    await acts.add(store, ANN, BOB)
    assert len(await found(store, BOB, "tea")) == 7, "who comes back may read all"


async def test_an_edited_message_is_found_by_its_new_words_and_a_recalled_one_by_none(store: AnyStore) -> None:
    await create(store, ANN, BOB)
    for key in ("k1", "k2", "k3"):
        await send(store, ANN, key, "green tea")
    await edit(store, ANN, 2, "early coffee")
    await index(store)
    assert await found(store, BOB, "coffee") == ["early coffee"], "edited before it was indexed"
    await edit(store, ANN, 3, "black coffee")
    assert await found(store, BOB, "coffee") == ["black coffee", "early coffee"], "and after: at once"
    assert await found(store, BOB, "tea") == ["green tea"]
    await recall(store, ANN, 2)
    await recall(store, ANN, 4)
    assert (await found(store, BOB, "tea"), await found(store, BOB, "early")) == ([], [])
    await edit(store, ANN, 3, "tea again")
    assert (await found(store, BOB, "coffee"), await found(store, BOB, "tea")) == ([], ["tea again"])
    await index(store)
    assert await found(store, BOB, "tea") == ["tea again"]


async def test_pages_follow_each_other_without_a_gap(store: AnyStore, clock: ManualClock) -> None:
    """Many messages have the same time, in several conversations."""
    rooms = [conversation_id(number) for number in range(3)]
    for room in rooms:
        await create(store, ANN, BOB, room=room)
    for number in range(30):
        if number % 7 == 0:
            clock.advance(1)
        await send(store, ANN, f"k{number}", f"tea {number}", room=rooms[number * 5 % 3])
    await index(store)
    everything = await find(store, ANN, "tea", limit=100)
    assert len(everything) == 30
    assert [spot_of(one) for one in everything] == sorted(map(spot_of, everything), reverse=True)
    for limit in (1, 4, 29, 30):
        paged: list[FoundMessage] = []
        while page := await find(store, ANN, "tea", limit=limit, below=spot_of(paged[-1]) if paged else None):
            paged += page
        assert paged == everything


def spot_of(message: FoundMessage) -> Spot:
    return Spot(message.at, message.conversation, message.seq)


async def test_words_are_those_of_all_scripts(store: AnyStore) -> None:
    await create(store, ANN, BOB)
    for key, text in (("k1", "今天下雨了"), ("k2", "Thé Straße"), ("k3", "コーヒー 一杯"), ("k4", "it's 5 o'clock")):
        await send(store, ANN, key, text)
    await index(store)
    for asked, expected in (
        ("下雨", ["今天下雨了"]),
        ("雨", ["今天下雨了"]),
        ("雨下", []),
        ("the STRASSE", ["Thé Straße"]),
        ("コーヒー", ["コーヒー 一杯"]),
        ("o'clock", ["it's 5 o'clock"]),
        ("AND OR NOT", []),
    ):
        assert await found(store, BOB, asked) == expected, asked


async def test_the_index_is_built_in_turns_and_goes_on_where_it_was(home: Home) -> None:
    store = await home.open()
    rooms = [conversation_id(number) for number in range(3)]
    for room in rooms:
        await create(store, ANN, BOB, room=room)
        for number in range(5):
            await send(store, ANN, f"k{number}", "tea", room=room)
    assert await store.search.index(NODE, 4)
    assert len(await find(store, ANN, "tea")) == 4
    if not isinstance(store, MemoryStore):
        await home.close(store)
        store = await home.open()
    assert await index(store, 4) <= 5
    assert len(await find(store, ANN, "tea")) == 15
    assert await index(store) == 1
    await send(store, ANN, "k9", "more tea", room=rooms[1])
    await index(store)
    assert len(await find(store, ANN, "tea")) == 16


async def test_more_streams_than_a_turn_takes_are_indexed(durable: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sql_search, "STREAMS_PER_TURN", 3)
    store = await durable.open()
    for number in range(10):
        await create(store, ANN, BOB, room=conversation_id(number))
        await send(store, ANN, "k", f"tea {number}", room=conversation_id(number))
    assert await index(store) > 3
    assert len(await find(store, ANN, "tea")) == 10


@pytest.mark.parametrize(("bound", "size"), [("WORDS_PER_TURN", 10), ("BYTES_PER_TURN", 200)])
async def test_a_turn_takes_so_many_words_and_a_large_message_has_its_own(
    durable: Home, monkeypatch: pytest.MonkeyPatch, bound: str, size: int
) -> None:
    """While words are noted nobody says anything in their conversations, on no node."""
    monkeypatch.setattr(indexing, bound, size)
    store = await durable.open()
    await create(store, ANN, BOB)
    for number in range(6):
        await send(store, ANN, f"k{number}", "tea " + " ".join(f"{number}{word}" for word in range(3)))
    await send(store, ANN, "large", "tea " + " ".join(f"large{word}" for word in range(100)))
    assert 4 <= await index(store) <= 8
    assert len(await find(store, ANN, "tea")) == 7


async def test_one_node_has_the_work_as_long_as_it_has_its_lease(store: AnyStore, clock: ManualClock) -> None:
    one, two = [await store.sessions.take_lease(name, 10) for name in ("one", "two")]
    await create(store, ANN, BOB)
    await send(store, ANN, "k1", "tea")
    while await store.search.index(one, 100):
        pass
    await send(store, ANN, "k2", "more tea")
    assert not await store.search.index(two, 100)
    assert await found(store, ANN, "tea") == ["tea"]
    clock.advance(9)
    await store.sessions.keep_lease(two, 10)
    clock.advance(2)
    while await store.search.index(two, 100):
        pass
    assert await found(store, ANN, "tea") == ["more tea", "tea"]
    await send(store, ANN, "k3", "still more tea")
    assert not await store.search.index(one, 100)
    assert len(await find(store, ANN, "tea")) == 2


async def test_what_changes_between_the_look_and_the_note_is_noted_as_it_is(
    durable: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, loop = await durable.open(), asyncio.get_running_loop()
    await create(store, ANN, BOB)
    for key in ("k1", "k2", "k3"):
        await send(store, ANN, key, "green tea")

    async def change() -> None:
        await edit(store, ANN, 3, "coffee")
        await recall(store, ANN, 4)
        await send(store, ANN, "k4", "black tea")

    class Overtaken(indexing.Turn):
        def read(self, *asked: Any, **more: Any) -> None:
            super().read(*asked, **more)
            asyncio.run_coroutine_threadsafe(change(), loop).result(10)

    with monkeypatch.context() as overtaken:
        overtaken.setattr(sql_search, "Turn", Overtaken)
        assert await store.search.index(NODE, 100)
    await index(store)
    assert await found(store, BOB, "tea") == ["black tea", "green tea"]
    assert await found(store, BOB, "green") == ["green tea"]
    assert await found(store, BOB, "coffee") == ["coffee"]
    await recall(store, ANN, 3)
    assert await found(store, BOB, "coffee") == []


async def test_what_was_dropped_is_cleared_away_in_short_steps(
    store: AnyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is said meanwhile is found, too, and when nothing was dropped since there is nothing to do."""
    monkeypatch.setattr(sql_words, "PAGES_PER_STEP", 1)
    chance = Random(1)
    await create(store, ANN, BOB)
    for part in range(10):
        for number in range(20):
            said = " ".join(str(chance.randrange(10**9)) for _ in range(60))
            await send(store, ANN, f"k{part}-{number}", f"tea {said}")
        await index(store)
    for seq in range(2, 100):
        await recall(store, ANN, seq)
    steps = 0
    while await store.search.compact():
        steps += 1
        if steps == 3:
            await send(store, ANN, "late", "late tea")
            await index(store)
    assert steps > 10 or not is_kept_in_a_file(store)
    assert len(await find(store, ANN, "tea", limit=200)) == 200 - 98 + (steps >= 3)
    assert not await store.search.compact()


def is_kept_in_a_file(store: AnyStore) -> bool:
    index: Any = None if isinstance(store, MemoryStore) else cast(Any, store.search)._words
    return isinstance(index, sql_words.SqliteWords)


async def test_all_stores_find_the_same_after_a_random_life(durable: Home) -> None:
    chance = Random(7)
    real, fake = await durable.open(), MemoryStore(durable.clock)
    rooms = [conversation_id(number) for number in range(4)]
    users = (ANN, BOB, CIM)
    for store in (real, fake):
        for room, members in zip(rooms, ((ANN, BOB), (BOB, CIM), (ANN, BOB, CIM), (ANN, DAN)), strict=True):
            await create(store, *members, room=room)
    for step in range(300):
        durable.clock.advance(chance.choice((0, 0, 1)))
        act = Act(
            chance.choice(("send", "send", "send", "edit", "recall", "index", "add", "remove")),
            chance.choice(rooms),
            chance.choice(users),
            key=f"k{step}",
            text=" ".join(chance.choices(WORDS, k=chance.randint(0, 4))),
            seq=chance.randint(1, 40),
        )
        outcomes = [await outcome(store, act) for store in (real, fake)]
        assert outcomes[0] == outcomes[1], (step, act)
        if step % 10 == 0:
            for store in (real, fake):
                await index(store)
            await compare(real, fake, users, chance)


class Act(NamedTuple):
    what: str
    room: ConversationId
    user: UserId
    key: str
    text: str
    seq: int


async def outcome(store: AnyStore, act: Act) -> str | None:
    room, user = act.room, act.user
    try:
        match act.what:
            case "send":
                await send(store, user, act.key, act.text or "none", room=room)
            case "edit":
                await edit(store, user, act.seq, act.text or "none", room=room)
            case "recall":
                await recall(store, user, act.seq, room=room)
            case "index":
                await index(store)
            case "add":
                await acts.add(store, BOB, user, room=room)
            case _:
                await acts.remove(store, ANN, user, room=room)
    except UnisonoError as fault:
        return fault.code
    return None


async def compare(real: AnyStore, fake: AnyStore, users: Sequence[UserId], chance: Random) -> None:
    for user in users:
        for word in WORDS:
            asked = word if chance.random() < 0.7 else f"{word} {chance.choice(WORDS)}"
            more = {"limit": chance.randint(1, 30)}
            there = [spot_of(one) for one in await find(real, user, asked, **more)]
            here = [spot_of(one) for one in await find(fake, user, asked, **more)]
            assert [(spot.conversation, spot.seq) for spot in there] == [(spot.conversation, spot.seq) for spot in here]
