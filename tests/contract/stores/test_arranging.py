"""How users arrange their conversations: kept with their memberships, theirs alone, and gone when they leave."""

import asyncio
from collections.abc import Sequence
from functools import partial

import pytest

from tests.contract.stores.acts import ANN, BOB, ROOM, AnyStore, add, conversation_id, create, mark_unread, remove, send
from unisono.domain import arranging
from unisono.domain import commands as c
from unisono.domain.conversation import Decide, Membership, Scope
from unisono.domain.errors import LimitReached
from unisono.domain.facts import Content, MessagePlaced
from unisono.domain.ids import INTEGER_MAX, ConversationId, SendKey, Seq, UserId
from unisono.domain.query import Equal
from unisono.domain.silence import Silence, Window
from unisono.ports.directory import MyConversation
from unisono.ports.due_pushes import DueMessage


async def do(store: AnyStore, user: UserId, decide: Decide, room: ConversationId = ROOM) -> None:
    await store.log.transact(Scope(conversation=room, users=(user,), pinned=True), decide)


async def pin(store: AnyStore, user: UserId, room: ConversationId = ROOM) -> None:
    await do(store, user, partial(arranging.pin, user=user), room)


async def unpin(store: AnyStore, user: UserId, room: ConversationId = ROOM) -> None:
    await do(store, user, partial(arranging.unpin, user=user), room)


async def mark(store: AnyStore, user: UserId, name: str, room: ConversationId = ROOM) -> None:
    await do(store, user, partial(arranging.mark, user=user, command=c.MarkConversation(room, name)), room)


async def unmark(store: AnyStore, user: UserId, name: str, room: ConversationId = ROOM) -> None:
    await do(store, user, partial(arranging.unmark, user=user, command=c.UnmarkConversation(room, name)), room)


async def place(store: AnyStore, user: UserId, room: ConversationId = ROOM) -> Membership:
    mine = await store.directory.find(room, user)
    assert mine is not None
    assert mine.membership is not None
    return mine.membership


def ids(found: Sequence[MyConversation]) -> list[str]:
    return [mine.conversation.id for mine in found]


async def rooms(store: AnyStore, count: int) -> list[ConversationId]:
    found = [conversation_id(number) for number in range(1, count + 1)]
    for room in found:
        await create(store, ANN, BOB, room=room)
    return found


async def test_a_pin_and_marks_are_kept_with_the_membership_of_one_user(store: AnyStore) -> None:
    await create(store, ANN, BOB)
    await pin(store, ANN)
    for name in ('"work"', "home", "später"):
        await mark(store, ANN, name)
    await unmark(store, ANN, "home")
    ann, bob = await place(store, ANN), await place(store, BOB)
    assert ann.pinned_at is not None
    assert ann.marks == ('"work"', "später")
    assert (bob.pinned_at, bob.marks) == (None, ())
    await unpin(store, ANN)
    assert (await place(store, ANN)).pinned_at is None


async def test_what_is_pinned_is_listed_by_when_and_what_is_marked_apart(store: AnyStore) -> None:
    one, two, three = await rooms(store, 3)
    for room in (two, one):
        await pin(store, ANN, room)
    await mark(store, ANN, "work", three)
    await mark(store, BOB, "work", one)
    pinned = await store.directory.pinned(ANN)
    assert set(ids(pinned)) == {one, two}
    keys = [(-(mine.membership.pinned_at or 0), mine.conversation.id) for mine in pinned if mine.membership]
    assert keys == sorted(keys)
    assert ids(await store.directory.list_of(ANN, None, 10, marked=True)) == [three]
    assert ids(await store.directory.list_of(ANN, three, 10, marked=True)) == []
    assert ids(await store.directory.list_of(ANN, None, 10)) == [one, two, three]
    assert await store.directory.pinned(BOB) == []


async def test_who_leaves_takes_it_all_down_and_does_not_find_it_again(store: AnyStore) -> None:
    await create(store, ANN, BOB)
    await pin(store, BOB)
    await mark(store, BOB, "work")
    await remove(store, ANN, BOB)
    assert await store.directory.pinned(BOB) == []
    assert await store.directory.list_of(BOB, None, 10, marked=True) == []
    await add(store, ANN, BOB)
    again = await place(store, BOB)
    assert (again.pinned_at, again.marks) == (None, ())


async def test_a_silence_of_all_is_kept_told_to_who_pushes_and_goes_with_its_user(store: AnyStore) -> None:
    async def ask(decide: Decide) -> None:
        await store.log.transact(Scope(sender=BOB, silence_of=BOB), decide)

    await create(store, ANN, BOB)
    placed = await send(store, ANN, "k1")
    said = MessagePlaced(ANN, SendKey("k1"), Content(text="hello"))
    due = DueMessage(ROOM, "group", None, placed.epoch, placed.seq, placed.at, said)
    command = c.SilenceAll()
    for wanted in (Silence(), Silence("mentions", windows=(Window("22:00", "07:00"),))):
        command = c.SilenceAll(wanted.level, wanted.until, wanted.windows)
        await ask(partial(arranging.silence_all, user=BOB, command=command))
        assert await store.directory.silence_of(BOB) == wanted
        (absent,) = (await store.due_pushes.absent(due, None, 10)).absent
        assert (absent.user, absent.silence, absent.silence_of_all) == (BOB, None, wanted)
    await ask(partial(arranging.silence_all, user=BOB, command=command))
    assert await store.directory.silence_of(ANN) is None
    await ask(partial(arranging.unsilence_all, user=BOB))
    assert await store.directory.silence_of(BOB) is None
    (absent,) = (await store.due_pushes.absent(due, None, 10)).absent
    assert absent.silence_of_all is None
    await ask(partial(arranging.silence_all, user=BOB, command=command))
    await store.erasures.drop_rest(BOB)
    assert await store.directory.silence_of(BOB) is None


