"""Calls hold to what else holds: who hears from whom, who is a member, who is there, and how much is enough."""

import asyncio

import pytest

from tests.support.virtual_time import in_virtual_time
from tests.unit.app.app_stage import an_app, group
from tests.unit.app.call_stage import about, ended, heard, rings_for, signals, start, sweep
from tests.unit.app.fanout_stage import settle
from unisono.app.options import CallRules
from unisono.domain import commands as c
from unisono.domain.call_view import CallView
from unisono.domain.calls import CALLS_OF_USER_MAX
from unisono.domain.errors import Forbidden, LimitReached, Unavailable
from unisono.domain.ids import SendKey, UserId
from unisono.domain.rates import Rate


@in_virtual_time
async def test_where_contacts_alone_may_write_they_alone_may_call() -> None:
    """A stranger used to ring all devices, with 16 KiB of words."""
    async with an_app(writing="contacts") as stage:
        ann, bob = await stage.login("ann"), await stage.login("bob")
        talk = await group(ann, "bob")
        with pytest.raises(Forbidden) as refused:
            await start(ann, "bob")
        assert refused.value.numbers == {"reason": "not heard by them", "user": "bob"}
        assert heard(bob) == []
        assert (await about(ann, c.StartCall(SendKey("g"), conversation=talk))).users == ("bob",)
        await ann.ask(c.InviteContact(UserId("bob")))
        await bob.ask(c.AcceptContact(UserId("ann")))
        assert (await start(ann, "bob", key="again")).users == ("bob",)


@in_virtual_time
async def test_one_user_rings_another_so_often_and_no_more() -> None:
    """Each leaves a call that was missed with who is rung, and nothing bounded that but the rate of commands."""
    rules = CallRules(to_one=Rate(per_s=0.1, burst=2))
    async with an_app(calls=rules) as stage:
        ann = await stage.login("ann")
        first, _ = [await start(ann, "bob", "cat", key=key) for key in ("one", "two")]
        with pytest.raises(LimitReached) as refused:
            await start(ann, "eve", "cat", key="more")
        assert refused.value.numbers == {"what": "calls to one user", "user": "cat", "limit": 2, "again_ms": 10_001}
        # Nobody was rung by it, so nobody's rate paid for it.
        for key in ("other", "another"):
            await start(ann, "eve", key=key)
        # A repeat is the same call.
        assert (await start(ann, "bob", "cat", key="one")).call == first.call
        await asyncio.sleep(10)
        await start(ann, "cat", key="later")


@in_virtual_time
async def test_a_call_that_is_one_too_many_rings_nobody_and_counts_for_nobody() -> None:
    async with an_app(calls=CallRules(to_one=Rate(per_s=0.001, burst=2))) as stage:
        ann = await stage.login("ann")
        rung = [await start(ann, f"user {number}", key=f"k{number}") for number in range(CALLS_OF_USER_MAX)]
        for turn in range(4):
            with pytest.raises(LimitReached) as refused:
                await start(ann, "bob", "cat", key=f"more {turn}")
            assert refused.value.numbers["what"] == "calls of a user"
        await ann.ask(c.HangUp(rung[0].call))
        await start(ann, "bob", "cat", key="now")


@in_virtual_time
async def test_a_repeat_is_the_same_call_whatever_changed_since() -> None:
    """It was refused, although the call rang, when it came after a lost answer and something else in between."""
    async with an_app() as stage:
        ann, bob = await stage.login("ann"), await stage.login("bob")
        call = await start(ann, "bob")
        await bob.ask(c.BlockUsers((UserId("ann"),)))
        assert (await start(ann, "bob")).call == call.call


@in_virtual_time
async def test_who_is_no_member_any_more_is_out_of_the_call_for_good() -> None:
    """Who was removed from a group used to come back into its call, and to see who is in it."""
    async with an_app() as stage:
        ann, bob, cat, dan = [await stage.login(name) for name in ("ann", "bob", "cat", "dan")]
        talk = await group(ann, "bob", "cat", "dan")
        call = await about(ann, c.StartCall(SendKey("g"), conversation=talk))
        for present in (bob, cat):
            await about(present, c.AnswerCall(call.call))
        await ann.ask(c.RemoveMembers(talk, (UserId("cat"), UserId("dan"))))
        assert await dan.refused(c.AnswerCall(call.call)) == "not_found"
        known = len(heard(cat))
        await sweep(stage)
        assert [end.user for end in heard(ann)[-1].ends] == ["ann", "bob"]
        assert heard(ann)[-1].ringing == ()
        assert [(fact.reason, fact.is_missed) for fact in (*ended(cat), *ended(dan))] == [("failed", False)] * 2
        for command in (c.AnswerCall(call.call), c.HangUp(call.call), c.SignalCall(call.call, "x", ann.session)):
            assert await cat.refused(command) == "not_found"
        await about(bob, c.HangUp(call.call))
        await about(bob, c.AnswerCall(call.call))
        assert len(heard(cat)) == known
        assert await rings_for(cat) == []


