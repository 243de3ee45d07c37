"""Calls as their people hear of them: on every session, on every node, also where no bus carries anything."""

import asyncio
import base64
import hmac

import pytest

from tests.support.virtual_time import in_virtual_time
from tests.unit.app.app_stage import Wiring, an_app, group
from tests.unit.app.call_stage import about, ended, heard, rings_for, signals, start, sweep
from unisono.app.options import CallRules
from unisono.domain import commands as c
from unisono.domain.answers import ConversationView
from unisono.domain.call_answers import TurnServers
from unisono.domain.calls import CALLS_OF_USER_MAX
from unisono.domain.errors import Forbidden, Invalid, LimitReached, NotFound, TooLarge
from unisono.domain.events import Passing
from unisono.domain.ids import CallId, SendKey, SessionId, UserId


class Deaf:
    """A bus that carries nothing."""

    def publish_nowait(self, facts: object) -> None:
        pass

    def signal_nowait(self, signal: Passing) -> None:
        pass

    def subscribe(self, *listeners: object) -> None:
        pass


@pytest.mark.rows("M3", "M17", "M22", "X54", "D7")
@in_virtual_time
async def test_it_rings_on_every_session_and_one_answer_silences_the_others() -> None:
    async with an_app() as stage:
        ann, other = await stage.login("ann"), await stage.login("ann", "other")
        phone, laptop = await stage.login("bob", "phone"), await stage.login("bob", "laptop")
        call = await start(ann, "bob")
        for present in (ann, other, phone, laptop):
            assert [view.state for view in heard(present)] == ["ringing"]
        late = await stage.login("bob", "late")
        assert await rings_for(late) == [call.call]
        first, second = await asyncio.gather(
            about(phone, c.AnswerCall(call.call)), about(laptop, c.AnswerCall(call.call))
        )
        assert [end.session for end in first.ends] == [ann.session, phone.session]
        assert second == first
        for present in (ann, other, phone, laptop, late):
            assert [end.session for end in heard(present)[-1].ends] == [ann.session, phone.session]
            assert heard(present)[-1].ringing == ()
        assert await rings_for(await stage.login("bob", "later")) == []
        await about(laptop, c.DeclineCall(call.call))
        assert heard(ann)[-1].state == "answered"
        await about(other, c.HangUp(call.call))
        assert [fact.reason for fact in ended(laptop)] == ["hung_up"]
        counts = stage.telemetry.counts
        assert (counts["calls_begun", "audio"], counts["calls_ended", "hung_up"]) == (1, 1)


@in_virtual_time
async def test_the_same_key_is_the_same_call_and_rings_once() -> None:
    async with an_app() as stage:
        ann, bob = await stage.login("ann"), await stage.login("bob")
        assert (await start(ann, "bob")).call == (await start(ann, "bob")).call
        assert (await start(ann, "eve")).users == ("bob",)
        assert len(heard(bob)) == 1


@in_virtual_time
async def test_nobody_in_time_ends_it_and_is_known_to_who_was_away() -> None:
    async with an_app() as stage:
        ann, bob = await stage.login("ann"), await stage.login("bob")
        call = await start(ann, "bob", ring_s=10)
        await sweep(stage)
        assert len(stage.node.calling) == 1
        await asyncio.sleep(9)
        await sweep(stage)
        assert ended(bob) == []
        await asyncio.sleep(1)
        await sweep(stage)
        assert [(fact.reason, fact.is_missed) for fact in ended(bob)] == [("timeout", True)]
        assert [(fact.reason, fact.is_missed) for fact in ended(ann)] == [("timeout", False)]
        assert len(stage.node.calling) == 0
        assert (await about(bob, c.AnswerCall(call.call))).state == "ended"


@in_virtual_time
async def test_who_is_back_in_half_a_minute_is_in_it_still_and_who_is_not_is_out() -> None:
    async with an_app(lease_ttl_s=1000.0) as stage:
        ann, bob = await stage.login("ann"), await stage.login("bob")
        call = await start(ann, "bob")
        await about(bob, c.AnswerCall(call.call))
        await bob.go()
        await asyncio.sleep(29)
        await sweep(stage)
        back = await stage.resume(bob)
        await asyncio.sleep(60)
        await sweep(stage)
        assert heard(ann)[-1].state == "answered"
        await back.go()
        await asyncio.sleep(30.1)
        await sweep(stage)
        assert [(fact.reason, fact.by) for fact in ended(ann)] == [("failed", "bob")]


@in_virtual_time
async def test_a_session_that_is_closed_is_out_at_once() -> None:
    async with an_app() as stage:
        ann, bob = await stage.login("ann"), await stage.login("bob")
        call = await start(ann, "bob")
        await about(bob, c.AnswerCall(call.call))
        await stage.end(bob)
        await sweep(stage)
        assert [fact.reason for fact in ended(ann)] == ["failed"]


@pytest.mark.rows("D7")
@in_virtual_time
async def test_other_nodes_tell_their_sessions_although_no_bus_does() -> None:
    """Signals used to be all that told other nodes of a ring."""
    async with an_app(Wiring(bus=Deaf())) as here, an_app(Wiring(beside=here, name="there")) as there:
        ann, bob = await here.login("ann"), await there.login("bob")
        call = await start(ann, "bob")
        assert heard(bob) == []
        await sweep(there)
        await sweep(there)
        assert [view.state for view in heard(bob)] == ["ringing"]
        await about(bob, c.AnswerCall(call.call))
        await sweep(here)
        assert heard(ann)[-1].state == "answered"


