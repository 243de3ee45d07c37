"""Threads in a running app: listed page by page, and noted in them what happened in the group, by whichever node."""

import asyncio

from tests.support.virtual_time import in_virtual_time
from tests.unit.app.app_stage import AppStage, Present, Wiring, calm, failing, group, text
from tests.unit.app.test_housekeeping import a_running_app
from unisono.app import thread_departures
from unisono.app.exporting import ConversationLine, Exporting, MessageLine
from unisono.domain import commands as c
from unisono.domain.answers import Conversations, ConversationView, Placed
from unisono.domain.facts import ConversationExited, MembersLeft, MessagePlaced
from unisono.domain.ids import NO_SEQ, ConversationId, Seq, UserId, conversation_stream
from unisono.domain.thread_facts import Parent


async def thread(present: Present, chat: ConversationId, key: str = "said", *joining: Present) -> ConversationId:
    """Have somebody say something in a group and begin the thread under it, and others join."""
    placed = await present.ask(text(chat, key))
    assert isinstance(placed, Placed)
    view = await present.ask(c.CreateThread(chat, placed.seq, key))
    assert isinstance(view, ConversationView)
    for each in joining:
        await each.ask(c.Join(view.conversation))
    return view.conversation


async def listed(present: Present, **asked: object) -> list[ConversationId]:
    """List threads page by page."""
    found: list[ConversationId] = []
    after: ConversationId | None = None
    while True:
        page = await present.ask(c.ListThreads(after=after, **asked))  # type: ignore[arg-type]  # a part of its fields
        assert isinstance(page, Conversations)
        found += [view.conversation for view in page.conversations]
        if (after := page.next) is None:
            return found


async def left(stage: AppStage, where: ConversationId) -> int:
    """Count who left a thread."""
    facts = (await stage.store.log.read(conversation_stream(where), NO_SEQ, 100)).facts
    return sum(isinstance(one.fact, MembersLeft) for one in facts)


@in_virtual_time
async def test_those_of_a_group_and_those_of_mine_are_listed_page_by_page() -> None:
    async with a_running_app() as stage:
        alice, bob, cat = [await stage.login(name) for name in ("alice", "bob", "cat")]
        chat, other = await group(alice, "bob"), await group(bob, "cat")
        made = [await thread(alice, chat, f"t{number}") for number in range(5)]
        theirs = await thread(bob, other, "o")
        await bob.ask(c.Join(made[3]))
        assert await listed(bob, conversation=chat, limit=2) == made
        assert await listed(bob, limit=1) == [made[3], theirs]
        assert await listed(alice) == made
        assert await cat.refused(c.ListThreads(chat)) == "not_found"
        assert await listed(cat, conversation=other) == [theirs]
        operators = await stage.node.executor.for_operator(UserId("x"), c.ListThreads(chat, limit=3))
        assert isinstance(operators, Conversations)
        assert [view.conversation for view in operators.conversations] == made[:3]


@in_virtual_time
async def test_who_is_removed_from_the_group_hears_at_once_that_they_left_its_threads() -> None:
    async with a_running_app(sweep_s=3600.0) as stage:
        alice, bob = await stage.login("alice"), await stage.login("bob")
        chat = await group(alice, "bob")
        side = await thread(alice, chat, "said", bob)
        await alice.ask(c.RemoveMembers(chat, (UserId("bob"),)))
        await asyncio.sleep(0.1)
        gone = [one.fact.conversation for one in bob.link.facts if isinstance(one.fact, ConversationExited)]
        assert gone == [chat, side]
        assert await left(stage, side) == 1


@in_virtual_time
async def test_what_a_store_that_is_away_kept_from_being_noted_is_noted_by_a_later_turn() -> None:
    async with a_running_app(sweep_s=1.0) as stage:
        alice, bob = await stage.login("alice"), await stage.login("bob")
        chat = await group(alice, "bob")
        side = await thread(alice, chat, "said", bob)
        stage.mood = failing("departures")
        await bob.ask(c.Quit(chat))
        await asyncio.sleep(5)
        assert await left(stage, side) == 0
        stage.mood = calm
        await asyncio.sleep(3)
        assert await left(stage, side) == 1


@in_virtual_time
async def test_an_export_tells_of_threads_and_an_erasure_takes_back_what_was_said_there() -> None:
    async with a_running_app(sweep_s=1.0) as stage:
        alice, bob = await stage.login("alice"), await stage.login("bob")
        chat = await group(alice, "bob")
        side = await thread(alice, chat, "said", bob)
        await bob.ask(text(side, "secret", "words"))
        node, user = stage.node, UserId("bob")
        lines = [line async for line in Exporting(node.parts, node.own_sessions, node.filing).lines(user)]
        found = [line for line in lines if isinstance(line, ConversationLine)]
        assert [(line.conversation, line.of, line.parent) for line in found] == [
            (chat, "group", None),
            (side, "thread", Parent(chat, Seq(2))),
        ]
        assert [line.conversation for line in lines if isinstance(line, MessageLine)] == [side]
        await node.erasing.begin(user)
        await asyncio.sleep(10)
        assert (await node.erasing.find(user)).finished_at is not None
        facts = [one.fact for one in (await stage.store.log.read(conversation_stream(side), NO_SEQ, 100)).facts]
        assert [fact.is_recalled for fact in facts if isinstance(fact, MessagePlaced)] == [True]
        assert sum(isinstance(fact, MembersLeft) for fact in facts) == 1
        assert await stage.store.threads.of_user(user, None, 10) == []


@in_virtual_time
async def test_two_nodes_note_each_once_however_many_there_are() -> None:
    stage = AppStage()
    beside = AppStage(Wiring(beside=stage, name="other"))
    for each in (stage, beside):
        await each.node.start()
    alice, bob = await stage.login("alice"), await stage.login("bob")
    chat = await group(alice, "bob")
    threads = [await thread(alice, chat, f"t{number}", bob) for number in range(thread_departures.THREADS_PER_TURN + 1)]
    await bob.ask(c.Quit(chat))
    await asyncio.gather(*(each.node.thread_departures.sweep() for each in (stage, beside)))
    assert [await left(stage, each) for each in threads] == [1] * len(threads)
    assert await stage.store.threads.departures(10) == []


@in_virtual_time
async def test_who_is_back_in_many_threads_by_then_holds_up_nothing() -> None:
    stage = AppStage()
    await stage.node.start()
    alice, bob = await stage.login("alice"), await stage.login("bob")
    chat = await group(alice, "bob")
    threads = [await thread(alice, chat, f"t{number}", bob) for number in range(thread_departures.THREADS_PER_TURN)]
    await bob.ask(c.Quit(chat))
    await alice.ask(c.AddMembers(chat, (UserId("bob"),)))
    await stage.node.thread_departures.sweep()
    assert await stage.store.threads.departures(10) == []
    assert await left(stage, threads[0]) == 0
