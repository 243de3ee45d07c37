"""The periodic chores of a node, by a clock of their own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.support.virtual_time import in_virtual_time
from tests.unit.app.app_stage import AppStage, Present, an_app, calm, failing, group, text
from unisono.domain.errors import Draining, KeyReused, Unavailable
from unisono.domain.facts import MessagePlaced
from unisono.domain.ids import Instant, NodeId, UserId
from unisono.ports.identity import Principal
from unisono.ports.requests import Request
from unisono.ports.sessions import LeaseState, SessionsCommitted, SessionsDecide

ALICE = UserId("alice")


@asynccontextmanager
async def a_running_app(**options: object) -> AsyncIterator[AppStage]:
    """Give an app with its periodic chores."""
    async with an_app(policy=None, **options) as stage:
        chores = asyncio.create_task(stage.node._housekeeping.run())
        try:
            yield stage
            assert not chores.done()
        finally:
            chores.cancel()
            await asyncio.gather(chores, return_exceptions=True)


def spoken(present: Present, stage: AppStage) -> None:
    present.link.heard_at_s = stage.clock.monotonic_s()


async def sessions(stage: AppStage) -> list[str]:
    return [view.session for view in await stage.node.own_sessions.list_of(ALICE)]


@in_virtual_time
async def test_the_log_is_swept_again_and_again() -> None:
    async with a_running_app(sweep_s=1.0) as stage:
        alice = await stage.login("alice")
        stage.node.parts.bus.publish_nowait = lambda facts: None  # type: ignore[method-assign]
        chat = await group(alice, "bob")
        await alice.ask(text(chat))
        assert [fact for fact in alice.link.facts if isinstance(fact.fact, MessagePlaced)] == []
        await asyncio.sleep(1.1)
        assert len([fact for fact in alice.link.facts if isinstance(fact.fact, MessagePlaced)]) == 1


@pytest.mark.parametrize("fault", [Unavailable, ZeroDivisionError])
@in_virtual_time
async def test_a_chore_that_fails_is_tried_again_and_holds_up_no_other(fault: type[Exception]) -> None:
    async with a_running_app(sweep_s=1.0, lease_ttl_s=9.0) as stage:

        async def fail(method: str) -> None:
            if method == "moved_in_app":
                raise fault()

        stage.mood = fail
        await asyncio.sleep(30)
        failed = [fields["chore"] for name, fields in stage.telemetry.faults if name == "chore_failed"]
        assert len(failed) + len(stage.telemetry.defects) >= 25
        assert set(failed) <= {"sweep"}
        assert stage.node.has_lease
        stage.mood = calm
        failures = len(stage.telemetry.faults)
        await asyncio.sleep(10)
        assert len(stage.telemetry.faults) == failures


@in_virtual_time
async def test_the_lease_is_kept() -> None:
    async with a_running_app(lease_ttl_s=10.0) as stage:
        alice = await stage.login("alice")
        await asyncio.sleep(3600)
        assert stage.node.has_lease
        assert alice.link.code is None


@in_virtual_time
async def test_who_lost_the_lease_ends_all_links_and_takes_another() -> None:
    async with a_running_app(lease_ttl_s=10.0) as stage:
        alice = await stage.login("alice")
        held_up = stage.store.sessions.keep_lease

        async def too_late(node: NodeId, ttl_s: float) -> LeaseState:
            stage.store.sessions.keep_lease = held_up  # type: ignore[method-assign]
            await asyncio.sleep(20)
            return await held_up(node, ttl_s)

        stage.store.sessions.keep_lease = too_late  # type: ignore[method-assign]
        await asyncio.sleep(25)
        assert alice.link.code == "unavailable"
        assert stage.node.has_lease
        assert (await stage.login("alice")).link.code is None
        assert "lease_lost" in [name for name, _ in stage.telemetry.faults]


@in_virtual_time
async def test_of_two_nodes_with_one_name_the_older_gives_way_and_does_not_fight() -> None:
    """They used to take the name from each other for ever, and to end each other's links each time."""
    async with a_running_app(lease_ttl_s=10.0) as stage:
        alice = await stage.login("alice")
        namesake = await stage.store.sessions.take_lease("test", 10.0)
        await asyncio.sleep(4)
        assert alice.link.code == "draining"
        assert (stage.node.has_lease, stage.node.has_namesake) == (False, True)
        for _ in range(10):
            await asyncio.sleep(5)
            assert await stage.store.sessions.keep_lease(namesake, 10.0) is LeaseState.HELD
            with pytest.raises(Draining):
                await stage.login("alice")
            with pytest.raises(Draining):
                await stage.resume(alice)
        assert [fields["name"] for name, fields in stage.telemetry.faults if name == "node_name_taken"] == ["test"]
        assert await sessions(stage) == [alice.session]
        # The younger one is gone: its name is free.
        await asyncio.sleep(15)
        assert (stage.node.has_lease, stage.node.has_namesake) == (True, False)
        assert (await stage.resume(alice)).link.code is None


