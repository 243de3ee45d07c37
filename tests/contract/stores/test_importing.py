"""What an application brings along keeps its time and its place in every store, however often it is brought."""

import asyncio
from functools import partial
from typing import get_args

from tests.contract.stores.acts import ANN, BOB, CIM, ROOM, AnyStore, conversation_id, create, send
from tests.support.time_and_chance import NOON, ManualClock
from unisono.domain.commands import Roll
from unisono.domain.conversation import Scope
from unisono.domain.facts import Content, ConversationCreated, MessagePlaced
from unisono.domain.ids import NO_SEQ, ConversationId, Instant, UserId, conversation_stream
from unisono.domain.imported_standing import ImportedStanding, Kept, take_standing
from unisono.domain.importing import ImportedConversation, ImportedMessage, TakenIn, TakenOver, take_in, take_over
from unisono.domain.quotas import Quotas
from unisono.ports.log import Committed

QUOTAS = Quotas()
BEGAN = Instant(NOON - 1_000_000)


async def bring(store: AnyStore, number: int = 0, *, name: str = "tea") -> Committed:
    """Bring a unique group of Ann and Bob, which Bob muted."""
    room = conversation_id(number)
    record = ImportedConversation(
        room, "group", ANN, BEGAN, Instant(BEGAN + 5), (ANN, BOB), (BOB,), name=name, is_unique=True
    )
    scope = Scope(room, users=(ANN, BOB), all_members=True, unique_of=("group", (ANN, BOB)))
    return await store.log.transact(scope, partial(take_over, given=record, limits=QUOTAS))


async def bring_said(store: AnyStore, *said: tuple[str, UserId, int], room: ConversationId = ROOM) -> TakenIn:
    messages = [ImportedMessage(name, Instant(BEGAN + at), sender, Content(text=name)) for name, sender, at in said]
    scope = Scope(room, users=(ANN, BOB), keys=tuple((each.sender, each.key) for each in messages))
    decide = partial(take_in, conversation=room, messages=messages, limits=QUOTAS)
    answer = (await store.log.transact(scope, decide)).answer
    assert isinstance(answer, TakenIn)
    return answer


async def test_facts_stand_at_the_times_at_which_they_happened(store: AnyStore) -> None:
    await bring(store)
    assert await bring_said(store, ("a", ANN, 10), ("b", BOB, 10), ("c", CIM, 30)) == TakenIn(3, 0)
    facts = (await store.log.read(conversation_stream(ROOM), NO_SEQ, 10)).facts
    assert [placed.at - BEGAN for placed in facts] == [0, 10, 10, 30]
    assert isinstance(facts[0].fact, ConversationCreated)
    found = await store.directory.find(ROOM, BOB)
    assert found is not None
    assert found.membership is not None
    assert (found.conversation.created_at, found.conversation.head.said_at) == (BEGAN, BEGAN + 30)
    assert (found.membership.level, found.membership.unread(found.conversation.head)) == ("none", 2)


async def test_what_is_there_is_known_however_it_is_asked_again(store: AnyStore, clock: ManualClock) -> None:
    assert (await bring(store)).answer == TakenOver("new")
    await bring_said(store, ("a", ANN, 10), ("b", BOB, 20))
    clock.advance(3600)
    again = await bring(store)
    assert (again.answer, again.facts) == (TakenOver("same"), ())
    assert await bring_said(store, ("a", ANN, 10), ("b", BOB, 20), ("c", ANN, 20)) == TakenIn(1, 2)
    facts = (await store.log.read(conversation_stream(ROOM), NO_SEQ, 10)).facts
    said = [placed.fact.content.text for placed in facts if isinstance(placed.fact, MessagePlaced)]
    assert said == ["a", "b", "c"]


async def test_many_who_bring_the_same_bring_it_once(store: AnyStore) -> None:
    brought = await asyncio.gather(*(bring(store) for _ in range(5)))
    assert [each.answer for each in brought].count(TakenOver("new")) == 1
    said = [("a", ANN, 10), ("b", BOB, 20)]
    taken = await asyncio.gather(*(bring_said(store, *said) for _ in range(5)))
    assert (sum(each.placed for each in taken), sum(each.known for each in taken)) == (2, 8)


async def test_of_two_unique_ones_of_the_same_members_the_second_is_not(store: AnyStore) -> None:
    await bring(store, 0)
    second = (await bring(store, 1)).answer
    assert isinstance(second, TakenOver)
    assert [each.code for each in second.not_taken] == ["unique_taken"]
    assert [(each.id, each.is_unique) for each in await store.directory.every(None, 10)] == [
        (conversation_id(0), True),
        (conversation_id(1), False),
    ]


async def bring_standing(store: AnyStore, *pairs: tuple[UserId, Kept]) -> Committed:
    given = [ImportedStanding(user, what) for user, what in pairs]
    users, keys = tuple(user for user, _ in pairs), tuple((each.user, each.key) for each in given)
    scope = Scope(ROOM, users=users, all_members=True, keys=keys)
    return await store.log.transact(scope, partial(take_standing, conversation=ROOM, given=given))


async def test_roles_and_restrictions_stand_before_the_messages_and_come_once(store: AnyStore) -> None:
    """Their time is that of the beginning, or messages of years would be older than they are."""
    await bring(store)
    pairs: list[tuple[UserId, Kept]] = [(BOB, "manager"), (BOB, "silenced"), (CIM, "blocked")]
    assert (await bring_standing(store, *pairs)).answer == TakenIn(3, 0)
    assert await bring_said(store, ("a", ANN, 10), ("b", BOB, 20)) == TakenIn(2, 0)
    again = await bring_standing(store, *pairs, (BOB, "blocked"))
    assert again.answer == TakenIn(1, 3)
    assert await bring_said(store, ("c", ANN, 30)) == TakenIn(1, 0)
    facts = (await store.log.read(conversation_stream(ROOM), NO_SEQ, 20)).facts
    assert [placed.at - BEGAN for placed in facts] == [0, 0, 0, 0, 10, 20, 20, 20, 30]
    listed = {
        who: [each.user for each in await store.directory.members(ROOM, who, after=None, limit=9, now=NOON)]
        for who in get_args(Roll)
    }
    assert listed == {"members": [ANN], "muted": [], "blocked": [BOB, CIM], "silenced": [BOB]}
    mine = await store.directory.find(ROOM, ANN)
    assert mine is not None
    # Their own messages and what stands between are not unread.
    assert mine.membership is not None
    assert mine.membership.unread(mine.conversation.head) == 1


async def test_nothing_is_put_before_what_was_said_here(store: AnyStore, clock: ManualClock) -> None:
    await create(store, ANN, BOB)
    await send(store, ANN, "here")
    taken = await bring_said(store, ("a", ANN, 10))
    assert [each.code for each in taken.not_taken] == ["out_of_order"]
    clock.advance(10)
    assert (await send(store, BOB, "there")).seq == 3


async def test_all_conversations_are_listed_by_id_page_by_page(store: AnyStore) -> None:
    for number in (4, 0, 3, 1, 2):
        await bring(store, number, name=f"{number}")
    listed: list[ConversationId] = []
    while page := await store.directory.every(listed[-1] if listed else None, 2):
        assert len(page) <= 2
        listed += [each.id for each in page]
        assert [each.name for each in page] == [str(int(each.id)) for each in page]
    assert listed == [conversation_id(number) for number in range(5)]
