"""What is told to some of a user's sessions reaches those, live and now, and nobody else."""

import asyncio

import pytest

from tests.support.virtual_time import in_virtual_time
from tests.unit.app.app_stage import Present, an_app
from unisono.domain import commands as c
from unisono.domain.answers import Done
from unisono.domain.errors import KeyReused, NotFound, RateLimited, Unavailable
from unisono.domain.ids import DeviceId, Platform, SendKey, SessionId, TabId, UserId
from unisono.domain.rates import Rate
from unisono.domain.told import Addressed, Teller, Told, ToldLater

KEY = SendKey("k")


def told(*presents: Present) -> list[list[object]]:
    """Give the names of what each was told."""
    return [[event.name for event in each.link.events if isinstance(event, Told)] for each in presents]


@pytest.mark.rows("Q25")
@in_virtual_time
async def test_a_session_tells_others_of_its_user_at_each_level() -> None:
    async with an_app() as stage:
        first = await stage.login("alice", "laptop", login="first-one")
        second = await stage.login("alice", "laptop", login="second-one")
        phone = await stage.login("alice", "phone", platform="ios", login="third-one")
        bob = await stage.login("bob")
        everybody = (first, second, phone, bob)
        assert await first.ask(c.Tell(KEY, name="all")) == Addressed(live=2, away=0)
        assert await first.ask(c.Tell(KEY, c.Address(Platform("ios")), "platform")) == Addressed(live=1, away=0)
        assert await phone.ask(c.Tell(KEY, c.Address(device=DeviceId("laptop")), "device")) == Addressed(2, 0)
        assert await first.ask(c.Tell(KEY, c.Address(session=second.session), "session")) == Addressed(1, 0)
        assert told(*everybody) == [["device"], ["all", "device", "session"], ["all", "platform"], []]
        # The same address of another user is none.
        with pytest.raises(NotFound):
            await bob.ask(c.Tell(KEY, c.Address(session=second.session), "session"))


@in_virtual_time
async def test_what_is_for_a_tab_comes_once_with_its_name_to_the_session_that_has_it() -> None:
    async with an_app() as stage:
        first, second = await stage.login("alice", "a"), await stage.login("alice", "b")
        await second.ask(c.ShareTabs((c.Tab(TabId("t1")), c.Tab(TabId("t2")))))
        to = c.Address(session=second.session, tab=TabId("t2"))
        await first.ask(c.Tell(KEY, to, "cart", [1], tab=TabId("t9")))
        (event,) = [event for event in second.link.events if isinstance(event, Told)]
        assert (event.tab, event.data) == (TabId("t2"), [1])
        assert event.teller == Teller(first.session, TabId("t9"))
        assert told(first) == [[]]
        with pytest.raises(NotFound):
            await first.ask(c.Tell(KEY, c.Address(session=second.session, tab=TabId("t3")), "cart"))


@pytest.mark.rows("S9", "S11")
@in_virtual_time
async def test_who_is_away_hears_nothing_and_nobody_is_no_fault() -> None:
    async with an_app() as stage:
        first, second = await stage.login("alice", "a"), await stage.login("alice", "b")
        await second.go()
        assert await first.ask(c.Tell(KEY, name="cart")) == Addressed(live=0, away=1)
        executor = stage.node.executor
        assert await executor.on_behalf(UserId("alice"), c.Tell(KEY, name="cart")) == Addressed(live=1, away=1)
        assert await executor.on_behalf(UserId("carol"), c.Tell(KEY, name="cart")) == Addressed(live=0, away=0)
        with pytest.raises(NotFound):
            await executor.on_behalf(UserId("carol"), c.Tell(KEY, c.Address(session=SessionId("s")), "cart"))
        (event,) = [event for event in first.link.events if isinstance(event, Told)]
        assert (event.teller, event.name) == (None, "cart")


def ids(present: Present) -> list[str]:
    """Give what waited for a session, as it was brought."""
    return [each.id for event in present.link.events if isinstance(event, ToldLater) for each in event.events]


@in_virtual_time
async def test_what_is_kept_waits_for_sessions_that_are_away_until_they_took_it() -> None:
    async with an_app() as stage:
        first, second = await stage.login("alice", "a"), await stage.login("alice", "b")
        await second.go()
        for key in ("one", "two"):
            answer = await first.ask(c.Tell(SendKey(key), name="cart", keep_s=60))
            assert answer == Addressed(live=0, away=1)
            await asyncio.sleep(0.01)
        await first.ask(c.Tell(SendKey("three"), name="cart"))
        telling = stage.node.telling
        for expected in (["one", "two"], ["two"], []):
            second = await stage.resume(second)
            await telling.bring(second.session, second.link)
            assert ids(second) == expected
            if expected:
                assert await second.ask(c.Took((SendKey(expected[0]),))) == Done()
            await second.go()
        await first.ask(c.Tell(SendKey("four"), name="cart", keep_s=1))
        await asyncio.sleep(2.0)
        await telling.sweep()
        second = await stage.resume(second)
        await telling.bring(second.session, second.link)
        assert ids(second) == []
        assert not [event for event in first.link.events if isinstance(event, Told | ToldLater)]


