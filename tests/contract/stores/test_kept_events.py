"""Kept events: what waits for a session until it took it, its time or the session is over, or there is too much."""

import pytest
from msgspec import structs

from tests.contract.stores.acts import ANN, AnyStore, end_session, open_session, record
from tests.contract.stores.conftest import Home
from tests.support.time_and_chance import NOON, ManualClock
from unisono.domain.errors import KeyReused
from unisono.domain.facts import Content
from unisono.domain.ids import Instant, SendKey, SessionId, TabId
from unisono.domain.told import Teller, Told, ToldLater

PHONE, WATCH = SessionId("phone-1"), SessionId("watch-1")
BOTH = (PHONE, WATCH)
SOON = Instant(NOON + 60_000)
PLENTY = 1 << 20


def told(key: str, data: object = None, at: int = NOON) -> Told:
    return Told(SendKey(key), Instant(at), "cart", data, is_kept=True)


async def let_in(store: AnyStore, *sessions: SessionId) -> None:
    for session in sessions:
        await open_session(store, record(session, ANN, session, at=NOON))


async def waiting(store: AnyStore, session: SessionId = PHONE, limit_bytes: int = PLENTY) -> list[str]:
    return [each.id for each in (await store.kept_events.waiting(session, limit_bytes)).events]


async def test_each_session_has_its_own_until_it_took_it(store: AnyStore) -> None:
    await let_in(store, *BOTH)
    whole = Told(
        SendKey("whole"), NOON, content=Content(text="Hi!", data={"n": [1]}), teller=Teller(WATCH), is_kept=True
    )
    await store.kept_events.keep(ANN, BOTH, told("b", {"n": 1}, NOON + 2), SOON)
    await store.kept_events.keep(ANN, BOTH, told("a", at=NOON + 1), SOON)
    await store.kept_events.keep(ANN, (PHONE,), whole, SOON)
    await store.kept_events.keep(ANN, BOTH, told("a", at=NOON + 9), SOON)
    assert (await store.kept_events.waiting(PHONE, PLENTY)).events == (
        told("b", {"n": 1}, NOON + 2),
        told("a", at=NOON + 1),
        whole,
    )
    await store.kept_events.took(ANN, PHONE, [SendKey("a"), SendKey("none")])
    assert await waiting(store) == ["b", "whole"]
    assert await waiting(store, WATCH) == ["b", "a"]
    assert await store.kept_events.waiting(SessionId("none"), PLENTY) == ToldLater()


@pytest.mark.parametrize(
    "other",
    [
        told("a", "something else"),
        structs.replace(told("a", [1]), teller=Teller(WATCH)),
        structs.replace(told("a", [1]), name="another"),
        structs.replace(told("a", [1]), tab=TabId("t1")),
    ],
)
async def test_a_key_under_which_something_else_waits_is_refused_and_nothing_changes(
    store: AnyStore, other: Told
) -> None:
    await let_in(store, *BOTH)
    await store.kept_events.keep(ANN, (PHONE,), told("a", [1]), SOON)
    with pytest.raises(KeyReused):
        await store.kept_events.keep(ANN, BOTH, other, Instant(SOON + 9))
    assert (await store.kept_events.waiting(PHONE, PLENTY)).events == (told("a", [1]),)
    assert await waiting(store, WATCH) == []
    assert await store.kept_events.forget(Instant(SOON + 1)) == 1
    # Nothing waits under it any more: it may be used again.
    await store.kept_events.keep(ANN, BOTH, other, SOON)
    assert (await store.kept_events.waiting(WATCH, PLENTY)).events == (other,)


async def test_what_waits_comes_in_parts(store: AnyStore) -> None:
    await let_in(store, PHONE)
    for number in range(3):
        await store.kept_events.keep(ANN, (PHONE,), told(f"k{number}", "x" * 1_000, NOON + number), SOON)
    part = await store.kept_events.waiting(PHONE, 2_500)
    assert ([each.id for each in part.events], part.has_more) == (["k0", "k1"], True)
    part = await store.kept_events.waiting(PHONE, 10)
    assert ([each.id for each in part.events], part.has_more) == (["k0"], True)
    assert not (await store.kept_events.waiting(PHONE, PLENTY)).has_more


async def test_it_goes_with_its_session_and_with_its_time(store: AnyStore) -> None:
    await let_in(store, *BOTH)
    await store.kept_events.keep(ANN, BOTH, told("a"), SOON)
    await store.kept_events.keep(ANN, BOTH, told("b"), Instant(SOON + 1))
    await end_session(store, ANN, PHONE)
    assert await waiting(store) == []
    await store.kept_events.keep(ANN, (PHONE,), told("c"), SOON)
    assert await waiting(store) == []
    assert await store.kept_events.forget(SOON) == 0
    assert await store.kept_events.forget(Instant(SOON + 1)) == 1
    assert await waiting(store, WATCH) == ["b"]


