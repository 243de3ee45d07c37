"""Several nodes on one PostgreSQL schema."""

import asyncio
import threading
from random import Random

import psycopg
import pytest

from tests.contract.stores.acts import (
    ANN,
    BOB,
    CIM,
    DAN,
    ROOM,
    add,
    conversation_id,
    create,
    digest,
    limit_of,
    log_in,
    moved,
    open_session,
    record,
    remove,
    send,
    seqs,
    view_of,
)
from tests.contract.stores.conftest import Home
from tests.support.time_and_chance import NOON, ManualClock
from unisono.domain.answers import Done
from unisono.domain.conversation import Decision, Scope, Snapshot
from unisono.domain.errors import Invalid
from unisono.domain.facts import MembersLeft, SessionOpened
from unisono.domain.ids import Fence, Instant, Seq, SessionId, UserId, conversation_stream, user_stream
from unisono.domain.placement import Draft
from unisono.ports.sessions import LeaseState
from unisono.stores.sql import StoreOptions, open_store

PATIENCE_S = 20.0
POSITIONS = """
    SELECT seq, pos FROM app_test.facts JOIN app_test.streams ON streams.id = facts.stream
    WHERE key = 'c/000000000000000000000000' ORDER BY seq
"""


async def test_a_commit_that_becomes_visible_late_is_not_missed(shared: Home) -> None:
    """The transaction that began first commits last; a checkpoint taken in between must lie before both."""
    slow, quick = await shared.open(), await shared.open()
    other = conversation_id(1)
    await create(slow, ANN, BOB)
    await create(slow, ANN, BOB, room=other)
    has_begun, release = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def decide(_: Snapshot) -> Decision:
        loop.call_soon_threadsafe(has_begun.set)
        release.wait(PATIENCE_S)
        return Decision((Draft(conversation_stream(ROOM), MembersLeft((DAN,), ANN)),), lambda _: Done())

    before = await quick.log.checkpoint()
    late = slow.log.transact(Scope(conversation=ROOM), decide)
    await has_begun.wait()
    await send(quick, ANN, "key", room=other)
    between = await quick.log.checkpoint()
    app = await quick.log.moved_in_app(before, 10)
    page = await quick.log.moved(ANN, before, None, 10)
    assert [head.stream for head in page.heads] == [conversation_stream(other)]
    release.set()
    assert (await late).facts[0].checkpoint > between
    for checkpoint in (between, app.checkpoint, page.checkpoint):
        assert conversation_stream(ROOM) in await moved(quick, BOB, checkpoint)
        again = await quick.log.moved_in_app(checkpoint, 10)
        assert conversation_stream(ROOM) in {move.stream for move in again.streams}
    audience = await quick.directory.audience(conversation_stream(ROOM), between)
    assert (audience.after, audience.head) == (1, 2)


async def test_positions_never_fall_along_a_stream(shared: Home) -> None:
    """Transactions may come to a stream in another order than their numbers'; a checkpoint still cuts a prefix."""
    slow, quick = await shared.open(), await shared.open()
    await create(slow, ANN, BOB)
    other = conversation_id(1)
    await create(slow, ANN, BOB, room=other)
    has_begun, release = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def decide(_: Snapshot) -> Decision:
        loop.call_soon_threadsafe(has_begun.set)
        release.wait(PATIENCE_S)
        return Decision((Draft(conversation_stream(ROOM), MembersLeft((DAN,), ANN)),), lambda _: Done())

    late = slow.log.transact(Scope(conversation=other), decide)
    await has_begun.wait()
    await send(quick, ANN, "key")
    release.set()
    facts = (await late).facts
    assert facts[0].seq == 3
    with psycopg.connect(shared.options.url) as connection:  # type: ignore[union-attr, arg-type]
        rows = connection.execute(POSITIONS).fetchall()
    positions = [pos for _, pos in rows]
    assert positions == sorted(positions)
    assert facts[0].checkpoint == positions[-1]