def heard(present: Present) -> list[object]:
    """Give what a session was told, each by its name; what waited for it together."""
    return [
        event.name if isinstance(event, Told) else [each.name for each in event.events]
        for event in present.link.events
        if isinstance(event, Told | ToldLater)
    ]


@in_virtual_time
async def test_what_is_told_while_a_session_comes_back_comes_behind_what_waited(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It was heard first, and what it had made out of date behind it."""
    async with an_app() as stage:
        first, second = await stage.login("alice", "a"), await stage.login("alice", "b")
        await second.go()
        await first.ask(c.Tell(SendKey("one"), name="one", keep_s=60))
        await asyncio.sleep(0.01)
        second = await stage.resume(second)
        stage.node.signals.hold(second.link)
        await first.ask(c.Tell(SendKey("two"), name="two", keep_s=60))
        await first.ask(c.Tell(SendKey("three"), name="three"))
        assert heard(second) == []
        waiting = stage.store.kept_events.waiting

        async def slow(session: SessionId, limit_bytes: int) -> ToldLater:
            found = await waiting(session, limit_bytes)
            await first.ask(c.Tell(SendKey("four"), name="four", keep_s=60))
            return found

        monkeypatch.setattr(stage.store.kept_events, "waiting", slow)
        await stage.node.telling.bring(second.session, second.link)
        assert heard(second) == [["one", "two"], "three", "four"]
        await first.ask(c.Tell(SendKey("five"), name="five"))
        assert heard(second)[-1] == "five"


@in_virtual_time
async def test_nothing_is_held_back_for_a_store_that_is_away_nor_more_than_a_bound(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("unisono.app.signals.HELD_LIMIT", 1)

    async def away(session: SessionId, limit_bytes: int) -> ToldLater:
        del session, limit_bytes
        raise Unavailable(part="store")

    async with an_app() as stage:
        first, second = await stage.login("alice", "a"), await stage.login("alice", "b")
        monkeypatch.setattr(stage.store.kept_events, "waiting", away)
        stage.node.signals.hold(second.link)
        for key in ("one", "two"):
            await first.ask(c.Tell(SendKey(key), name=key))
        assert heard(second) == ["two"]
        with pytest.raises(Unavailable):
            await stage.node.telling.bring(second.session, second.link)
        assert heard(second) == ["two", "one"]


@in_virtual_time
async def test_what_another_teller_told_under_the_same_key_is_refused_while_that_waits() -> None:
    """The second one was said to be kept, and nobody who was away ever heard of it."""
    async with an_app() as stage:
        first, second = await stage.login("alice", "a"), await stage.login("alice", "b")
        third = await stage.login("alice", "c")
        await third.go()
        cart = c.Tell(KEY, name="cart", keep_s=60)
        for _ in range(2):
            assert await first.ask(cart) == Addressed(live=1, away=1)
        assert await second.refused(cart) == "key_reused"
        with pytest.raises(KeyReused):
            await stage.node.executor.on_behalf(UserId("alice"), cart)
        assert told(first, second) == [[], ["cart", "cart"]]
        third = await stage.resume(third)
        await stage.node.telling.bring(third.session, third.link)
        assert ids(third) == ["k"]


@in_virtual_time
async def test_what_waits_comes_a_part_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("unisono.app.telling.BATCH_BYTES", 10)
    async with an_app() as stage:
        first, second = await stage.login("alice", "a"), await stage.login("alice", "b")
        await second.go()
        for key in ("one", "two", "three"):
            await first.ask(c.Tell(SendKey(key), name="cart", keep_s=60))
            await asyncio.sleep(0.01)
        second = await stage.resume(second)
        await stage.node.telling.bring(second.session, second.link)
        for key in ("one", "two", "three"):
            assert ids(second)[-1] == key
            await second.ask(c.Took((SendKey(key),), more=True))
        assert ids(second) == ["one", "two", "three"]


@in_virtual_time
async def test_what_is_kept_comes_at_once_where_there_is_a_connection() -> None:
    async with an_app() as stage:
        first, second = await stage.login("alice", "a"), await stage.login("alice", "b")
        await first.ask(c.Tell(KEY, name="cart", keep_s=60))
        (event,) = [event for event in second.link.events if isinstance(event, Told)]
        assert event.is_kept
        await stage.node.own_sessions.end_session(UserId("alice"), second.session, "closed")
        assert (await stage.store.kept_events.waiting(second.session, 1000)).events == ()


@in_virtual_time
async def test_what_is_kept_for_many_sessions_counts_as_many_requests() -> None:
    """It counted as one, however many sessions each of them was written for."""
    async with an_app(commands=Rate(per_s=0.001, burst=40)) as stage:
        first = await stage.login("alice", "a")
        for number in range(39):
            await (await stage.login("alice", f"d{number}", platform=f"p{number}")).go()
        for number in range(8):
            await first.ask(c.Tell(SendKey(f"k{number}"), name="cart", keep_s=60))
        with pytest.raises(RateLimited):
            await first.ask(c.Tell(KEY, name="cart", keep_s=60))
        assert "k" not in ids(first)