@in_virtual_time
async def test_signals_reach_the_other_end_alone() -> None:
    async with an_app() as stage:
        ann, eve = await stage.login("ann"), await stage.login("eve")
        phone, laptop = await stage.login("bob", "phone"), await stage.login("bob", "laptop")
        call = await start(ann, "bob")
        offer = c.SignalCall(call.call, {"type": "offer"})
        with pytest.raises(NotFound):
            await ann.ask(offer)
        await about(phone, c.AnswerCall(call.call))
        await ann.ask(offer)
        assert (signals(phone), signals(laptop), signals(ann)) == ([{"type": "offer"}], [], [])
        for outsider in (laptop, eve):
            with pytest.raises(NotFound):
                await outsider.ask(offer)
        with pytest.raises(TooLarge):
            await ann.ask(c.SignalCall(call.call, "x" * 70_000))
        handed = await about(phone, c.HandOver(call.call, laptop.session))
        assert [end.session for end in handed.ends] == [ann.session, laptop.session]
        await ann.ask(c.SignalCall(call.call, "again"))
        assert (signals(phone), signals(laptop)) == ([{"type": "offer"}], ["again"])
        for foreign in (eve.session, SessionId("none")):
            with pytest.raises(NotFound):
                await phone.ask(c.HandOver(call.call, foreign))


@in_virtual_time
async def test_a_group_is_called_by_its_members_alone() -> None:
    async with an_app() as stage:
        ann, bob, cat, eve = [await stage.login(name) for name in ("ann", "bob", "cat", "eve")]
        talk = await group(ann, "bob", "cat")
        call = await about(ann, c.StartCall(SendKey("g"), conversation=talk))
        assert (call.users, call.conversation) == (("bob", "cat"), talk)
        await about(bob, c.AnswerCall(call.call))
        await about(cat, c.AnswerCall(call.call))
        await about(ann, c.HangUp(call.call))
        assert [end.user for end in heard(cat)[-1].ends] == ["bob", "cat"]
        with pytest.raises(NotFound):
            await eve.ask(c.StartCall(SendKey("g"), conversation=talk))
        room = await ann.ask(c.CreateConversation(key=SendKey("room"), of="room"))
        assert isinstance(room, ConversationView)
        await ann.ask(c.EnterRoom(room.conversation))
        with pytest.raises(Forbidden):
            await ann.ask(c.StartCall(SendKey("r"), conversation=room.conversation))


@in_virtual_time
async def test_who_is_blocked_calls_nobody_who_blocks_them() -> None:
    """By name it is refused, as a message is; in a group the others ring."""
    async with an_app() as stage:
        ann, bob, cat = [await stage.login(name) for name in ("ann", "bob", "cat")]
        talk = await group(ann, "bob", "cat")
        pair = await ann.ask(c.CreateConversation(key=SendKey("pair"), of="direct", members=(UserId("bob"),)))
        assert isinstance(pair, ConversationView)
        await bob.ask(c.BlockUsers((UserId("ann"),)))
        for command in (
            c.StartCall(SendKey("a"), (UserId("cat"), UserId("bob"))),
            c.StartCall(SendKey("b"), conversation=pair.conversation),
        ):
            with pytest.raises(Forbidden) as refused:
                await ann.ask(command)
            assert refused.value.numbers == {"reason": "not heard by them", "user": "bob"}
        assert (await about(ann, c.StartCall(SendKey("c"), conversation=talk))).users == ("cat",)
        assert (len(await rings_for(cat)), len(await rings_for(bob))) == (1, 0)
        assert (await start(bob, "ann", key="back")).users == ("ann",)


@in_virtual_time
async def test_what_cannot_be_called_is_said() -> None:
    async with an_app() as stage:
        ann = await stage.login("ann")
        talk = await group(ann, "bob")
        for command in (
            c.StartCall(SendKey("a")),
            c.StartCall(SendKey("b"), (UserId("ann"),)),
            c.StartCall(SendKey("c"), (UserId("bob"),), talk),
        ):
            with pytest.raises(Invalid):
                await ann.ask(command)
        big = await group(ann, *(f"u{number}" for number in range(c.CALLED_MAX + 1)))
        with pytest.raises(LimitReached):
            await ann.ask(c.StartCall(SendKey("d"), conversation=big))
        with pytest.raises(TooLarge):
            await ann.ask(c.StartCall(SendKey("e"), (UserId("bob"),), data="x" * 20_000))
        for number in range(CALLS_OF_USER_MAX):
            await start(ann, "bob", key=f"n{number}")
        with pytest.raises(LimitReached) as refused:
            await start(ann, "bob", key="last")
        assert refused.value.numbers["what"] == "calls of a user"
        with pytest.raises(NotFound):
            await ann.ask(c.AnswerCall(CallId("none")))


@in_virtual_time
async def test_turn_servers_are_those_of_the_operator() -> None:
    rules = CallRules(("stun:x.test",), ("turn:x.test",), b"a secret of both", 600)
    async with an_app(calls=rules) as stage, an_app() as plain:
        answer = await (await stage.login("ann")).ask(c.GetTurn())
        assert isinstance(answer, TurnServers)
        stun, relay = answer.servers
        assert (stun.urls, stun.username, relay.urls, answer.ttl_s) == (("stun:x.test",), None, ("turn:x.test",), 600)
        assert relay.username == f"{stage.clock.now() // 1000 + 600}:ann"
        digest = hmac.digest(b"a secret of both", relay.username.encode(), "sha1")
        assert relay.credential == base64.b64encode(digest).decode()
        assert (await (await plain.login("ann")).ask(c.GetTurn())) == TurnServers((), 3600)
