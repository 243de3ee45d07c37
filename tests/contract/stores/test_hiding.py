"""Messages that users deleted for themselves, one by one: no read of theirs has them, and those of others do."""

import asyncio
from collections.abc import Callable
from functools import partial

import pytest

from tests.contract.stores.acts import (
    ANN,
    BOB,
    ROOM,
    AnyStore,
    add,
    conversation_id,
    create,
    edit,
    mark_read,
    recall,
    remove,
    send,
)
from tests.contract.stores.conftest import Home
from tests.contract.stores.test_arranging import place
from tests.contract.stores.test_search import found, index
from tests.support.time_and_chance import ManualClock
from unisono.domain import arranging
from unisono.domain import commands as c
from unisono.domain.answers import Done
from unisono.domain.conversation import Decision, Scope, Snapshot
from unisono.domain.errors import LimitReached, NotFound
from unisono.domain.facts import Content, MessagePlaced
from unisono.domain.ids import ConversationId, Instant, SendKey, Seq, UserId
from unisono.ports.due_pushes import DueMessage
from unisono.stores.sql.postgres import PostgresConnection
from unisono.stores.sql.sqlite import SqliteConnection


async def delete(store: AnyStore, user: UserId, *seqs: int, room: ConversationId = ROOM) -> None:
    command = c.DeleteMessages(room, tuple(map(Seq, seqs)))
    scope = Scope(conversation=room, users=(user,), chosen=command.messages)
    await store.log.transact(scope, partial(arranging.delete_messages, user=user, command=command))


async def clear(store: AnyStore, user: UserId, up_to: Seq) -> None:
    scope = Scope(conversation=ROOM, users=(user,), read_to=up_to)
    command = c.DeleteHistory(ROOM, up_to)
    await store.log.transact(scope, partial(arranging.delete_history, user=user, command=command))


async def said(store: AnyStore, count: int, sender: UserId = BOB) -> list[Seq]:
    await create(store, ANN, BOB)
    return [(await send(store, sender, f"k{number}", f"tea {number}")).seq for number in range(count)]


async def texts(store: AnyStore, user: UserId, **asked: int) -> list[str | None]:
    page = await store.directory.history(c.GetHistory(ROOM, **asked), reader=user)  # type: ignore[arg-type]
    return [entry.message.content.text for entry in page.messages]


async def waiting(store: AnyStore, user: UserId) -> tuple[int, int, str | None]:
    """Give what is unread, the calls among it, and what was said last."""
    unread = await store.directory.unread(user, None, 10)
    last = unread.conversations[0].last if unread.conversations else None
    return unread.total, unread.mentions, None if last is None else last.message.content.text


@pytest.mark.rows("X53")
async def test_what_was_deleted_is_in_no_read_of_the_user(store: AnyStore) -> None:
    seqs = await said(store, 5)
    await delete(store, ANN, seqs[1], seqs[4])
    assert await texts(store, ANN) == ["tea 0", "tea 2", "tea 3"]
    assert await texts(store, ANN, limit=2) == ["tea 2", "tea 3"]
    assert len(await texts(store, BOB)) == 5
    page = await store.directory.history(c.GetHistory(ROOM, limit=3), reader=ANN)
    assert not page.has_more
    await index(store)
    assert sorted(await found(store, ANN, "tea")) == ["tea 0", "tea 2", "tea 3"]
    assert len(await found(store, BOB, "tea")) == 5
    assert len(await found(store, ANN, "tea", limit=2)) == 2
    for user, last in ((ANN, "tea 3"), (BOB, "tea 4")):
        (mine,) = await store.directory.some(user, [ROOM], with_members=False, with_last=True)
        assert mine.last is not None
        assert mine.last.message.content.text == last
    assert await store.directory.deleted(ANN, ROOM, seqs) == {seqs[1], seqs[4]}
    assert await store.directory.deleted(BOB, ROOM, seqs) == frozenset()
    # What a phone shows of it goes, too.
    shown = [(user, ROOM, seq) for user in (ANN, BOB) for seq in seqs]
    waiting = await store.due_pushes.waiting(shown)
    assert [seq for user, _, seq in shown if user == BOB and (user, ROOM, seq) not in waiting] == []
    assert not {(ANN, ROOM, seqs[1]), (ANN, ROOM, seqs[4])} & waiting
    assert await store.directory.deleted(ANN, conversation_id(9), seqs) == frozenset()
    assert [(await place(store, user)).hides_some for user in (ANN, BOB)] == [True, False]