async def test_two_nodes_write_one_stream_without_a_hole(shared: Home) -> None:
    nodes = [await shared.open() for _ in range(2)]
    await create(nodes[0], ANN, BOB)

    async def write(number: int) -> list[int]:
        return [(await send(nodes[number % 2], ANN, f"{number}-{turn}")).seq for turn in range(8)]

    places = [place for run in await asyncio.gather(*map(write, range(64))) for place in run]
    assert sorted(places) == list(range(2, 2 + 64 * 8))
    assert await seqs(nodes[1]) == list(range(1, 2 + 64 * 8))


async def test_two_nodes_give_a_repeated_key_one_place(shared: Home) -> None:
    nodes = [await shared.open() for _ in range(2)]
    await create(nodes[0], ANN, BOB)
    placed = await asyncio.gather(*(send(nodes[turn % 2], ANN, f"key-{turn // 4}") for turn in range(80)))
    assert {placed[turn] for turn in range(80)} == {placed[4 * turn] for turn in range(20)}
    assert await seqs(nodes[0]) == list(range(1, 22))


async def test_two_nodes_make_one_unique_conversation(shared: Home) -> None:
    nodes = [await shared.open() for _ in range(2)]
    for turn in range(10):
        pair = UserId(f"left-{turn}"), UserId(f"right-{turn}")
        made = await asyncio.gather(
            *(
                create(nodes[side], pair[side], pair[1 - side], room=conversation_id(2 * turn + side), of="direct")
                for side in (0, 1)
            )
        )
        assert len({view_of(one).conversation for one in made}) == 1
        assert sum(view_of(one).is_new for one in made) == 1


async def test_two_nodes_that_repeat_one_create_make_one_conversation(shared: Home) -> None:
    nodes = [await shared.open() for _ in range(2)]
    for turn in range(10):
        user = UserId(f"user-{turn}")
        made = await asyncio.gather(*(create(nodes[at % 2], user, BOB, room=conversation_id(turn)) for at in range(4)))
        assert sum(view_of(one).is_new for one in made) == 1


async def test_two_nodes_admit_no_more_devices_than_allowed(shared: Home) -> None:
    nodes = [await shared.open() for _ in range(2)]
    policy = limit_of(3)
    await asyncio.gather(
        *(log_in(nodes[number % 2], record(f"session-{number:03}", at=NOON), policy) for number in range(200))
    )
    alive = 0
    for fact in (await nodes[0].log.read(user_stream(ANN), Seq(0), 1000)).facts:
        alive += 1 if isinstance(fact.fact, SessionOpened) else -1
        assert alive <= 3
    assert alive == len(await nodes[1].sessions.list_of(ANN)) == 3


async def test_what_one_node_changes_the_other_decides_over(shared: Home) -> None:
    nodes = [await shared.open() for _ in range(2)]
    await create(nodes[0], ANN, BOB)
    for turn in range(10):
        await send(nodes[0], ANN, f"{turn}")
        await remove(nodes[1], ANN, BOB)
        outcome = await asyncio.gather(send(nodes[0], BOB, f"refused-{turn}"), return_exceptions=True)
        assert isinstance(outcome[0], Exception)
        await add(nodes[0], ANN, BOB)
        assert (await send(nodes[1], BOB, f"{turn}")).seq == 4 * turn + 5


async def test_two_nodes_that_cross_each_other_both_get_through(shared: Home) -> None:
    """Batches over the same users and conversations in any order end in deadlocks; these are run again."""
    nodes = [await shared.open() for _ in range(2)]
    users = [ANN, BOB, CIM, DAN]

    async def churn(number: int) -> None:
        node, room = nodes[number % 2], conversation_id(number % 3)
        me = users[number % 4]
        await create(node, me, *users, room=conversation_id(100 + number))
        await log_in(node, record(f"session-{number}", me, at=NOON))
        await send(node, ANN, f"{number}", room=room)
        await create(nodes[1 - number % 2], users[number % 3], *users, room=conversation_id(200 + number))

    for number in range(3):
        await create(nodes[0], ANN, *users, room=conversation_id(number))
    await asyncio.gather(*map(churn, range(40)))
    for number in range(3):
        stream = conversation_stream(conversation_id(number))
        assert await seqs(nodes[0], stream) == list(range(1, len(await seqs(nodes[1], stream)) + 1))
    heads = await moved(nodes[0], DAN)
    assert len(heads) == 3 + 80 + 1