async def test_a_silence_is_kept_and_told_to_who_pushes(store: AnyStore) -> None:
    await create(store, ANN, BOB)
    wanted = Silence("mentions", windows=(Window("22:00", "07:00", ("mon",), "Europe/Oslo"),))
    command = c.SilenceConversation(ROOM, wanted.level, wanted.until, wanted.windows)
    await do(store, BOB, partial(arranging.silence, user=BOB, command=command))
    assert (await place(store, BOB)).silence == wanted
    assert (await place(store, ANN)).silence is None
    placed = await send(store, ANN, "k1")
    said = MessagePlaced(ANN, SendKey("k1"), Content(text="hello"))
    due = DueMessage(ROOM, "group", None, placed.epoch, placed.seq, placed.at, said)
    (absent,) = (await store.due_pushes.absent(due, None, 10)).absent
    assert (absent.user, absent.silence) == (BOB, wanted)
    await do(store, BOB, partial(arranging.unsilence, user=BOB))
    (absent,) = (await store.due_pushes.absent(due, None, 10)).absent
    assert absent.silence is None


async def delete(store: AnyStore, user: UserId, *, with_history: bool = False) -> None:
    scope = Scope(conversation=ROOM, users=(user,), read_to=Seq(INTEGER_MAX))
    command = c.DeleteConversation(ROOM, with_history)
    await store.log.transact(scope, partial(arranging.delete, user=user, command=command))


async def test_a_conversation_that_was_deleted_is_listed_again_with_the_next_message(store: AnyStore) -> None:
    await create(store, ANN, BOB)
    await send(store, BOB, "k1")
    await pin(store, ANN)
    await delete(store, ANN)
    everything = c.FindConversations()
    assert await store.directory.list_of(ANN, None, 10) == []
    assert await store.directory.pinned(ANN) == []
    assert await store.directory.query(ANN, everything) == []
    assert await store.directory.query(ANN, c.FindConversations(Equal("id", ROOM))) == [ROOM]
    assert (await store.directory.unread(ANN, None, 10)).total == 0
    assert ids(await store.directory.list_of(BOB, None, 10)) == [ROOM]
    assert await store.directory.query(BOB, everything) == [ROOM]
    await send(store, BOB, "k2")
    assert ids(await store.directory.list_of(ANN, None, 10)) == [ROOM]
    assert await store.directory.query(ANN, everything) == [ROOM]
    assert (await store.directory.unread(ANN, None, 10)).total == 1
    await delete(store, ANN)
    await pin(store, ANN)
    assert ids(await store.directory.list_of(ANN, None, 10)) == [ROOM]


async def test_history_that_was_deleted_is_found_by_its_words_and_shown_as_the_last_no_more(store: AnyStore) -> None:
    await create(store, ANN, BOB)
    first = await send(store, BOB, "k1", "tea at five")
    scope = Scope(conversation=ROOM, users=(ANN,), read_to=first.seq)
    command = c.DeleteHistory(ROOM, first.seq)
    await store.log.transact(scope, partial(arranging.delete_history, user=ANN, command=command))
    node = await store.sessions.take_lease("node", 60)
    while await store.search.index(node, 100):
        pass
    assert (await place(store, ANN)).cleared == first.seq
    assert await store.search.find(ANN, ["tea"], limit=10) == []
    assert len(await store.search.find(BOB, ["tea"], limit=10)) == 1
    for user, count in ((ANN, 0), (BOB, 1)):
        (mine,) = await store.directory.some(user, [ROOM], with_members=False, with_last=True)
        assert (0 if mine.last is None else 1) == count
    await mark_unread(store, ANN)
    (waiting,) = (await store.directory.unread(ANN, None, 10)).conversations
    assert waiting.last is None
    await remove(store, ANN, ANN)
    await add(store, BOB, ANN)
    assert (await place(store, ANN)).cleared == first.seq


async def test_of_many_at_once_no_more_are_pinned_than_may_be(store: AnyStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arranging, "PINNED_MAX", 3)
    found = await rooms(store, 6)
    outcomes = await asyncio.gather(*(pin(store, ANN, room) for room in found), return_exceptions=True)
    assert sum(isinstance(outcome, LimitReached) for outcome in outcomes) == 3
    assert len(await store.directory.pinned(ANN)) == 3
    (first, *_) = await store.directory.pinned(ANN)
    await unpin(store, ANN, first.conversation.id)
    last = next(room for room, outcome in zip(found, outcomes, strict=True) if outcome is not None)
    await pin(store, ANN, last)
    assert len(await store.directory.pinned(ANN)) == 3
