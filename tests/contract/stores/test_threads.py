"""Threads under the messages of a group, in every store."""

import asyncio
from collections.abc import Iterable
from functools import partial

import pytest

from tests.contract.stores.acts import ANN, BOB, CIM, DAN, QUOTAS, ROOM, AnyStore, create, history, look, quit_, send
from tests.contract.stores.conftest import Home
from tests.support.time_and_chance import ManualClock
from unisono.app.changing import change
from unisono.app.thread_departures import DEPARTURES_PER_TURN
from unisono.domain import commands as c
from unisono.domain.answers import ConversationView
from unisono.domain.conversation import Scope
from unisono.domain.errors import Forbidden, Invalid, NotFound
from unisono.domain.facts import (
    Content,
    ConversationEnded,
    ConversationEntered,
    ConversationExited,
    Fact,
    MembersLeft,
    MessagePlaced,
)
from unisono.domain.ids import (
    ConversationId,
    SendKey,
    Seq,
    UserId,
    conversation_stream,
    thread_id,
    user_stream,
)
from unisono.domain.query import OneOf
from unisono.domain.thread_facts import Parent, ThreadEnded, ThreadMade, ThreadRenamed
from unisono.domain.threads import follow_end, follow_out
from unisono.ports.log import Committed

SAID = Seq(2)
"""Where the message stands that the first thread is under."""
THREAD = thread_id(ROOM, SAID)


async def act(store: AnyStore, user: UserId, command: c.Command) -> Committed:
    """Carry out a command as the use cases do."""
    found = change(user, command, QUOTAS, lambda: ConversationId("new"))
    assert found is not None
    return await store.log.transact(*found)


async def begin(store: AnyStore, user: UserId = ANN, message: int = SAID, name: str | None = "tea") -> Committed:
    return await act(store, user, c.CreateThread(ROOM, Seq(message), name))


async def say(store: AnyStore, user: UserId, key: str, thread: ConversationId = THREAD) -> Committed:
    return await act(store, user, c.SendMessage(thread, SendKey(key), Content(text=key)))


async def stage(store: AnyStore, *, joined: Iterable[UserId] = (BOB,)) -> None:
    """Make a group of three, with a message, and a thread under it."""
    await create(store, ANN, BOB, CIM)
    await send(store, BOB, "first")
    await begin(store)
    for user in joined:
        await act(store, user, c.Join(THREAD))


async def settle(store: AnyStore) -> None:
    """Note departures as the use case does."""
    for departure in await store.threads.departures(DEPARTURES_PER_TURN):
        for thread in await store.threads.concerned(departure, 10):
            user = departure.user
            scope = Scope(conversation=thread, users=() if user is None else (user,), all_members=user is None)
            await store.log.transact(scope, follow_end if user is None else partial(follow_out, user=user))
        await store.threads.settle([departure.number])


async def facts_of(store: AnyStore, thread: ConversationId = THREAD) -> list[Fact]:
    return [placed.fact for placed in (await store.log.read(conversation_stream(thread), Seq(0), 100)).facts]


async def listed(store: AnyStore, user: UserId, group: ConversationId | None = ROOM) -> list[ConversationId]:
    found = store.threads.of_user(user, None, 10) if group is None else store.threads.of_group(group, user, None, 10)
    return [mine.conversation.id for mine in await found]


async def test_a_thread_is_a_conversation_under_a_message_and_its_group_hears_of_it(store: AnyStore) -> None:
    await create(store, ANN, BOB, CIM)
    await send(store, BOB, "first")
    committed = await begin(store, BOB)
    view, parent = committed.answer, Parent(ROOM, SAID)
    assert isinstance(view, ConversationView)
    assert (view.conversation, view.of, view.members, view.parent, view.is_new, view.name) == (
        THREAD,
        "thread",
        (BOB,),
        parent,
        True,
        "tea",
    )
    told = {placed.stream: placed.fact for placed in committed.facts}
    assert told[user_stream(BOB)] == ConversationEntered(THREAD, Seq(1), BOB, parent)
    assert told[conversation_stream(ROOM)] == ThreadMade(SAID, THREAD, BOB, "tea")
    group = await store.directory.find(ROOM, ANN)
    assert group is not None
    assert (group.conversation.threads, group.conversation.parent) == (1, None)
    await act(store, ANN, c.Join(THREAD))
    await say(store, ANN, "k")
    assert (await store.directory.unread(BOB, None, 10)).total == 1
    found = await store.directory.find(THREAD, ANN)
    assert found is not None
    assert (found.is_member, found.conversation.parent) == (True, parent)


