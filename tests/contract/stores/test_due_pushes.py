"""Due pushes: which messages of the log are to be pushed, to whom, and who of several nodes sees to it."""

import asyncio

import pytest

from tests.contract.stores.acts import (
    ANN,
    BOB,
    CIM,
    DAN,
    ROOM,
    AnyStore,
    add,
    announce,
    conversation_id,
    create,
    end_session,
    found,
    join,
    mark_read,
    open_session,
    quit_,
    recall,
    record,
    remove,
    send,
    set_level,
)
from tests.contract.stores.conftest import Home
from tests.support.time_and_chance import NOON, ManualClock
from unisono.domain.ids import Checkpoint, Fence, Instant, SessionId, UserId
from unisono.ports.due_pushes import DueMark, DueMessage, Window
from unisono.stores.sql import pages

EVER = Instant(0)


async def window(store: AnyStore, since: int = 0, *, oldest: Instant = EVER) -> Window:
    return Window(Checkpoint(since), await store.log.checkpoint(), oldest)


async def due(store: AnyStore, asked: Window, limit: int = 100) -> list[DueMessage]:
    """Read all pages."""
    messages: list[DueMessage] = []
    mark: DueMark | None = None
    while True:
        page = await store.due_pushes.messages(asked, mark, limit)
        assert len(page.messages) <= limit
        messages += page.messages
        if (mark := page.next) is None:
            return messages


def texts(messages: list[DueMessage]) -> list[str | None]:
    return [each.message.content.text for each in messages]


async def absent(store: AnyStore, message: DueMessage, limit: int = 100) -> dict[UserId, int]:
    """Read all pages of who is not there, with what waits for them."""
    waiting: dict[UserId, int] = {}
    after: UserId | None = None
    while True:
        page = await store.due_pushes.absent(message, after, limit)
        assert len(page.absent) <= limit
        counts = await store.due_pushes.unread([each.user for each in page.absent])
        waiting |= {each.user: counts.get(each.user, 0) for each in page.absent}
        if (after := page.next) is None:
            return waiting


async def the_only(store: AnyStore) -> DueMessage:
    (message,) = [each for each in await due(store, await window(store)) if each.conversation == ROOM]
    return message


async def test_messages_of_a_window_come_once_with_their_places(store: AnyStore) -> None:
    await create(store, ANN, BOB)
    await send(store, ANN, "before", "before")
    since = await store.log.checkpoint()
    assert await due(store, await window(store, since)) == []
    places = [await send(store, ANN, f"k{number}", f"text {number}") for number in range(3)]
    asked = await window(store, since)
    await send(store, ANN, "after", "after")
    read = await due(store, asked)
    assert texts(read) == ["text 0", "text 1", "text 2"]
    assert [(each.seq, each.at) for each in read] == [(place.seq, place.at) for place in places]
    assert {(each.conversation, each.of, each.name, each.epoch) for each in read} == {
        (ROOM, "group", "name", places[0].epoch)
    }


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
async def test_pages_leave_nothing_out(store: AnyStore, limit: int) -> None:
    rooms = [conversation_id(number) for number in range(4)]
    said = []
    for room in rooms:
        await create(store, ANN, BOB, room=room)
    for number in range(3):
        for room in rooms:
            await send(store, ANN, f"k{number}", f"{room} {number}", room)
            said.append(f"{room} {number}")
    assert sorted(map(str, texts(await due(store, await window(store), limit)))) == sorted(said)


async def test_a_conversation_that_goes_on_while_pages_are_read_is_not_passed_over(store: AnyStore) -> None:
    rooms = [conversation_id(number) for number in range(4)]
    for room in rooms:
        await create(store, ANN, BOB, room=room)
        await send(store, ANN, "k", f"said in {room}", room)
    asked = await window(store)
    page = await store.due_pushes.messages(asked, None, 2)
    said = list(page.messages)
    for number, room in enumerate(reversed(rooms)):
        await send(store, ANN, f"later {number}", "later", room)
    while page.next is not None:
        page = await store.due_pushes.messages(asked, page.next, 2)
        said += page.messages
    assert {str(text) for text in texts(said)} == {f"said in {room}" for room in rooms}


