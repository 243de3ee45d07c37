"""Presence: who watches is told once of each change, who may not see learns nothing, and a lost hint is made good."""

import asyncio

import pytest

from tests.support.virtual_time import in_virtual_time
from tests.unit.app.app_stage import AppStage, Present, Wiring, an_app, failing, group
from tests.unit.app.fanout_stage import settle
from unisono.app import presence as watching
from unisono.app.options import PresenceRules
from unisono.bus.faulty import FaultyBus
from unisono.bus.local import LocalBus
from unisono.domain import commands as c
from unisono.domain.answers import Done, Presences
from unisono.domain.errors import Unavailable
from unisono.domain.events import Event, Presence
from unisono.domain.faults import BusFaults
from unisono.domain.ids import Platform, UserId
from unisono.domain.presence import unseen

ALICE, BOB, CAROL = (UserId(name) for name in ("alice", "bob", "carol"))
WEB, IOS = Platform("web"), Platform("ios")


def online(user: UserId, *platforms: Platform) -> Presence:
    return Presence(user, "online", platforms or (WEB,))


async def told(present: Present, *users: UserId) -> tuple[Presence, ...]:
    """Watch users and give what is told of them at once."""
    answer = await present.ask(c.Watch(users=users))
    assert isinstance(answer, Presences)
    return answer.presences


async def seen(present: Present, *users: UserId) -> tuple[Presence, ...]:
    answer = await present.ask(c.AskPresence(users=users))
    assert isinstance(answer, Presences)
    return answer.presences


async def wait(stage: AppStage, seconds: float) -> None:
    """Let time pass, with the chores of this node each second."""
    for _ in range(int(seconds)):
        await asyncio.sleep(1)
        await stage.node.lease.keep()
        await stage.node.watching.sweep()
    await settle()


def heard(present: Present) -> list[Event]:
    events, present.link.events = present.link.events, []
    return events


async def two(stage: AppStage) -> tuple[Present, Present]:
    """Let Alice and Bob in, who know each other."""
    alice, bob = await stage.login("alice"), await stage.login("bob")
    await group(alice, "bob")
    return alice, bob


@pytest.mark.rows("X12", "X13")
@in_virtual_time
async def test_a_reload_within_the_grace_shows_nothing() -> None:
    async with an_app() as stage:
        alice, bob = await two(stage)
        assert await told(alice, BOB) == (online(BOB),)
        await bob.go()
        await wait(stage, 14)
        back = await stage.resume(bob)
        await wait(stage, 60)
        assert heard(alice) == []
        await back.go()
        gone_at = stage.clock.now()
        await wait(stage, 14)
        assert heard(alice) == []
        await wait(stage, 2)
        assert heard(alice) == [Presence(BOB, "offline", seen_at=gone_at)]


@in_virtual_time
async def test_each_change_is_told_once_with_the_platforms() -> None:
    async with an_app() as stage:
        alice, bob = await two(stage)
        tab = await stage.login("alice", "tab")
        await told(alice, BOB)
        phone = await stage.login("bob", "phone", platform="ios")
        await settle()
        assert heard(alice) == [online(BOB, IOS, WEB)]
        await stage.login("bob", "second", platform="ios")
        await stage.end(bob)
        assert heard(alice) == [online(BOB, IOS)]
        await phone.go()
        await wait(stage, 20)
        assert heard(alice) == []
        assert heard(tab) == []


@in_virtual_time
async def test_a_logout_shows_at_once_and_when_it_was() -> None:
    async with an_app() as stage:
        alice, bob = await two(stage)
        await told(alice, BOB)
        await asyncio.sleep(5)
        await bob.ask(c.Logout())
        assert heard(alice) == [Presence(BOB, "offline", seen_at=stage.clock.now())]
        assert await seen(alice, BOB) == (Presence(BOB, "offline", seen_at=stage.clock.now()),)


@in_virtual_time
async def test_who_was_lost_before_the_window_ran_out_was_last_seen_then() -> None:
    async with an_app() as stage:
        alice, bob = await two(stage)
        await asyncio.sleep(5)
        lost_at = stage.clock.now()
        await bob.go()
        await asyncio.sleep(100)
        await stage.node.own_sessions.end_expired(stage.clock.now(), 10)
        assert await seen(alice, BOB) == (Presence(BOB, "offline", seen_at=lost_at),)