async def test_two_who_begin_it_get_the_same(store: AnyStore) -> None:
    await create(store, ANN, BOB)
    await send(store, BOB, "first")
    both = await asyncio.gather(begin(store, ANN, name="ann's"), begin(store, BOB, name="bob's"))
    views = [each.answer for each in both]
    assert {view.conversation for view in views if isinstance(view, ConversationView)} == {THREAD}
    assert sum(view.is_new for view in views if isinstance(view, ConversationView)) == 1
    assert [len(each.facts) > 0 for each in both].count(True) == 1


async def test_two_nodes_that_begin_it_at_the_same_time_get_the_same(shared: Home) -> None:
    one, other = await shared.open(), await shared.open()
    await create(one, ANN, BOB)
    await send(one, BOB, "first")
    both = await asyncio.gather(begin(one, ANN), begin(other, BOB))
    assert sum(len(each.facts) > 0 for each in both) == 1
    assert await listed(one, ANN) == await listed(other, BOB) == [THREAD]


async def test_it_is_no_stranger_s_and_no_one_is_added(store: AnyStore) -> None:
    await stage(store)
    for command in (c.Join(THREAD), c.GetConversation(THREAD), c.SendMessage(THREAD, SendKey("k"), Content(text="x"))):
        if not isinstance(command, c.GetConversation):
            with pytest.raises(NotFound):
                await act(store, DAN, command)
    assert await store.directory.find(THREAD, DAN) is None
    with pytest.raises(Forbidden):
        await act(store, ANN, c.AddMembers(THREAD, (CIM,)))
    with pytest.raises(Forbidden):
        await act(store, ANN, c.RemoveMembers(THREAD, (BOB,)))
    open_to_cim = await store.directory.find(THREAD, CIM)
    assert open_to_cim is not None
    assert not open_to_cim.is_member


async def test_who_left_the_group_is_out_of_its_threads_at_once_and_it_is_noted_later(
    store: AnyStore, clock: ManualClock
) -> None:
    await stage(store)
    await say(store, ANN, "k")
    await act(store, ANN, c.RemoveMembers(ROOM, (BOB,)))
    with pytest.raises(NotFound):
        await say(store, BOB, "too late")
    with pytest.raises(NotFound):
        await act(store, BOB, c.MarkRead(THREAD, Seq(1)))
    assert await store.directory.find(THREAD, BOB) is None
    assert await listed(store, BOB, None) == []
    assert (await store.directory.unread(BOB, None, 10)).total == 0
    before = await facts_of(store)
    await settle(store)
    assert (await facts_of(store))[len(before) :] == [MembersLeft((BOB,), BOB)]
    mine = (await store.log.read(user_stream(BOB), Seq(0), 100)).facts[-1].fact
    assert mine == ConversationExited(THREAD, Seq(len(before) + 1), parent=Parent(ROOM, SAID))
    assert await store.threads.departures(10) == []
    former = await store.directory.find(THREAD, BOB)
    assert former is not None
    assert former.until == len(before) + 1
    assert len((await history(store, BOB, THREAD, until=former.until)).messages) == 1


async def test_who_came_back_before_it_was_noted_is_still_there(store: AnyStore) -> None:
    await stage(store)
    await quit_(store, BOB)
    await act(store, ANN, c.AddMembers(ROOM, (BOB,)))
    await settle(store)
    assert await listed(store, BOB, None) == [THREAD]
    await say(store, BOB, "k")


async def test_dissolving_the_group_ends_its_threads(store: AnyStore) -> None:
    await stage(store)
    await act(store, ANN, c.Dissolve(ROOM))
    with pytest.raises(NotFound):
        await say(store, ANN, "too late")
    await settle(store)
    assert (await facts_of(store))[-1] == ConversationEnded("dissolved")
    assert await listed(store, ANN) == []
    assert (await look(store, Scope(conversation=THREAD))).memberships == {}
    with pytest.raises(NotFound):
        await begin(store)


async def test_who_began_it_and_who_manages_the_group_rule_it(store: AnyStore) -> None:
    await create(store, ANN, BOB, CIM)
    await send(store, BOB, "first")
    await begin(store, BOB)
    await act(store, CIM, c.Join(THREAD))
    with pytest.raises(Forbidden):
        await act(store, CIM, c.UpdateConversation(THREAD, name="mine"))
    for user, name in ((BOB, "bob's"), (ANN, "")):
        committed = await act(store, user, c.UpdateConversation(THREAD, name=name))
        assert committed.facts[-1].fact == ThreadRenamed(SAID, THREAD, user, name or None)
    with pytest.raises(Forbidden):
        await act(store, CIM, c.Dissolve(THREAD))
    # The owner of the group, who is not in the thread.
    committed = await act(store, ANN, c.Dissolve(THREAD))
    assert committed.facts[-1].fact == ThreadEnded(SAID, THREAD, ANN)
    group = await store.directory.find(ROOM, ANN)
    assert group is not None
    assert group.conversation.threads == 0
    for command in (c.CreateThread(ROOM, SAID), c.Join(THREAD), c.UpdateConversation(THREAD, name="again")):
        with pytest.raises((Forbidden, NotFound)):
            await act(store, ANN, command)


