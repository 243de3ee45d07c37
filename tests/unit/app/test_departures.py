"""Links that are gone: the store is told, if need be later."""

import asyncio
from copy import copy
from typing import Any

import pytest
from msgspec import structs

from tests.support.virtual_time import in_virtual_time
from tests.unit.app.app_stage import AppStage, Present, an_app, failing
from tests.unit.app.fanout_stage import settle
from unisono.app import departures as module
from unisono.app.departures import Departures
from unisono.domain.errors import Draining, Internal, Unavailable
from unisono.domain.ids import Fence, NodeId, SessionId, UserId
from unisono.ports.sessions import SessionsCommitted, SessionsDecide


async def state(stage: AppStage) -> str:
    (view,) = await stage.node.own_sessions.list_of(UserId("alice"))
    return view.state


@in_virtual_time
async def test_a_session_without_its_link_is_detached() -> None:
    async with an_app() as stage:
        alice = await stage.login("alice")
        await alice.go()
        assert await state(stage) == "detached"
        assert len(stage.node.audience) == 0


@in_virtual_time
async def test_a_link_that_was_replaced_detaches_nobody() -> None:
    async with an_app() as stage:
        alice = await stage.login("alice")
        await stage.resume(alice)
        await alice.go()
        assert await state(stage) == "live"


@in_virtual_time
async def test_a_departure_that_the_store_did_not_hear_of_is_told_later() -> None:
    """Used to be forgotten: the session seemed live, and held its place, as long as the node lived."""
    async with an_app() as stage:
        alice = await stage.login("alice")
        departures = Departures(stage.store.sessions, stage.telemetry, stage.node.lease, stage.node.audience)
        stage.mood = failing("detach")
        await departures.note(alice.session, alice.caller.fence)
        assert ("detach_failed", {"code": "unavailable"}) in stage.telemetry.faults
        with pytest.raises(Unavailable):
            await departures.settle()
        stage.node.audience.remove(alice.session, alice.link)
        assert await state(stage) == "live"
        stage.mood = failing()
        await departures.settle()
        assert await state(stage) == "detached"


@in_virtual_time
async def test_a_late_departure_leaves_a_session_that_came_back_alone() -> None:
    async with an_app() as stage:
        alice = await stage.login("alice")
        departures = Departures(stage.store.sessions, stage.telemetry, stage.node.lease, stage.node.audience)
        stage.mood = failing("detach")
        await departures.note(alice.session, alice.caller.fence)
        stage.mood = failing()
        await stage.resume(alice)
        await departures.settle()
        assert await state(stage) == "live"


@in_virtual_time
async def test_a_departure_while_the_node_stops_is_no_fault() -> None:
    """Each connection that ended after the store used to leave an error in the log."""
    async with an_app() as stage:
        alice = await stage.login("alice")
        stage.mood = failing("detach", fault=Draining)
        await alice.go()
        assert stage.telemetry.faults == []


@in_virtual_time
async def test_a_departure_that_can_never_be_told_holds_up_no_other() -> None:
    """The first one that was refused used to be tried for ever, and no other one was."""
    async with an_app() as stage:
        alice, bob = await stage.login("alice"), await stage.login("bob")
        departures = Departures(stage.store.sessions, stage.telemetry, stage.node.lease, stage.node.audience)
        stage.mood = failing("detach")
        await departures.note(SessionId("bad"), Fence(0))
        await departures.note(alice.session, alice.caller.fence)
        await departures.note(bob.session, bob.caller.fence)
        stage.mood = failing()
        stage.telemetry.faults.clear()
        told: list[SessionId] = []

        async def refuse_one(session: SessionId, fence: Fence, node: NodeId) -> None:
            told.append(session)
            if session == "bad":
                raise Internal()

        stage.store.sessions.detach = refuse_one  # type: ignore[method-assign]
        await departures.settle()
        await departures.settle()
        assert told == ["bad", alice.session, bob.session]
        assert stage.telemetry.faults == [("detach_given_up", {"session": "bad", "code": "internal"})]


@in_virtual_time
async def test_so_many_departures_wait_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "UNTOLD_LIMIT", 2)
    async with an_app() as stage:
        departures = Departures(stage.store.sessions, stage.telemetry, stage.node.lease, stage.node.audience)
        stage.mood = failing("detach")
        for number in range(3):
            await departures.note(SessionId(str(number)), Fence(0))
        told: list[SessionId] = []

        async def listen(session: SessionId, fence: Fence, node: NodeId) -> None:
            told.append(session)

        monkeypatch.setattr(stage.store.sessions, "detach", listen)
        await departures.settle()
        assert told == ["1", "2"]
        await departures.settle()
        assert told == ["1", "2"]