@in_virtual_time
async def test_who_is_blocked_signals_nothing_to_who_blocks_them() -> None:
    async with an_app() as stage:
        ann, bob = await stage.login("ann"), await stage.login("bob")
        call = await start(ann, "bob")
        await about(bob, c.AnswerCall(call.call))
        await ann.ask(c.BlockUsers((UserId("bob"),)))
        assert await bob.refused(c.SignalCall(call.call, "hello")) == "forbidden"
        await ann.ask(c.SignalCall(call.call, "bye"))
        assert (signals(ann), signals(bob)) == ([], ["bye"])


@in_virtual_time
async def test_a_call_is_handed_over_to_a_session_with_a_connection_alone() -> None:
    """One that was away was taken at its word, and out of the call a moment later: that was the end of it."""
    async with an_app() as stage:
        ann, phone, laptop = [await stage.login(*each) for each in (("ann",), ("bob", "phone"), ("bob", "laptop"))]
        call = await start(ann, "bob")
        await about(phone, c.AnswerCall(call.call))
        await laptop.go()
        assert await phone.refused(c.HandOver(call.call, laptop.session)) == "no_answer"
        back = await stage.resume(laptop)
        await about(phone, c.HandOver(call.call, back.session))
        await sweep(stage)
        assert heard(ann)[-1].state == "answered"


@in_virtual_time
async def test_a_busy_device_leaves_it_to_the_others_that_are_there() -> None:
    async with an_app() as stage:
        ann, phone, laptop = [await stage.login(*each) for each in (("ann",), ("bob", "phone"), ("bob", "laptop"))]
        away = await stage.login("bob", "away")
        await away.go()
        call = await start(ann, "bob")
        busy = c.DeclineCall(call.call, scope="device", busy=True)
        assert (await about(phone, busy)).ringing == ("bob",)
        assert (await about(laptop, busy)).reason == "busy"
        assert [fact.is_missed for fact in ended(phone)] == [True]


@in_virtual_time
async def test_who_is_erased_is_out_of_their_calls_and_the_others_hear_of_it() -> None:
    """Their calls used to vanish without a word: the others could not even hang up."""
    async with an_app() as stage:
        ann, bob, cat = [await stage.login(name) for name in ("ann", "bob", "cat")]
        call = await start(cat, "ann", "bob")
        pair = await start(cat, "bob", key="pair")
        for present in (ann, bob):
            await about(present, c.AnswerCall(call.call))
        await stage.node.erasing.begin(UserId("cat"))
        await asyncio.sleep(4)
        await stage.node.erasing.sweep()
        await settle(5)
        assert [end.user for end in heard(ann)[-1].ends] == ["ann", "bob"]
        assert [(fact.call, fact.reason) for fact in ended(bob)] == [(pair.call, "failed")]
        await about(ann, c.HangUp(call.call))
        await about(bob, c.HangUp(call.call))
        assert [fact.reason for fact in ended(ann)] == ["hung_up"]


@in_virtual_time
async def test_a_large_group_is_refused_by_its_number_alone() -> None:
    """All its members, and what each is to the caller, used to be read where everybody who writes waits for it."""
    async with an_app() as stage:
        ann = await stage.login("ann")
        big = await group(ann, *(f"u{number}" for number in range(c.CALLED_MAX + 1)))
        looks: list[str] = []

        async def count(method: str) -> None:
            looks.append(method)

        stage.mood = count
        assert await ann.refused(c.StartCall(SendKey("d"), conversation=big)) == "limit_reached"
        assert looks.count("transact") == 1


@in_virtual_time
async def test_of_a_thousand_answers_at_once_one_is_decided() -> None:
    """Each used to be a decision of the store's, one after the other, and held up everybody who writes."""
    async with an_app() as stage:
        ann, phone, laptop = [await stage.login(*each) for each in (("ann",), ("bob", "phone"), ("bob", "laptop"))]
        decided: list[str] = []

        async def count(method: str) -> None:
            decided.append(method)
            # The others come meanwhile.
            await settle(5)

        call = await start(ann, "bob")
        stage.mood = count
        answers = [about(each, c.AnswerCall(call.call)) for _ in range(500) for each in (phone, laptop)]
        views = await asyncio.gather(*answers)
        assert decided.count("decide") == 1
        assert {tuple(end.session for end in view.ends) for view in views} == {(ann.session, phone.session)}


@in_virtual_time
async def test_who_answers_after_a_fault_of_another_is_in() -> None:
    async with an_app() as stage:
        ann, phone, laptop = [await stage.login(*each) for each in (("ann",), ("bob", "phone"), ("bob", "laptop"))]
        call = await start(ann, "bob")
        faults = iter((Unavailable(part="store"), None))

        async def fail_once(method: str) -> None:
            await settle(5)
            fault = next(faults) if method == "decide" else None
            if fault is not None:
                raise fault

        stage.mood = fail_once
        answers = [about(each, c.AnswerCall(call.call)) for each in (phone, laptop)]
        first, second = await asyncio.gather(*answers, return_exceptions=True)
        assert isinstance(first, Unavailable)
        assert isinstance(second, CallView)
        assert [end.session for end in second.ends] == [ann.session, laptop.session]
