"""Edits, recalls and reactions in a store: what was taken back is nowhere, and places stay."""

import asyncio

import pytest

from tests.contract.stores import acts
from tests.contract.stores.acts import ANN, BOB, ROOM, AnyStore, create, edit, react, recall, remove, send
from tests.support.time_and_chance import ManualClock
from unisono.domain.answers import HistoryEntry, ReactionCount, SeqFact
from unisono.domain.errors import UnisonoError
from unisono.domain.facts import Content, Fact, MessagePlaced, MessageRecalled, MessageRevised
from unisono.domain.ids import ConversationId, Instant, SendKey, Seq, UserId, conversation_stream

TALK = conversation_stream(ROOM)


async def history(store: AnyStore, reader: UserId = ANN) -> list[HistoryEntry]:
    page = await acts.history(store, reader, limit=10)
    return list(page.messages)


async def facts(store: AnyStore) -> list[Fact]:
    return [fact.fact for fact in (await store.log.read(TALK, Seq(0), 100)).facts]


async def test_an_edit_leaves_the_present_content_at_the_old_place_and_a_fact_that_tells_it(store: AnyStore) -> None:
    await create(store, ANN, BOB)
    await send(store, ANN, "k", "frist")
    await edit(store, ANN, 2, "first")
    _, message, told = await facts(store)
    assert isinstance(message, MessagePlaced)
    assert (message.content.text, message.revision, message.key) == ("first", 3, "k")
    assert told == MessageRevised(Seq(2), ANN, Content(text="first"))
    (entry,) = await history(store)
    assert (entry.seq, entry.message) == (2, message)


async def test_of_many_edits_the_last_one_alone_keeps_its_content(store: AnyStore) -> None:
    await create(store, ANN, BOB)
    await send(store, ANN, "k", "one")
    for text in ("two", "three", "four"):
        await edit(store, ANN, 2, text)
    _, message, *told = await facts(store)
    assert isinstance(message, MessagePlaced)
    assert message.content.text == "four"
    assert [fact.content.text for fact in told if isinstance(fact, MessageRevised)] == [None, None, "four"]


@pytest.mark.parametrize("edits", [0, 1, 2])
async def test_what_was_recalled_is_nowhere(store: AnyStore, edits: int) -> None:
    await create(store, ANN, BOB)
    await send(store, ANN, "k", "secret 0")
    for number in range(1, edits + 1):
        await edit(store, ANN, 2, f"secret {number}")
    await react(store, BOB, 2, "!")
    await recall(store, ANN, 2)
    found = await facts(store)
    assert not any("secret" in repr(fact) for fact in found)
    message = found[1]
    assert isinstance(message, MessagePlaced)
    assert (message.is_recalled, message.key, message.sender, message.content) == (True, "k", ANN, Content())
    assert found[-1] == MessageRecalled(Seq(2), ANN)
    (entry,) = await history(store)
    assert (entry.message.is_recalled, entry.reactions) == (True, ())


async def test_a_send_edit_and_recall_at_once_are_carried_out_in_that_order(store: AnyStore) -> None:
    await create(store, ANN, BOB)
    await asyncio.gather(
        send(store, ANN, "k", "uno"), edit(store, ANN, 2, "dos"), edit(store, ANN, 2, "tres"), recall(store, ANN, 2)
    )
    found = await facts(store)
    assert len(found) == 5
    assert not any(text in repr(fact) for fact in found for text in ("uno", "dos", "tres"))


@pytest.mark.parametrize("is_recalled", [False, True])
async def test_who_left_sees_nothing_of_what_became_of_a_message_since(store: AnyStore, is_recalled: bool) -> None:
    """An edit made after they had left was theirs to read, for it stood at a place from before."""
    await create(store, ANN, BOB)
    await send(store, ANN, "k", "one", mentions=[BOB], mention_all=True)
    await send(store, ANN, "l", "two")
    await edit(store, ANN, 3, "two, better")
    await react(store, BOB, 2, "+")
    await remove(store, ANN, BOB)
    await (recall(store, ANN, 2) if is_recalled else edit(store, ANN, 2, "behind bob's back"))
    blank = MessagePlaced(ANN, SendKey("k"), Content(), is_recalled=True)
    first, second = (await acts.history(store, BOB, until=6, limit=10)).messages
    assert (first.seq, first.message, first.reactions) == (2, blank, ())
    assert (second.message.content.text, second.message.revision) == ("two, better", 4)
    page = await store.log.read(TALK, Seq(0), 100, Seq(6))
    assert (page.facts[1].fact, page.head, len(page.facts)) == (blank, 6, 6)
    assert page.facts[2].fact == second.message
    assert (await history(store))[0].message.revision == 7


async def test_reactions_are_counted_and_mine_are_marked(store: AnyStore) -> None:
    await create(store, ANN, BOB)
    await send(store, ANN, "k")
    await send(store, ANN, "l")
    for user, reaction in ((ANN, "+"), (BOB, "+"), (BOB, "a"), (BOB, "a")):
        await react(store, user, 2, reaction)
    first, second = await history(store, BOB)
    assert first.reactions == (ReactionCount("+", 2, is_mine=True), ReactionCount("a", 1, is_mine=True))
    assert second.reactions == ()
    assert [count.is_mine for count in (await history(store, ANN))[0].reactions] == [True, False]
    await react(store, BOB, 2, "+", on=False)
    assert (await history(store, BOB))[0].reactions == (ReactionCount("+", 1), ReactionCount("a", 1, is_mine=True))


@pytest.mark.parametrize("seq", [0, 1, 3])
async def test_what_is_no_message_can_be_neither_edited_nor_recalled(store: AnyStore, seq: int) -> None:
    await create(store, ANN, BOB)
    await send(store, ANN, "k")
    before = await facts(store)
    for act in (edit(store, ANN, seq, "x"), recall(store, ANN, seq), react(store, ANN, seq, "+")):
        with pytest.raises(UnisonoError) as refused:
            await act
        assert refused.value.code == "not_found"
    assert await facts(store) == before


async def test_what_changed_is_found_by_its_time_among_all_that_was_said(store: AnyStore, clock: ManualClock) -> None:
    await create(store, ANN, BOB)
    for number in range(1, 5):
        await send(store, ANN, f"key-{number}")
    for text in ("new", "newer"):
        clock.advance(1)
        await edit(store, ANN, 2, text)
    clock.advance(1)
    await recall(store, ANN, 4)
    await send(store, ANN, "key-5")
    whole = (await store.log.read(TALK, Seq(0), 100)).facts
    changes = [one for one in whole if isinstance(one.fact, MessageRevised | MessageRecalled)]
    assert len(changes) == 3

    async def found(since: int = 0, after: int = 0, limit: int = 100) -> list[SeqFact]:
        return list(await store.log.changes(ROOM, Instant(since), Seq(after), limit))

    assert await found() == changes
    assert await found(limit=2) == changes[:2]
    assert await found(since=changes[0].at) == await found(after=changes[0].seq) == changes[1:]
    assert await found(since=changes[1].at - 1, after=changes[1].seq) == changes[2:]
    assert await found(since=changes[2].at) == []
    assert await store.log.changes(ConversationId("nothing"), Instant(0), Seq(0), 5) == []