@in_virtual_time
async def test_a_login_that_was_given_up_and_carried_out_later_lets_its_place_go() -> None:
    """Used to seem live, and to hold its place, for as long as the node lived."""
    async with an_app() as stage:
        in_time = stage.store.sessions.decide

        async def too_late(user: UserId, decide: SessionsDecide) -> SessionsCommitted:
            await in_time(user, decide)
            raise Unavailable()

        stage.store.sessions.decide = too_late  # type: ignore[method-assign]
        with pytest.raises(Unavailable):
            await stage.login("alice")
        assert await state(stage) == "live"
        await stage.node._departures.settle()
        assert await state(stage) == "detached"


async def attach_unheard(stage: AppStage, present: Present, fence: int | None) -> None:
    """Have a resume carried out whose answer comes too late."""
    in_time = stage.store.sessions.attach

    async def too_late(*asked: Any) -> None:
        await in_time(*asked)
        raise Unavailable()

    stage.store.sessions.attach = too_late  # type: ignore[method-assign, assignment]
    with pytest.raises(Unavailable):
        await stage.resume(present, fence=fence)
    stage.store.sessions.attach = in_time  # type: ignore[method-assign]


@pytest.mark.parametrize("more", [None, 0, 1, 7])
@in_virtual_time
async def test_a_resume_that_was_given_up_and_carried_out_later_lets_its_place_go(more: int | None) -> None:
    """Without a fence, and with the one of the welcome, it used to seem live for as long as the node lived."""
    async with an_app() as stage:
        alice = await stage.login("alice")
        await alice.go()
        await attach_unheard(stage, alice, None if more is None else alice.caller.fence + more)
        assert await state(stage) == "live"
        await stage.node._departures.settle()
        assert await state(stage) == "detached"


@in_virtual_time
async def test_a_repeated_login_that_was_given_up_and_carried_out_later_lets_its_place_go() -> None:
    """The note used to have the fence that was asked for, and the store the one after that which was held."""
    async with an_app() as stage:
        alice = await stage.login("alice", fence=1)
        in_time = stage.store.sessions.decide

        async def too_late(user: UserId, decide: SessionsDecide) -> SessionsCommitted:
            await in_time(user, decide)
            raise Unavailable()

        stage.store.sessions.decide = too_late  # type: ignore[method-assign]
        with pytest.raises(Unavailable):
            await stage.login("alice", fence=1)
        await alice.go()
        assert await state(stage) == "live"
        await stage.node._departures.settle()
        assert await state(stage) == "detached"


@in_virtual_time
async def test_a_doubt_ends_no_link_that_came_in_its_place() -> None:
    async with an_app() as stage:
        alice = await stage.login("alice")
        await alice.go()
        await attach_unheard(stage, alice, None)
        again = await stage.resume(alice)
        await stage.node._departures.settle()
        assert await state(stage) == "live"
        await attach_unheard(stage, alice, None)
        # The link from before is still here, and the store knows of a later one that nobody has.
        await stage.node._departures.settle()
        assert await state(stage) == "live"
        await again.go()
        await stage.node._departures.settle()
        assert await state(stage) == "detached"


@in_virtual_time
async def test_a_doubt_waits_for_a_link_that_is_on_its_way() -> None:
    async with an_app() as stage:
        alice = await stage.login("alice")
        await alice.go()
        await attach_unheard(stage, alice, None)
        answer = asyncio.Event()

        async def slow(method: str) -> None:
            if method == "is_revoked":
                await answer.wait()

        stage.mood = slow
        coming = asyncio.create_task(stage.resume(alice))
        await settle(20)
        await stage.node._departures.settle()
        assert await state(stage) == "live"
        answer.set()
        await coming
        await stage.node._departures.settle()
        assert await state(stage) == "live"


@in_virtual_time
async def test_a_doubt_waits_while_the_store_is_away() -> None:
    async with an_app() as stage:
        alice = await stage.login("alice")
        await alice.go()
        await attach_unheard(stage, alice, None)
        stage.mood = failing("find_open")
        with pytest.raises(Unavailable):
            await stage.node._departures.settle()
        stage.mood = failing()
        await stage.node._departures.settle()
        assert await state(stage) == "detached"


@in_virtual_time
async def test_names_that_strangers_choose_are_bounded_and_push_out_no_departure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Failing resumes used to add a name each without any limit, beside the departures of links that were here."""
    monkeypatch.setattr(module, "UNTOLD_LIMIT", 2)
    async with an_app() as stage:
        alice = await stage.login("alice")
        stage.mood = failing("detach", "attach")
        await alice.go()
        for number in range(5):
            stranger = copy(alice)
            stranger.caller = structs.replace(alice.caller, session=SessionId(str(number)))
            with pytest.raises(Unavailable):
                await stage.resume(stranger)
        stage.mood = failing()
        told: list[SessionId] = []
        detach = stage.store.sessions.detach

        async def listen(session: SessionId, fence: Fence, node: NodeId) -> None:
            told.append(session)
            await detach(session, fence, node)

        monkeypatch.setattr(stage.store.sessions, "detach", listen)
        await stage.node._departures.settle()
        assert told == [alice.session, "3", "4"]
        assert await state(stage) == "detached"
