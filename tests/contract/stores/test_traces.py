"""What one user left behind, read piece by piece."""

from collections.abc import Sequence

import pytest

from tests.contract.stores.acts import (
    ANN,
    BOB,
    CIM,
    ROOM,
    AnyStore,
    conversation_id,
    create,
    edit,
    quit_,
    react,
    recall,
    restrict,
    send,
    set_member,
)
from unisono.domain.facts import Content
from unisono.domain.ids import NO_SEQ, ConversationId, Seq, UserId
from unisono.ports.traces import Left, Place
from unisono.stores.memory import traces as memory_traces
from unisono.stores.sql import traces as sql_traces


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let reads end after few facts, so that several are needed."""
    monkeypatch.setattr(sql_traces, "LOOKED_AT", 5)
    monkeypatch.setattr(sql_traces, "GIVEN", 3)
    monkeypatch.setattr(memory_traces, "LOOKED_AT", 4)


async def all_left(store: AnyStore, user: UserId, room: ConversationId = ROOM) -> list[Left]:
    parts, after, is_complete = [], NO_SEQ, False
    while not is_complete:
        parts.append(await store.traces.left_in(room, user, after))
        assert parts[-1].is_complete or parts[-1].until > after
        after, is_complete = parts[-1].until, parts[-1].is_complete
    return parts


async def places(store: AnyStore, user: UserId) -> Sequence[Place]:
    return await store.traces.places(user, None, 100)


async def test_own_messages_are_given_as_they_are_now(store: AnyStore) -> None:
    await create(store, ANN, BOB)
    for number in range(12):
        await send(store, ANN if number % 3 else BOB, f"{number}")
    await edit(store, ANN, 3, "edited")
    await recall(store, ANN, 4)
    parts = await all_left(store, ANN)
    found = [entry for part in parts for entry in part.messages]
    assert len(parts) > 1
    assert [entry.seq for entry in found] == [3, 4, 6, 7, 9, 10, 12, 13]
    assert found[0].message.content.text == "edited"
    assert (found[1].message.is_recalled, found[1].message.content) == (True, Content())
    assert {entry.message.sender for entry in found} == {ANN}


async def test_own_reactions_and_descriptions_are_found(store: AnyStore) -> None:
    await create(store, ANN, BOB)
    for number in range(7):
        await send(store, BOB, f"{number}")
    for seq, reaction in ((2, "b"), (2, "a"), (8, "a")):
        await react(store, ANN, seq, reaction)
    await react(store, BOB, 3, "a")
    await set_member(store, ANN, ANN, attributes={"nick": "Annie"})
    await set_member(store, BOB, BOB, attributes={"nick": "Bobby"})
    await set_member(store, ANN, BOB, role="manager")
    parts = await all_left(store, ANN)
    assert [(each.seq, each.reaction) for part in parts for each in part.reactions] == [(2, "a"), (2, "b"), (8, "a")]
    assert [seq for part in parts for seq in part.described] == [13]


async def test_every_conversation_that_knows_a_user_is_listed_a_page_at_a_time(store: AnyStore) -> None:
    rooms = [conversation_id(number) for number in range(1, 6)]
    for room in rooms:
        await create(store, BOB, ANN, CIM, room=room)
    await quit_(store, ANN, rooms[1])
    await create(store, BOB, CIM)
    await restrict(store, BOB, ANN, what="blocked")
    first = await store.traces.places(ANN, None, 4)
    rest = await store.traces.places(ANN, first[-1].conversation.id, 4)
    assert [place.conversation.id for place in (*first, *rest)] == sorted([ROOM, *rooms])
    by_id = {place.conversation.id: place.membership for place in (*first, *rest)}
    assert [by_id[room].is_member for room in rooms] == [True, False, True, True, True]
    assert (by_id[ROOM].was_member, by_id[ROOM].blocked_until is None) == (False, False)
    assert await places(store, UserId("nobody")) == []


async def test_a_conversation_that_was_left_is_told_as_it_is_now(store: AnyStore) -> None:
    await create(store, BOB, ANN, CIM)
    await quit_(store, ANN)
    await send(store, BOB, "later")
    (place,) = await places(store, ANN)
    assert (place.membership.until, place.conversation.head.seq) == (Seq(2), Seq(3))


async def test_of_what_does_not_exist_nothing_is_left(store: AnyStore) -> None:
    assert await store.traces.left_in(ROOM, ANN, NO_SEQ) == Left((), (), (), NO_SEQ, is_complete=True)