@pytest.mark.parametrize(
    ("limit", "value", "left"), [("KEPT_MAX", 2, 2), ("KEPT_BYTES", 2_500, 2), ("KEPT_BYTES", 1, 1)]
)
async def test_of_too_much_the_oldest_goes_and_that_is_told_to_each_it_waited_for(
    store: AnyStore, monkeypatch: pytest.MonkeyPatch, limit: str, value: int, left: int
) -> None:
    for module in ("sql", "memory"):
        monkeypatch.setattr(f"unisono.stores.{module}.kept_events.{limit}", value)
    await let_in(store, *BOTH)
    for number in range(4):
        to = (PHONE,) if number < 2 else BOTH
        await store.kept_events.keep(ANN, to, told(f"k{number}", "x" * 1_000, NOON + number), SOON)
    later = await store.kept_events.waiting(PHONE, PLENTY)
    assert ([each.id for each in later.events], later.lost > 0) == ([f"k{number}" for number in range(4)][-left:], True)
    watched = await store.kept_events.waiting(WATCH, PLENTY)
    assert (watched.events, watched.lost > 0) == (later.events, left == 1)
    await store.kept_events.took(ANN, PHONE, [], later.lost)
    assert (await store.kept_events.waiting(PHONE, PLENTY)).lost == 0
    assert (await store.kept_events.waiting(WATCH, PLENTY)).lost == watched.lost
    assert len(await waiting(store)) == left


async def test_what_goes_while_a_loss_is_told_is_told_next_time(
    store: AnyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever was taken took the mark along that had come meanwhile: that loss was never told."""
    for module in ("sql", "memory"):
        monkeypatch.setattr(f"unisono.stores.{module}.kept_events.KEPT_MAX", 2)
    await let_in(store, PHONE)

    async def keep(*keys: str) -> ToldLater:
        for key in keys:
            await store.kept_events.keep(ANN, (PHONE,), told(key), SOON)
        return await store.kept_events.waiting(PHONE, PLENTY)

    first = await keep("a", "b")
    assert first.lost == 0
    second = await keep("c", "d")
    await store.kept_events.took(ANN, PHONE, [each.id for each in first.events], first.lost)
    assert (await store.kept_events.waiting(PHONE, PLENTY)).lost == second.lost > 0
    third = await keep("e")
    await store.kept_events.took(ANN, PHONE, [], second.lost)
    assert (await store.kept_events.waiting(PHONE, PLENTY)).lost == third.lost > second.lost


async def test_what_comes_behind_a_loss_has_a_higher_number_though_clocks_are_set_back(
    store: AnyStore, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With nothing left but the mark, the next number was the time: confirming one loss took the next along."""
    for module in ("sql", "memory"):
        monkeypatch.setattr(f"unisono.stores.{module}.kept_events.KEPT_MAX", 1)
    await let_in(store, PHONE)
    losses = []
    for turn in range(2):
        for key in ("a", "b"):
            await store.kept_events.keep(ANN, (PHONE,), told(f"{key}{turn}"), SOON)
        losses.append((await store.kept_events.waiting(PHONE, PLENTY)).lost)
        await store.kept_events.took(ANN, PHONE, [SendKey(f"b{turn}")])
        clock.set_by(-60)
    assert 0 < losses[0] < losses[1]
    await store.kept_events.took(ANN, PHONE, [], losses[0])
    assert (await store.kept_events.waiting(PHONE, PLENTY)).lost == losses[1]


async def test_a_loss_is_told_however_soon_what_came_last_is_over(
    store: AnyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mark went with the time of what had pushed the oldest out."""
    for module in ("sql", "memory"):
        monkeypatch.setattr(f"unisono.stores.{module}.kept_events.KEPT_MAX", 2)
    await let_in(store, PHONE)
    for key, until in (("a", SOON), ("b", SOON), ("c", Instant(NOON + 1))):
        await store.kept_events.keep(ANN, (PHONE,), told(key), until)
    assert await store.kept_events.forget(Instant(NOON + 2)) == 1
    later = await store.kept_events.waiting(PHONE, PLENTY)
    assert ([each.id for each in later.events], later.lost > 0) == (["b"], True)


async def test_what_nobody_waits_for_any_more_makes_room(store: AnyStore, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("sql", "memory"):
        monkeypatch.setattr(f"unisono.stores.{module}.kept_events.KEPT_MAX", 2)
    await let_in(store, *BOTH)
    await store.kept_events.keep(ANN, (PHONE,), told("a"), SOON)
    for key in ("b", "c", "d"):
        await store.kept_events.keep(ANN, (WATCH,), told(key), SOON)
        await store.kept_events.took(ANN, WATCH, [SendKey(key)])
    await store.kept_events.keep(ANN, (WATCH,), told("e"), SOON)
    await end_session(store, ANN, WATCH)
    await store.kept_events.keep(ANN, (PHONE,), told("f"), SOON)
    later = await store.kept_events.waiting(PHONE, PLENTY)
    assert ([each.id for each in later.events], later.lost) == (["a", "f"], 0)


async def test_what_comes_again_waits_as_long_as_was_asked_last_and_for_those_too(store: AnyStore) -> None:
    await let_in(store, *BOTH)
    await store.kept_events.keep(ANN, (PHONE,), told("a"), SOON)
    await store.kept_events.keep(ANN, BOTH, told("a"), Instant(SOON + 10))
    await store.kept_events.keep(ANN, BOTH, told("a"), SOON)
    assert await store.kept_events.forget(Instant(SOON + 10)) == 0
    assert (await waiting(store), await waiting(store, WATCH)) == (["a"], ["a"])


async def test_it_outlives_the_server(durable: Home) -> None:
    store = await durable.open()
    await let_in(store, PHONE)
    await store.kept_events.keep(ANN, (PHONE,), told("a"), SOON)
    await durable.close(store)
    assert await waiting(await durable.open()) == ["a"]
