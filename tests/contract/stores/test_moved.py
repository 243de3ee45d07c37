"""Catching up: what moved since a checkpoint, for a user and for the whole app."""

import asyncio

from tests.contract.stores.acts import (
    ANN,
    BOB,
    CIM,
    DAN,
    ROOM,
    AnyStore,
    add,
    conversation_id,
    create,
    mark_read,
    moved,
    remove,
    send,
)
from unisono.domain.ids import START, Checkpoint, conversation_stream, user_stream

TALK = conversation_stream(ROOM)


async def test_from_the_start_all_of_a_users_streams_have_moved(store: AnyStore) -> None:
    await create(store, ANN, BOB)
    await send(store, ANN, "key")
    assert await moved(store, BOB) == {TALK: 2, user_stream(BOB): 1}
    assert await moved(store, DAN) == {}


async def test_after_a_checkpoint_only_what_moved_since_is_listed(store: AnyStore) -> None:
    other = conversation_id(1)
    await create(store, ANN, BOB)
    await create(store, ANN, BOB, room=other)
    checkpoint = await store.log.checkpoint()
    assert await moved(store, BOB, checkpoint) == {}
    await send(store, ANN, "key", room=other)
    assert await moved(store, BOB, checkpoint) == {conversation_stream(other): 2}
    await mark_read(store, BOB, 1)
    assert await moved(store, BOB, checkpoint) == {conversation_stream(other): 2, user_stream(BOB): 3}


async def test_a_former_member_is_told_of_their_leaving_and_of_nothing_later(store: AnyStore) -> None:
    await create(store, ANN, BOB, CIM)
    before = await store.log.checkpoint()
    await remove(store, ANN, BOB)
    after = await store.log.checkpoint()
    await send(store, ANN, "key")
    assert await moved(store, BOB, before) == {TALK: 2, user_stream(BOB): 2}
    assert await moved(store, BOB, after) == {}
    assert (await moved(store, BOB))[TALK] == 2
    assert await moved(store, CIM, after) == {TALK: 3}


async def test_who_comes_back_is_told_of_everything_again(store: AnyStore) -> None:
    await create(store, ANN, BOB)
    await remove(store, ANN, BOB)
    checkpoint = await store.log.checkpoint()
    await add(store, ANN, BOB)
    await send(store, ANN, "key")
    assert await moved(store, BOB, checkpoint) == {TALK: 4, user_stream(BOB): 3}


async def test_pages_follow_one_another_by_stream_key_without_loss(store: AnyStore) -> None:
    rooms = [conversation_id(number) for number in range(23)]
    for room in reversed(rooms):
        await create(store, ANN, BOB, room=room)
    everything = {conversation_stream(room): 1 for room in rooms} | {user_stream(BOB): 23}
    assert [await moved(store, BOB, limit=limit) for limit in (1, 5, 23, 24, 25)] == [everything] * 5
    exact = await store.log.moved(BOB, START, None, 24)
    assert (len(exact.heads), exact.next) == (24, None)
    short = await store.log.moved(BOB, START, None, 23)
    assert (len(short.heads), short.next) == (23, conversation_stream(rooms[-1]))


async def test_what_moves_while_pages_are_read_is_found_after_the_first_pages_checkpoint(store: AnyStore) -> None:
    rooms = [conversation_id(number) for number in range(4)]
    for room in rooms:
        await create(store, ANN, BOB, room=room)
    first = await store.log.moved(BOB, START, None, 2)
    await send(store, ANN, "key", room=rooms[0])
    rest = await store.log.moved(BOB, START, first.next, 10)
    assert conversation_stream(rooms[0]) not in {head.stream for head in rest.heads}
    assert await moved(store, BOB, first.checkpoint) == {conversation_stream(rooms[0]): 2}


async def test_a_checkpoint_of_another_log_accounts_for_nothing(store: AnyStore) -> None:
    """A reader that was served by a database which is lost since comes with a number that this one has not reached."""
    await create(store, ANN, BOB)
    ahead = Checkpoint(await store.log.checkpoint() + 1_000_000)
    assert await moved(store, BOB, ahead) == {TALK: 1, user_stream(BOB): 1}
    assert len((await store.log.moved_in_app(ahead, 10)).streams) == 3


async def test_the_checkpoint_never_falls_and_covers_what_was_acknowledged(store: AnyStore) -> None:
    await create(store, ANN, BOB)
    seen = [await store.log.checkpoint()]
    for number in range(5):
        await send(store, ANN, f"{number}")
        seen.append(await store.log.checkpoint())
        assert await moved(store, ANN, seen[-1]) == {}
        assert (await moved(store, ANN, seen[-2])) == {TALK: number + 2}
    assert seen == sorted(set(seen))


async def test_the_app_lists_streams_in_the_order_in_which_they_moved(store: AnyStore) -> None:
    rooms = [conversation_id(number) for number in range(3)]
    for room in rooms:
        await create(store, ANN, BOB, room=room)
    checkpoint = await store.log.checkpoint()
    assert (await store.log.moved_in_app(checkpoint, 10)).streams == ()
    for turn, room in enumerate((rooms[2], rooms[0], rooms[1])):
        await send(store, ANN, f"{turn}", room=room)
    moves = await store.log.moved_in_app(checkpoint, 10)
    assert [move.stream for move in moves.streams] == [conversation_stream(rooms[at]) for at in (2, 0, 1)]
    assert [move.head for move in moves.streams] == [2, 2, 2]
    assert moves.is_complete
    assert moves.checkpoint == await store.log.checkpoint()


async def test_pages_of_the_app_lose_nothing_and_end(store: AnyStore) -> None:
    rooms = [conversation_id(number) for number in range(9)]
    for room in rooms:
        await create(store, ANN, BOB, CIM, room=room)
    await asyncio.gather(*(send(store, ANN, "key", room=room) for room in rooms))
    for limit in (1, 2, 5, 11, 12, 13):
        checkpoint, found, is_complete = START, {}, False
        while not is_complete:
            moves = await store.log.moved_in_app(checkpoint, limit)
            found.update({move.stream: move.head for move in moves.streams})
            assert moves.checkpoint > checkpoint
            checkpoint, is_complete = moves.checkpoint, moves.is_complete
        assert found == {conversation_stream(room): 2 for room in rooms} | {
            user_stream(user): 9 for user in (ANN, BOB, CIM)
        }
        assert checkpoint == await store.log.checkpoint()
