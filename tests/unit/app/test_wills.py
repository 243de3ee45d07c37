"""Wills: said once for a session that is lost, never for one that came back or was ended."""

import asyncio

import pytest

from tests.support.virtual_time import in_virtual_time
from tests.unit.app.app_stage import Present, Wiring, an_app, failing, group
from unisono.app import wills as wills_module
from unisono.domain import commands as c
from unisono.domain.answers import ConversationView, Done
from unisono.domain.errors import Unavailable
from unisono.domain.events import TransientMessage
from unisono.domain.facts import Content, MessagePlaced
from unisono.domain.ids import ConversationId, SendKey
from unisono.domain.wills import execute


def will(talk: ConversationId, words: str = "gone", *, after_s: int = 15, transient: bool = False) -> c.LeaveWill:
    return c.LeaveWill(talk, SendKey(words), Content(text=words), transient=transient, after_s=after_s)


def placed(present: Present) -> list[str | None]:
    facts = [fact.fact for frame in present.link.deliveries for fact in frame]
    return [fact.content.text for fact in facts if isinstance(fact, MessagePlaced)]


def passed(present: Present) -> list[str | None]:
    return [event.message.content.text for event in present.link.events if isinstance(event, TransientMessage)]


@in_virtual_time
async def test_a_will_is_said_when_its_session_is_lost_for_so_long_and_once() -> None:
    async with an_app() as here, an_app(Wiring(beside=here, name="there")) as there:
        ann, bob = await here.login("ann"), await there.login("bob")
        talk = await group(ann, "bob")
        assert await ann.ask(will(talk)) == Done()
        await ann.go()
        await asyncio.sleep(14)
        await here.node.wills.sweep()
        assert placed(bob) == []
        await asyncio.sleep(1)
        await asyncio.gather(*(stage.node.wills.sweep() for stage in (here, there, here)))
        await asyncio.sleep(60)
        await here.node.wills.sweep()
        assert placed(bob) == ["gone"]
        sent = [stage.telemetry.counts.get(("wills_sent", ""), 0) for stage in (here, there)]
        assert sum(sent) == 1


@in_virtual_time
async def test_whoever_is_back_in_time_or_takes_it_back_says_nothing() -> None:
    async with an_app() as stage:
        ann, bob = await stage.login("ann"), await stage.login("bob")
        talk = await group(ann, "bob")
        await ann.ask(will(talk))
        await ann.go()
        await asyncio.sleep(14)
        back = await stage.resume(ann)
        await asyncio.sleep(60)
        await stage.node.wills.sweep()
        assert placed(bob) == []
        assert await back.ask(c.DropWill()) == Done()
        assert await back.ask(c.DropWill()) == Done()
        await back.go()
        await asyncio.sleep(60)
        await stage.node.wills.sweep()
        assert placed(bob) == []


@in_virtual_time
async def test_logging_out_is_no_loss_and_running_out_is_one() -> None:
    async with an_app() as stage:
        ann, bob = await stage.login("ann"), await stage.login("bob")
        phone = await stage.login("ann", "phone")
        talk = await group(ann, "bob")
        await ann.ask(will(talk, "logged out"))
        await phone.ask(will(talk, "ran out", after_s=3600))
        await ann.ask(c.Logout())
        await phone.go()
        await asyncio.sleep(5)
        await stage.node.wills.sweep()
        assert placed(bob) == []
        await stage.node.own_sessions.end_expired(stage.clock.now(), 10)
        await stage.node.wills.sweep()
        await asyncio.sleep(1)
        assert placed(bob) == ["ran out"]


@in_virtual_time
async def test_sessions_of_a_node_that_went_have_longer_to_come_back() -> None:
    async with an_app() as here, an_app(Wiring(beside=here, name="there"), lease_ttl_s=10.0) as there:
        ann, cat = await there.login("ann"), await there.login("cat")
        bob = await here.login("bob")
        talk = await group(ann, "bob", "cat")
        await ann.ask(will(talk, "ann is gone"))
        await cat.ask(will(talk, "cat is gone"))
        for _ in range(12):
            await asyncio.sleep(1)
            await here.node.lease.keep()
        await here.node.wills.sweep()
        await asyncio.sleep(40)
        await here.resume(cat)
        await here.node.wills.sweep()
        await asyncio.sleep(wills_module.COMING_BACK_S + 15 - 41)
        await here.node.wills.sweep()
        await asyncio.sleep(0.5)
        assert placed(bob) == []
        await asyncio.sleep(1)
        await here.node.wills.sweep()
        await asyncio.sleep(0.5)
        assert placed(bob) == ["ann is gone"]