async def test_threads_are_listed_by_themselves_and_found_by_no_query(store: AnyStore) -> None:
    await stage(store, joined=())
    await send(store, CIM, "second")
    await begin(store, CIM, 4)
    later = thread_id(ROOM, Seq(4))
    assert await listed(store, BOB) == [THREAD, later]
    assert [mine.conversation.id for mine in await store.threads.of_group(ROOM, BOB, THREAD, 10)] == [later]
    assert [mine.conversation.id for mine in await store.threads.of_group(ROOM, None, None, 1)] == [THREAD]
    assert await listed(store, CIM, None) == [later]
    assert [mine.conversation.id for mine in await store.threads.of_user(ANN, None, 10)] == [THREAD]
    assert await store.threads.of_user(ANN, THREAD, 10) == []
    with pytest.raises(Invalid):
        await store.threads.of_group(ROOM, ANN, ConversationId("nowhere"), 10)
    with pytest.raises(Invalid):
        await store.threads.of_user(ANN, ConversationId("nowhere"), 10)
    assert [mine.conversation.id for mine in await store.directory.list_of(ANN, None, 10)] == [ROOM]
    for asked in (c.FindConversations(), c.FindConversations(OneOf("id", (THREAD, ROOM)))):
        assert list(await store.directory.query(ANN, asked, finds_open=True)) == [ROOM]
        assert list(await store.directory.query(None, asked)) == [ROOM]
    some = await store.directory.some(ANN, (THREAD, ROOM), with_members=False, with_last=False)
    assert [mine.conversation.id for mine in some] == [ROOM]


async def test_a_thread_of_mine_may_be_pinned_and_marked(store: AnyStore) -> None:
    await stage(store)
    await act(store, BOB, c.PinConversation(THREAD))
    await act(store, BOB, c.MarkConversation(THREAD, "work"))
    assert [mine.conversation.id for mine in await store.directory.pinned(BOB)] == [THREAD]
    assert [mine.conversation.id for mine in await store.directory.list_of(BOB, None, 10, marked=True)] == [THREAD]
    await quit_(store, BOB)
    assert await store.directory.pinned(BOB) == []
    assert await store.directory.list_of(BOB, None, 10, marked=True) == []


@pytest.mark.parametrize("turn", range(6))
async def test_a_join_that_races_with_leaving_the_group_leaves_nobody_behind(store: AnyStore, turn: int) -> None:
    await stage(store)
    first, second = c.Join(THREAD), c.Quit(ROOM)
    commands = (first, second) if turn % 2 else (second, first)
    await asyncio.gather(*(act(store, CIM, each) for each in commands), return_exceptions=True)
    await settle(store)
    assert CIM not in (await look(store, Scope(conversation=THREAD, all_members=True))).memberships or not (
        (await look(store, Scope(conversation=THREAD, users=(CIM,)))).memberships[CIM].is_member
    )
    assert await listed(store, CIM, None) == []


async def test_nothing_is_placed_in_a_thread_behind_a_removal_from_the_group(shared: Home) -> None:
    """Two nodes: one takes what the member writes, the other removes them."""
    one, other = await shared.open(), await shared.open()
    await stage(one)
    removing: list[asyncio.Task[Committed]] = []

    async def write(number: int) -> Committed:
        if number == 20:
            removing.append(asyncio.create_task(act(other, ANN, c.RemoveMembers(ROOM, (BOB,)))))
        return await say(one, BOB, f"k{number}")

    outcomes = []
    for start in range(0, 60, 4):
        outcomes += await asyncio.gather(*(write(start + number) for number in range(4)), return_exceptions=True)
    removal = (await removing[0]).facts[0]
    said = [each for each in outcomes if isinstance(each, Committed)]
    assert said
    assert len(said) < len(outcomes)
    assert all(isinstance(each, NotFound) for each in outcomes if not isinstance(each, Committed))
    assert max(each.facts[0].checkpoint for each in said) < removal.checkpoint
    written = [fact for fact in await facts_of(one) if isinstance(fact, MessagePlaced)]
    assert len(written) == len(said)


async def test_departures_of_groups_without_threads_are_not_noted(store: AnyStore) -> None:
    await create(store, ANN, BOB)
    await quit_(store, BOB)
    assert await store.threads.departures(10) == []