async def test_large_messages_make_small_pages(durable: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    store = await durable.open()
    monkeypatch.setattr(pages, "PAGE_BYTES", 3000)
    monkeypatch.setattr("unisono.stores.sql.due_pushes.PAGE_BYTES", 3000)
    for number in range(3):
        await create(store, ANN, BOB, room=conversation_id(number))
        for key in range(4):
            await send(store, ANN, f"k{key}", f"{number}{key}" + "x" * 1000, conversation_id(number))
    asked, mark, sizes, begins = await window(store), None, [], []
    while True:
        page = await store.due_pushes.messages(asked, mark, 100)
        sizes.append(len(page.messages))
        begins += [str(text)[:2] for text in texts(list(page.messages))]
        if (mark := page.next) is None:
            break
    assert sorted(begins) == sorted(f"{number}{key}" for number in range(3) for key in range(4))
    assert max(sizes) <= 4


async def test_what_was_recalled_or_is_too_old_is_left_out(store: AnyStore, clock: ManualClock) -> None:
    await create(store, ANN, BOB)
    await send(store, ANN, "old", "old")
    clock.advance(60)
    taken_back = await send(store, ANN, "oops", "oops")
    await recall(store, ANN, taken_back.seq)
    await send(store, ANN, "new", "new")
    assert texts(await due(store, await window(store, oldest=clock.now()))) == ["new"]
    clock.advance(60)
    assert await due(store, await window(store, oldest=clock.now())) == []


async def test_members_are_told_who_are_not_there_have_not_read_it_and_want_to_know(
    store: AnyStore, clock: ManualClock
) -> None:
    names = [UserId(name) for name in ("away", "here", "late", "lost", "muted", "never", "read")]
    here = await store.sessions.take_lease("here", 60)
    gone = await store.sessions.take_lease("gone", 10)
    await create(store, ANN, *names, BOB)
    for session, user, node in (("a", "away", here), ("h", "here", here), ("i", "here", here), ("l", "lost", gone)):
        await open_session(store, record(session, UserId(user), at=NOON, node=node))
    for session in ("a", "h"):
        await store.sessions.detach(SessionId(session), Fence(0), here)
    await set_level(store, UserId("muted"), "none")
    await remove(store, ANN, BOB, UserId("late"))
    place = await send(store, ANN, "k")
    await mark_read(store, UserId("read"), place.seq)
    await add(store, ANN, UserId("late"))
    message = await the_only(store)
    assert sorted(await absent(store, message)) == ["away", "never"]
    clock.advance(11)
    waiting = await absent(store, message)
    assert sorted(waiting) == ["away", "lost", "never"]
    assert await absent(store, message, limit=1) == waiting
    await end_session(store, UserId("here"), "i")
    assert sorted(await absent(store, message)) == ["away", "here", "lost", "never"]


async def test_what_waits_in_all_conversations_is_counted(store: AnyStore) -> None:
    other = conversation_id(2)
    await create(store, ANN, BOB, CIM)
    await create(store, ANN, BOB, room=other)
    for number in range(3):
        await send(store, ANN, f"k{number}", "hello", other)
    await send(store, BOB, "mine", "mine", other)
    await send(store, ANN, "k", "hello")
    assert await absent(store, await the_only(store)) == {BOB: 4, CIM: 1}
    assert await store.due_pushes.unread([BOB, DAN, CIM]) == {BOB: 4, CIM: 1}


async def test_up_to_where_members_have_read_is_told_of_many_places_at_once(store: AnyStore) -> None:
    other = conversation_id(2)
    await create(store, ANN, BOB, CIM)
    await create(store, ANN, BOB, room=other)
    seqs = [(await send(store, ANN, f"k{room}", "hello", room)).seq for room in (ROOM, other)]
    await mark_read(store, BOB, seqs[0])
    await remove(store, ANN, CIM)
    rooms = (ROOM, other, conversation_id(3))
    shown = [(user, room, seqs[rooms.index(room) % 2]) for user in (BOB, CIM, DAN) for room in rooms]
    assert await store.due_pushes.waiting(shown) == {(BOB, other, seqs[1])}
    # More than one statement has room for, and the same ones again.
    assert await store.due_pushes.waiting(shown * 20) == {(BOB, other, seqs[1])}
    assert await store.due_pushes.waiting([]) == set()


async def test_subscribers_of_what_an_operator_announces_are_told(store: AnyStore) -> None:
    await found(store)
    for user in (BOB, CIM, DAN):
        await join(store, user)
    await quit_(store, DAN)
    await announce(store, "k", "news")
    message = await the_only(store)
    assert (message.of, message.message.content.text) == ("service", "news")
    assert sorted(await absent(store, message, limit=1)) == [BOB, CIM]


async def test_one_node_has_the_work_and_the_next_goes_on_where_it_stopped(store: AnyStore, clock: ManualClock) -> None:
    await create(store, ANN, BOB)
    began = await store.log.checkpoint()
    one, two = [await store.sessions.take_lease(name, 10) for name in ("one", "two")]
    assert await store.due_pushes.hold(one) == began
    await send(store, ANN, "k")
    assert await store.due_pushes.hold(one) == began
    assert await store.due_pushes.hold(two) is None
    assert not await store.due_pushes.advance(two, Checkpoint(began + 1))
    assert await store.due_pushes.advance(one, Checkpoint(began + 1))
    clock.advance(9)
    await store.sessions.keep_lease(two, 10)
    assert await store.due_pushes.hold(two) is None
    clock.advance(2)
    assert await store.due_pushes.hold(two) == began + 1
    assert await store.due_pushes.hold(one) is None
    assert not await store.due_pushes.advance(one, Checkpoint(began + 1))


async def test_nobody_moves_a_place_that_was_never_begun(store: AnyStore) -> None:
    node = await store.sessions.take_lease("one", 10)
    assert not await store.due_pushes.advance(node, Checkpoint(1))


async def test_a_place_that_is_not_of_this_log_is_left_for_its_end(store: AnyStore) -> None:
    await create(store, ANN, BOB)
    node = await store.sessions.take_lease("one", 10)
    end = await store.log.checkpoint()
    await store.due_pushes.hold(node)
    await store.due_pushes.advance(node, Checkpoint(end + 1_000_000))
    assert await store.due_pushes.hold(node) == end
    assert await store.due_pushes.hold(node) == end


async def test_the_place_is_there_after_a_restart(durable: Home) -> None:
    store = await durable.open()
    await create(store, ANN, BOB)
    node = await store.sessions.take_lease("one", 60)
    began = await store.due_pushes.hold(node)
    await send(store, ANN, "k", "not handed over")
    await durable.close(store)
    store = await durable.open()
    node = await store.sessions.take_lease("one", 60)
    since = await store.due_pushes.hold(node)
    assert since == began
    assert texts(await due(store, await window(store, began or 0))) == ["not handed over"]


async def test_of_several_nodes_one_takes_the_work(shared: Home) -> None:
    stores = [await shared.open() for _ in range(3)]
    nodes = [await stores[0].sessions.take_lease(f"node {number}", 60) for number in range(3)]
    held = await asyncio.gather(*(store.due_pushes.hold(node) for store, node in zip(stores, nodes, strict=True)))
    assert len([place for place in held if place is not None]) == 1