@in_virtual_time
async def test_a_user_whose_sessions_cannot_be_read_does_not_hold_up_the_others() -> None:
    """One bad row used to end the search for all who come after it, at every turn."""
    async with a_running_app(detach_window_s=60.0, sweep_s=1.0) as stage:
        bad, good = await stage.login("a bad one"), await stage.login("good")
        await bad.go()
        await good.go()
        decide = stage.store.sessions.decide

        async def unreadable(user: UserId, decision: SessionsDecide) -> SessionsCommitted:
            if user == "a bad one":
                raise ValueError("not a label")
            return await decide(user, decision)

        stage.store.sessions.decide = unreadable  # type: ignore[method-assign, assignment]
        await asyncio.sleep(90)
        assert await stage.store.sessions.list_of(UserId("good")) == []
        assert [name for name, _ in stage.telemetry.defects] == ["sessions_unreadable"]
        stage.store.sessions.decide = decide  # type: ignore[method-assign]
        await asyncio.sleep(2)
        assert await stage.store.sessions.list_of(UserId("a bad one")) == []


@in_virtual_time
async def test_a_session_without_a_link_keeps_its_place_for_its_window_and_no_longer() -> None:
    async with a_running_app(detach_window_s=60.0, sweep_s=1.0) as stage:
        away, here = await stage.login("alice", "away"), await stage.login("alice", "here")
        await away.go()
        await asyncio.sleep(58)
        assert await sessions(stage) == [away.session, here.session]
        await asyncio.sleep(4)
        assert await sessions(stage) == [here.session]
        assert here.link.code is None


@in_virtual_time
async def test_a_session_that_comes_back_in_its_window_begins_a_new_one() -> None:
    async with a_running_app(detach_window_s=60.0, sweep_s=1.0) as stage:
        alice = await stage.login("alice")
        for _ in range(3):
            await alice.go()
            await asyncio.sleep(50)
            alice = await stage.resume(alice)
        assert await sessions(stage) == [alice.session]


@in_virtual_time
async def test_a_session_lives_no_longer_than_the_token_that_opened_it() -> None:
    async with a_running_app(sweep_s=1.0) as stage:
        expires_at = Instant(stage.clock.now() + 30_000)
        stage.passports.principals["t"] = Principal(user=ALICE, credential="t", expires_at=expires_at)
        alice = await stage.login("t")
        await asyncio.sleep(29)
        assert alice.link.code is None
        await asyncio.sleep(3)
        assert alice.link.code == "token_expired"


@in_virtual_time
async def test_it_is_noted_when_a_session_last_spoke() -> None:
    async with a_running_app() as stage:
        alice, silent = await stage.login("alice", "a"), await stage.login("alice", "b")
        await asyncio.sleep(100)
        spoken(alice, stage)
        await asyncio.sleep(40)
        views = {view.session: view for view in await stage.node.own_sessions.list_of(ALICE)}
        assert stage.clock.now() - views[alice.session].seen_at in range(39_900, 40_100)
        assert views[silent.session].seen_at == views[silent.session].opened_at


@in_virtual_time
async def test_it_is_forgotten_after_a_while_why_a_session_ended() -> None:
    async with a_running_app(ended_kept_s=7200.0) as stage:
        alice = await stage.login("alice")
        await stage.end(alice)
        await asyncio.sleep(3600)
        assert await stage.store.sessions.find_ended(alice.session) is not None
        await asyncio.sleep(3 * 3600)
        assert await stage.store.sessions.find_ended(alice.session) is None


@in_virtual_time
async def test_a_node_that_never_runs_for_an_hour_forgets_as_well() -> None:
    async with a_running_app(ended_kept_s=10.0) as stage:
        alice = await stage.login("alice")
        await stage.end(alice)
        await asyncio.sleep(120)
        assert await stage.store.sessions.find_ended(alice.session) is None


@in_virtual_time
async def test_requests_under_a_key_are_forgotten_after_a_day() -> None:
    async with a_running_app(sweep_s=3600.0, lease_ttl_s=36_000.0) as stage:
        await stage.store.requests.begin(Request("desk/17", b"one"))
        await asyncio.sleep(23 * 3600)
        with pytest.raises(KeyReused):
            await stage.store.requests.begin(Request("desk/17", b"another"))
        await asyncio.sleep(3 * 3600)
        assert await stage.store.requests.forget(stage.clock.now()) == 0


@in_virtual_time
async def test_a_departure_the_store_did_not_hear_of_is_told_when_it_is_back() -> None:
    async with a_running_app(sweep_s=1.0, detach_window_s=10.0) as stage:
        alice = await stage.login("alice")
        stage.mood = failing("detach")
        await alice.go()
        await asyncio.sleep(60)
        assert await sessions(stage) == [alice.session]
        stage.mood = calm
        await asyncio.sleep(15)
        assert await sessions(stage) == []


@in_virtual_time
async def test_a_node_does_all_of_it_until_it_is_cancelled() -> None:
    async with an_app(sweep_s=1.0) as stage:
        alice = await stage.login("alice")
        running = asyncio.create_task(stage.node.run())
        await asyncio.sleep(5)
        assert stage.node.has_lease
        assert stage.node.fanout.checkpoint == await stage.store.log.checkpoint()
        assert alice.link.code is None
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