@in_virtual_time
async def test_strangers_and_the_never_seen_look_alike() -> None:
    async with an_app() as stage:
        alice, _ = await two(stage)
        await stage.login("carol")
        gone = await stage.login("dave")
        await gone.ask(c.Logout())
        names = CAROL, UserId("dave"), UserId("nobody-of-this-name")
        assert await told(alice, *names) == tuple(map(unseen, names))
        assert await seen(alice, *names) == tuple(map(unseen, names))
        await stage.login("carol", "other", platform="ios")
        await wait(stage, 40)
        assert heard(alice) == []


@pytest.mark.parametrize(
    ("rule", "of_bob", "of_carol"),
    [
        ("everybody", online(BOB), online(CAROL)),
        ("acquainted", online(BOB), unseen(CAROL)),
        ("nobody", unseen(BOB), unseen(CAROL)),
    ],
)
@in_virtual_time
async def test_the_operator_says_who_sees_whom(rule: str, of_bob: Presence, of_carol: Presence) -> None:
    rules = PresenceRules(visible_to=rule)  # type: ignore[arg-type]
    async with an_app(presence=rules) as stage:
        alice, _ = await two(stage)
        await stage.login("carol")
        assert await told(alice, BOB, ALICE, CAROL) == (of_bob, online(ALICE), of_carol)


@in_virtual_time
async def test_who_ceases_to_be_acquainted_is_told_no_more_than_that_nobody_is_there() -> None:
    async with an_app() as stage:
        alice, bob = await stage.login("alice"), await stage.login("bob")
        chat = await group(alice, "bob")
        await told(alice, BOB)
        await bob.ask(c.Quit(conversation=chat))
        await stage.login("bob", "phone", platform="ios")
        await settle()
        assert heard(alice) == [unseen(BOB)]
        await bob.go()
        await wait(stage, 60)
        assert heard(alice) == []


@in_virtual_time
async def test_who_is_unwatched_while_it_is_looked_at_them_is_watched_no_more() -> None:
    async with an_app() as stage:
        alice, bob = await stage.login("alice"), await stage.login("bob")
        looking, release = asyncio.Event(), asyncio.Event()

        async def slow(method: str) -> None:
            if method == "seen":
                looking.set()
                await release.wait()

        stage.mood = slow
        watched = asyncio.create_task(told(alice, BOB))
        await looking.wait()
        assert await alice.ask(c.Unwatch(users=(BOB,))) == Done()
        release.set()
        assert await watched == (unseen(BOB),)
        assert stage.node.watching.watches == 0
        await bob.go()
        await wait(stage, 60)
        assert not alice.link.events


@in_virtual_time
async def test_nothing_is_told_after_unwatch_or_to_a_link_that_is_gone() -> None:
    async with an_app() as stage:
        alice, bob = await two(stage)
        await told(alice, BOB, CAROL)
        assert await alice.ask(c.Unwatch(users=(BOB, UserId("other")))) == Done()
        assert stage.node.watching.watches == 1
        await bob.ask(c.Logout())
        assert heard(alice) == []
        await told(alice, BOB)
        await alice.go()
        assert stage.node.watching.watches == 0
        await stage.login("bob", "other")
        await wait(stage, 40)
        assert heard(alice) == []


@in_virtual_time
async def test_a_session_that_came_back_on_another_link_watches_anew() -> None:
    async with an_app() as stage:
        alice, bob = await two(stage)
        await told(alice, BOB)
        back = await stage.resume(alice)
        await alice.go()
        assert stage.node.watching.watches == 0
        assert await told(back, BOB) == (online(BOB),)
        await bob.ask(c.Logout())
        assert len(heard(back)) == 1


@pytest.mark.rows("X48")
@in_virtual_time
async def test_a_connection_without_a_user_is_in_no_presence() -> None:
    async with an_app() as stage:
        alice, _ = await two(stage)
        nobody = await stage.login("nobody")
        assert nobody.caller.user is None
        assert await nobody.refused(c.Watch(users=(BOB,))) == "no_user"
        assert await nobody.refused(c.AskPresence(users=(BOB,))) == "no_user"
        assert await told(alice, UserId("nobody")) == (unseen(UserId("nobody")),)