async def test_nodes_that_work_on_the_same_sessions_never_wait_in_a_circle(shared: Home) -> None:
    """Each locked them in the order of its requests; a circle was found after a second, and all waited that long."""
    nodes = [await shared.open(deadline_s=30.0) for _ in range(2)]
    leases = [await node.sessions.take_lease(f"node-{number}", 60) for number, node in enumerate(nodes)]
    users = [UserId(f"user-{number}") for number in range(5)]
    names = [SessionId(f"{number}-{user}") for number in range(4) for user in users]
    for name in names:
        await open_session(nodes[0], record(name, UserId(name.partition("-")[2]), "device", at=NOON, node=leases[0]))
    deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    assert shared.options is not None

    async def hammer(which: int) -> None:
        for turn in range(150):
            await act(which, turn)

    async def act(which: int, turn: int) -> None:
        node, lease, chance = nodes[which], leases[which], Random(f"{which}/{turn}")
        mixed = chance.sample(names, len(names))
        await asyncio.gather(
            node.sessions.attach(mixed[0], digest(), None, lease, None),
            node.sessions.touch([(name, Instant(NOON + 2 * turn + which)) for name in mixed[:10]]),
            node.sessions.detach(mixed[1], Fence(turn), lease),
            log_in(node, record(mixed[2], UserId(mixed[2].partition("-")[2]), "device", at=NOON, node=lease)),
            node.sessions.attach(mixed[3], digest(), None, lease, None),
            node.sessions.touch([(name, Instant(NOON + 2 * turn + which)) for name in mixed[10:]]),
            node.sessions.forget_ended(NOON),
            log_in(node, record(mixed[4], UserId(mixed[4].partition("-")[2]), "device", at=NOON, node=lease)),
        )

    with psycopg.connect(shared.options.url or "", autocommit=True) as watcher:
        before = watcher.execute(deadlocks).fetchall()
        async with asyncio.TaskGroup() as tasks:
            for which in range(2):
                tasks.create_task(hammer(which))
        for node in nodes:
            await shared.close(node)
        assert watcher.execute(deadlocks).fetchall() == before


async def test_a_login_id_that_two_users_choose_in_one_moment_belongs_to_one(shared: Home) -> None:
    """The later of two used to be written over the earlier one's session."""
    nodes = [await shared.open() for _ in range(2)]
    for number in range(20):
        wanted = [record(f"same-{number}", user, at=NOON) for user in (ANN, BOB)]
        came = await asyncio.gather(*map(open_session, nodes, wanted), return_exceptions=True)
        lost = [one for one in came if isinstance(one, BaseException)]
        assert len(lost) == 1
        assert isinstance(lost[0], Invalid)
    held = [session for user in (ANN, BOB) for session in await nodes[0].sessions.list_of(user)]
    assert len(held) == 20


async def test_leases_are_kept_by_the_time_of_the_server(shared: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nodes whose clocks were a minute apart took each other for lost."""
    monkeypatch.undo()
    late, early = await shared.open(), await open_store(shared.options or StoreOptions("test"), ManualClock())
    shared.clock.set_by(86_400)
    first, second = [await node.sessions.take_lease(name, 60) for node, name in ((late, "a"), (early, "b"))]
    await open_session(late, record("one", at=NOON, node=first))
    assert (await early.sessions.list_of(ANN))[0].node == first
    assert await late.sessions.users_with_expired(NOON, 10) == []
    for node, lease in ((late, first), (early, second)):
        assert await node.sessions.keep_lease(lease, 0.001) is LeaseState.HELD
        await asyncio.sleep(0.01)
        assert await node.sessions.keep_lease(lease, 60) is LeaseState.OVER
    assert (await early.sessions.list_of(ANN))[0].node is None
    await early.close()
