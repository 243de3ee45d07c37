"""Receipts in a store: who asked hears of the first device of each recipient, once."""

from tests.contract.stores.acts import (
    ANN,
    BOB,
    CIM,
    DAN,
    ROOM,
    AnyStore,
    add,
    create,
    mark_delivered,
    mark_read,
    remove,
    send,
)
from unisono.domain.answers import Receipts
from unisono.domain.facts import DeliveredTo, ReadBy, ReadMarkMoved
from unisono.domain.ids import Seq
from unisono.ports.directory import SentReceipts


async def test_each_asker_hears_once_of_each_recipient(store: AnyStore) -> None:
    await create(store, ANN, BOB, CIM)
    await send(store, ANN, "1", receipt=True)
    await send(store, ANN, "2")
    await send(store, CIM, "3", receipt=True)
    told = await mark_delivered(store, BOB, 4)
    assert [fact.fact for fact in told.facts] == [DeliveredTo(ROOM, Seq(4), BOB, after=Seq(1))] * 2
    assert [fact.stream for fact in told.facts] == ["u/ann", "u/cim"]
    assert (await mark_delivered(store, BOB, 4)).facts == ()
    assert (await mark_delivered(store, BOB, 2)).facts == ()
    own = await mark_delivered(store, ANN, 4)
    assert [fact.stream for fact in own.facts] == ["u/cim"]
    await send(store, ANN, "4", receipt=True)
    later = await mark_delivered(store, BOB, 99)
    assert [(fact.stream, fact.fact) for fact in later.facts] == [
        ("u/ann", DeliveredTo(ROOM, Seq(5), BOB, after=Seq(4)))
    ]


async def test_how_far_somebody_has_it_is_kept_where_nobody_asked(store: AnyStore) -> None:
    """A client that is sent what it missed had it all again, from another node or after a restart."""
    await create(store, ANN, BOB, CIM)
    for key in ("1", "2", "3"):
        await send(store, ANN, key)
    before = await store.log.checkpoint()
    for seq, reached in ((3, 3), (2, 3), (99, 4), (99, 4)):
        assert (await mark_delivered(store, BOB, seq)).facts == ()
        places = await store.directory.places(ROOM, [BOB, CIM])
        assert {each.user: each.delivered for each in places} == {BOB: reached, CIM: 0}
    # Nobody is told, so nothing moved.
    assert await store.log.checkpoint() == before
    await send(store, ANN, "4", receipt=True)
    told = await mark_delivered(store, BOB, 5)
    assert [fact.fact for fact in told.facts] == [DeliveredTo(ROOM, Seq(5), BOB, after=Seq(4))]


async def test_reading_tells_who_asked_and_counts_as_having_got(store: AnyStore) -> None:
    await create(store, ANN, BOB, CIM)
    await send(store, ANN, "1", receipt=True)
    read = await mark_read(store, BOB, 2)
    assert [fact.fact for fact in read.facts] == [
        ReadMarkMoved(ROOM, Seq(2), Seq(2)),
        ReadBy(ROOM, Seq(2), BOB, after=Seq(1)),
    ]
    await mark_delivered(store, CIM, 2)
    found = await store.directory.receipts(ROOM, Seq(2))
    assert found == SentReceipts(ANN, Receipts(ROOM, Seq(2), (BOB, CIM), (BOB,), 2))
    assert await store.directory.receipts(ROOM, Seq(1)) is None
    assert await store.directory.receipts(ROOM, Seq(9)) is None


async def test_who_was_not_there_is_not_counted(store: AnyStore) -> None:
    await create(store, ANN, BOB, CIM)
    await send(store, ANN, "1", receipt=True)
    await remove(store, ANN, CIM)
    await add(store, ANN, DAN)
    await mark_delivered(store, DAN, 4)
    found = await store.directory.receipts(ROOM, Seq(2))
    assert found is not None
    assert (found.receipts.delivered, found.receipts.of) == ((), 2)
    late = await mark_delivered(store, DAN, 2)
    assert late.facts == (), "it was said before they came"