@in_virtual_time
async def test_a_lost_hint_is_made_good_by_the_check() -> None:
    """The bus drops everything: what is told comes from the check, every 15 seconds."""
    deaf = FaultyBus(LocalBus(), BusFaults(drop=1.0))
    async with an_app(Wiring(bus=deaf)) as stage:
        alice, bob = await two(stage)
        await told(alice, BOB)
        await stage.login("bob", "phone", platform="ios")
        await settle()
        assert heard(alice) == []
        await wait(stage, 16)
        assert heard(alice) == [online(BOB, IOS, WEB)]
        await bob.go()
        await wait(stage, 31)
        assert heard(alice) == [online(BOB, IOS)]


@in_virtual_time
async def test_a_user_on_another_node_is_seen_and_goes_when_that_node_dies() -> None:
    async with an_app() as here, an_app(Wiring(beside=here, name="there")) as there:
        alice = await here.login("alice")
        await group(alice, "bob")
        assert await told(alice, BOB) == (unseen(BOB),)
        bob = await there.login("bob")
        await settle()
        assert heard(alice) == [online(BOB)]
        await bob.go()
        await there.resume(bob)
        await wait(here, 5)
        assert heard(alice) == []
        # The other node says nothing more, keeps no lease, and comes back to nobody.
        await wait(here, 60)
        (went,) = heard(alice)
        assert isinstance(went, Presence)
        assert went.state == "offline"
        assert went.seen_at is not None
        assert went.seen_at < here.clock.now() - 15_000


@in_virtual_time
async def test_an_event_that_a_congested_link_was_spared_comes_with_the_check() -> None:
    async with an_app() as stage:
        alice, bob = await two(stage)
        await told(alice, BOB)
        alice.link.too_full_for = frozenset({"low", "normal", "high"})
        await stage.login("bob", "phone", platform="ios")
        await bob.ask(c.Logout())
        alice.link.too_full_for = frozenset()
        await wait(stage, 16)
        assert heard(alice) == [online(BOB, IOS)]


@in_virtual_time
async def test_a_session_and_a_node_watch_so_many_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    async with an_app(presence=PresenceRules(watched_per_session=2)) as stage:
        alice, bob = await two(stage)
        await told(alice, BOB, CAROL, BOB)
        await told(alice, BOB)
        assert await alice.refused(c.Watch(users=(UserId("dave"),))) == "limit_reached"
        monkeypatch.setattr(watching, "WATCHES_LIMIT", 3)
        await told(bob, ALICE)
        assert await bob.refused(c.Watch(users=(CAROL,))) == "overloaded"
        assert stage.node.watching.watches == 3


@in_virtual_time
async def test_while_the_store_is_away_nothing_is_told_and_afterwards_all() -> None:
    async with an_app() as stage:
        alice, bob = await two(stage)
        await told(alice, BOB)
        stage.mood = failing("seen")
        assert await alice.refused(c.Watch(users=(CAROL,))) == "unavailable"
        assert stage.node.watching.watches == 1
        await bob.ask(c.Logout())
        assert ("presence_failed", {"code": "unavailable"}) in stage.telemetry.faults
        with pytest.raises(Unavailable):
            await wait(stage, 16)
        assert heard(alice) == []
        stage.mood = failing()
        await wait(stage, 1)
        assert [event.state for event in heard(alice) if isinstance(event, Presence)] == ["offline"]


@in_virtual_time
async def test_a_look_that_ends_late_does_not_undo_a_newer_one() -> None:
    async with an_app() as stage:
        alice, bob = await two(stage)
        await told(alice, BOB)
        release = asyncio.Event()
        real = stage.store.sessions.seen
        calls = 0

        async def slow(users: object) -> object:
            nonlocal calls
            calls += 1
            is_first = calls == 1
            found = await real(users)  # type: ignore[arg-type]
            if is_first:
                await release.wait()
            return found

        stage.store.sessions.seen = slow  # type: ignore[method-assign, assignment]
        late = asyncio.create_task(told(alice, BOB))
        await settle()
        await bob.ask(c.Logout())
        (went,) = heard(alice)
        release.set()
        answer = await late
        assert answer == (went,)
        assert heard(alice) == []