async def test_unread_counts_know_of_it_whatever_is_read_later(store: AnyStore) -> None:
    seqs = await said(store, 6)
    calls = await send(store, BOB, "all", "all of you", mention_all=True)
    own = await send(store, ANN, "own", "mine")
    assert await waiting(store, ANN) == (7, 1, "mine")
    await delete(store, ANN, seqs[1], seqs[4], calls.seq, own.seq)
    assert await waiting(store, ANN) == (4, 0, "tea 5")
    await mark_read(store, ANN, seqs[2])
    assert await waiting(store, ANN) == (2, 0, "tea 5")
    await delete(store, ANN, seqs[0], seqs[3])
    assert await waiting(store, ANN) == (1, 0, "tea 5")
    await send(store, BOB, "more", "more")
    assert await waiting(store, ANN) == (2, 0, "more")
    await mark_read(store, ANN, seqs[5])
    assert await waiting(store, ANN) == (1, 0, "more")
    assert (await waiting(store, BOB))[0] == 1


async def test_a_mark_of_who_deleted_nothing_does_not_ask_what_was_deleted(
    durable: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each message that a mark moved over was looked up among what its reader deleted, which mostly is nothing."""
    store, asked = await durable.open(), list[str]()
    for connections in (SqliteConnection, PostgresConnection):
        monkeypatch.setattr(connections, "query", noting(connections.query, asked))
    seqs = await said(store, 6)
    await send(store, BOB, "all", "all of you", mention_all=True)
    await mark_read(store, ANN, seqs[1])
    assert await waiting(store, ANN) == (5, 1, "all of you")
    asked.clear()
    await mark_read(store, ANN, seqs[2])
    assert [text for text in asked if "count(" in text]
    assert [text for text in asked if "hidden" in text] == []
    await delete(store, ANN, seqs[3])
    asked.clear()
    await mark_read(store, ANN, seqs[4])
    assert [text for text in asked if "hidden" in text]
    assert await waiting(store, ANN) == (2, 1, "all of you")


def noting(query: Callable[..., object], asked: list[str]) -> Callable[..., object]:
    """Have a connection note what it is asked."""

    def noted(connection: object, text: str, *params: object) -> object:
        asked.append(text)
        return query(connection, text, *params)

    return noted


async def test_a_history_that_is_deleted_takes_those_along(store: AnyStore) -> None:
    seqs = await said(store, 6)
    await delete(store, ANN, seqs[1], seqs[4])
    await clear(store, ANN, seqs[2])
    assert await waiting(store, ANN) == (2, 0, "tea 5")
    assert await store.directory.deleted(ANN, ROOM, seqs) == {seqs[4]}
    await clear(store, ANN, seqs[5])
    assert await waiting(store, ANN) == (0, 0, None)
    assert await store.directory.deleted(ANN, ROOM, seqs) == frozenset()
    await delete(store, ANN, seqs[0])
    assert await store.directory.deleted(ANN, ROOM, seqs) == frozenset()


async def test_an_edit_or_a_recall_brings_nothing_back(store: AnyStore) -> None:
    seqs = await said(store, 3)
    await delete(store, ANN, seqs[1], seqs[2])
    await edit(store, BOB, seqs[1], "coffee")
    await recall(store, BOB, seqs[2])
    assert await texts(store, ANN) == ["tea 0"]
    assert await waiting(store, ANN) == (1, 0, "tea 0")
    await index(store)
    assert await found(store, ANN, "coffee") == []
    assert await found(store, BOB, "coffee") == ["coffee"]


async def test_an_edit_says_at_once_who_had_deleted_the_message(store: AnyStore) -> None:
    seqs = await said(store, 2)
    await delete(store, ANN, seqs[1])
    for seq, hiders in ((seqs[0], frozenset()), (seqs[1], frozenset({ANN}))):
        committed = await edit(store, BOB, seq, "coffee")
        assert [placed.unseen_by for placed in committed.facts] == [hiders]
    assert await store.directory.hiders(ROOM, seqs) == {seqs[1]: {ANN}}
    # Also where both are committed together.
    _, committed = await asyncio.gather(delete(store, ANN, seqs[0]), edit(store, BOB, seqs[0], "water"))
    assert [placed.unseen_by for placed in committed.facts] == [{ANN}]


async def test_who_deleted_a_message_is_looked_up_where_that_is_asked_alone(store: AnyStore) -> None:
    """A recall, a reaction or a thread read all who had, however many, while nobody else could write."""
    (seq,) = await said(store, 1)
    await delete(store, ANN, seq)
    seen: list[frozenset[UserId]] = []

    def look(snapshot: Snapshot) -> Decision:
        assert snapshot.target is not None
        seen.append(snapshot.target.hiders)
        return Decision(drafts=(), answer=lambda _: Done())

    for hiders in (False, True):
        await store.log.transact(Scope(conversation=ROOM, users=(BOB,), message=seq, hiders=hiders), look)
    assert seen == [frozenset(), {ANN}]


async def test_nobody_is_pushed_what_they_deleted(store: AnyStore) -> None:
    seqs = await said(store, 2)
    await delete(store, ANN, seqs[0])
    epoch = await store.log.epoch()
    for seq, absent in ((seqs[0], []), (seqs[1], [ANN])):
        message = MessagePlaced(BOB, SendKey("k"), Content(text="tea"))
        due = DueMessage(ROOM, "group", None, epoch, seq, Instant(0), message)
        assert [each.user for each in (await store.due_pushes.absent(due, None, 10)).absent] == absent


async def test_it_lasts_while_the_user_is_away_and_goes_with_them(store: AnyStore) -> None:
    seqs = await said(store, 3)
    await delete(store, ANN, seqs[1])
    await remove(store, ANN, ANN)
    await add(store, BOB, ANN)
    assert await texts(store, ANN) == ["tea 0", "tea 2"]
    assert (await place(store, ANN)).hides_some
    await store.erasures.drop_rest(ANN)
    assert await store.directory.deleted(ANN, ROOM, seqs) == frozenset()


async def test_what_is_no_message_is_not_found_and_nothing_is_deleted(store: AnyStore) -> None:
    seqs = await said(store, 2)
    for absent in (1, 99):
        with pytest.raises(NotFound):
            await delete(store, ANN, seqs[0], absent)
    assert await texts(store, ANN) == ["tea 0", "tea 1"]
    await delete(store, ANN, seqs[0])
    before = await store.log.checkpoint()
    await delete(store, ANN, seqs[0])
    assert await store.log.checkpoint() == before


async def test_no_more_may_be_deleted_in_all_conversations(store: AnyStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arranging, "DELETED_MAX", 3)
    seqs, other = await said(store, 3), conversation_id(5)
    await create(store, ANN, BOB, room=other)
    there = [(await send(store, BOB, f"k{number}", "tea", room=other)).seq for number in range(2)]
    await delete(store, ANN, seqs[0], seqs[2])
    with pytest.raises(LimitReached):
        await delete(store, ANN, *there, room=other)
    await delete(store, ANN, there[0], room=other)
    await delete(store, BOB, seqs[0])
    await clear(store, ANN, seqs[0])
    await delete(store, ANN, there[1], room=other)


async def test_what_is_trimmed_is_forgotten_and_unread_counts_stay_true(store: AnyStore, clock: ManualClock) -> None:
    seqs = await said(store, 4)
    await delete(store, ANN, seqs[0], seqs[1])
    clock.advance(10)
    before = clock.now()
    late = (await send(store, BOB, "late", "late")).seq
    await delete(store, ANN, late)
    assert (await waiting(store, ANN))[0] == 2
    assert not await store.log.trim("group", before, 100)
    assert await store.directory.deleted(ANN, ROOM, [*seqs, late]) == {late}
    assert (await waiting(store, ANN))[0] == 0
    await send(store, BOB, "later", "later")
    assert (await waiting(store, ANN))[0] == 1
    assert (await place(store, ANN)).own == 1