@in_virtual_time
async def test_in_a_room_a_will_is_said_by_who_was_still_there() -> None:
    async with an_app() as stage:
        ann, bob = await stage.login("ann"), await stage.login("bob")
        phone = await stage.login("ann", "phone")
        answer = await bob.ask(c.CreateConversation(key=SendKey("stage"), of="room"))
        assert isinstance(answer, ConversationView)
        room = answer.conversation
        assert await ann.refused(will(room)) == "forbidden"
        for present in (ann, bob, phone):
            await present.ask(c.EnterRoom(conversation=room))
        await ann.ask(will(room, "ann is gone"))
        await phone.ask(will(room, "not there any more"))
        await phone.ask(c.LeaveRoom(conversation=room))
        for present in (ann, phone):
            await present.go()
        await asyncio.sleep(15)
        await stage.node.wills.sweep()
        assert passed(bob) == ["ann is gone"]


@in_virtual_time
async def test_a_transient_one_passes_by_and_one_that_may_not_be_said_is_forgotten() -> None:
    async with an_app() as stage:
        ann, bob = await stage.login("ann"), await stage.login("bob")
        phone = await stage.login("ann", "phone")
        talk = await group(bob, "ann")
        await ann.ask(will(talk, "psst", transient=True))
        await ann.go()
        await asyncio.sleep(15)
        await stage.node.wills.sweep()
        assert (passed(bob), placed(bob)) == (["psst"], [])
        await phone.ask(will(talk, "too late"))
        await bob.ask(c.RemoveMembers(conversation=talk, users=(phone.caller.user,) if phone.caller.user else ()))
        await phone.go()
        await asyncio.sleep(15)
        await stage.node.wills.sweep()
        assert placed(bob) == []
        assert await stage.store.wills.due(10) == []


@in_virtual_time
async def test_a_store_that_is_away_costs_no_will_and_a_defect_only_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    async with an_app() as stage:
        ann, bob = await stage.login("ann"), await stage.login("bob")
        phone = await stage.login("ann", "phone")
        talk = await group(ann, "bob")
        await phone.ask(will(talk, "broken", after_s=14))
        await ann.ask(will(talk))
        for present in (ann, phone):
            await present.go()
        await asyncio.sleep(15)
        stage.mood = failing("send")
        with pytest.raises(Unavailable):
            await stage.node.wills.sweep()
        assert len(await stage.store.wills.due(10)) == 2

        def broken(snapshot: object, user: object, message: c.SendMessage, limits: object) -> object:
            if message.content.text == "broken":
                raise ZeroDivisionError
            return execute(snapshot, user, message, limits)  # type: ignore[arg-type]

        stage.mood = failing()
        monkeypatch.setattr(wills_module, "execute", broken)
        await stage.node.wills.sweep()
        await asyncio.sleep(1)
        assert placed(bob) == ["gone"]
        assert [name for name, _ in stage.telemetry.defects] == ["will_failed"]
        assert await stage.store.wills.due(10) == []


@in_virtual_time
async def test_more_than_a_page_is_sent_in_one_sweep_and_a_page_that_does_not_move_ends_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(wills_module, "SENT_AT_ONCE", 2)
    async with an_app() as stage:
        bob = await stage.login("bob")
        talk = await group(bob, *(f"user-{number}" for number in range(5)))
        for number in range(5):
            present = await stage.login(f"user-{number}")
            await present.ask(will(talk, f"gone {number}", after_s=0))
            await present.go()
        asked = 0

        async def refuse(*_: object) -> None:
            nonlocal asked
            asked += 1

        send = stage.store.wills.send
        monkeypatch.setattr(stage.store.wills, "send", refuse)
        await stage.node.wills.sweep()
        assert asked == 2
        monkeypatch.setattr(stage.store.wills, "send", send)
        await stage.node.wills.sweep()
        await asyncio.sleep(1)
        assert sorted(placed(bob), key=str) == [f"gone {number}" for number in range(5)]
