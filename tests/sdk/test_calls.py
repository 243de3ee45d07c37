"""Calls with a real server: who rings, who is in, who is told, and what a client makes of what comes late."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

import pytest

from tests.sdk.fake_server import FakeServer, Frame, Peer
from tests.sdk.test_against_server import House, MortalHouse, house, mortal_house
from tests.support.fault_proxy import FaultProxy
from unisono_sdk import Call, Client, MemoryState, NotFound, Refused, Unacceptable, Unisono, events

__all__ = ["house", "mortal_house"]

Connect = Callable[..., Unisono]
E = TypeVar("E")


class Ear:
    """What a client is told of calls."""

    def __init__(self, client: Client) -> None:
        self.told: list[object] = []
        self._changed = asyncio.Event()
        for name in (
            "ringing",
            "ring_over",
            "call_answered",
            "call_declined",
            "call_roster",
            "call_ended",
            "call_signal",
        ):
            client.on(name, self._take)

    def _take(self, event: object) -> None:
        self.told.append(event)
        self._changed.set()

    async def hear(self, kind: type[E]) -> E:
        """Wait for the first of a kind that was not taken yet."""
        async with asyncio.timeout(10):
            while True:
                for event in self.told:
                    if isinstance(event, kind):
                        self.told.remove(event)
                        return event
                self._changed.clear()
                await self._changed.wait()

    def count(self, kind: type[object]) -> int:
        return sum(1 for event in self.told if isinstance(event, kind))


async def tell(call: Call, data: str, ear: Ear) -> None:
    """Say it until it is heard: it is lost on an end that is away."""
    async with asyncio.timeout(10):
        while not ear.count(events.CallSignal):
            await call.signal(data)
            await asyncio.sleep(0.05)
    assert (await ear.hear(events.CallSignal)).data == data


async def hand_over(call: Call, session: str) -> None:
    """Hand it over as soon as the other session is there again."""
    async with asyncio.timeout(10):
        while True:
            try:
                return await call.hand_over(session)
            except Refused as refused:
                if refused.code != "no_answer":
                    raise
                await asyncio.sleep(0.05)


@pytest.mark.rows("M3", "M17", "M22", "X54", "Q43", "D7")
async def test_it_rings_everywhere_and_the_losers_are_told_who_answered_within_a_second(house: House) -> None:
    ann, phone, laptop = await house.login("ann"), await house.login("ben"), await house.login("ben")
    callers, phones, laptops = Ear(ann), Ear(phone), Ear(laptop)
    call = await ann.call("ben", media="video", data={"topic": "tea"})
    assert (call.state, call.is_here, call.rings_here) == ("ringing", True, False)
    rung = [(await ear.hear(events.Ringing)).call for ear in (phones, laptops)]
    assert [(each.caller, each.media, each.data, each.rings_here) for each in rung] == [
        ("ann", "video", {"topic": "tea"}, True)
    ] * 2
    asked = asyncio.get_running_loop().time()
    outcomes = await asyncio.gather(*(each.answer() for each in rung))
    winner = phone if outcomes[0] else laptop
    assert sorted(outcomes) == [False, True]
    for ear in (callers, phones, laptops):
        assert (await ear.hear(events.CallAnswered)).by.session == winner.session
    for ear in (phones, laptops):
        await ear.hear(events.RingOver)
    assert asyncio.get_running_loop().time() - asked < 1
    assert {each.answered_by.session for each in rung if each.answered_by} == {winner.session}
    late = await house.login("ben")
    late_ear = Ear(late)
    assert [each.state for each in await late.calls()] == ["answered"]
    await rung[1].decline()
    await call.signal("offer")
    inner, outer = (phones, laptops) if winner is phone else (laptops, phones)
    assert (await inner.hear(events.CallSignal)).data == "offer"
    await call.hang_up()
    for ear in (callers, phones, laptops, late_ear):
        over = await ear.hear(events.CallOver)
        assert (over.told.reason, over.is_missed) == ("hung_up", False)
    assert (late_ear.count(events.Ringing), outer.count(events.CallSignal)) == (0, 0)


async def test_who_logs_in_while_it_rings_rings_and_a_device_that_declined_does_not(house: House) -> None:
    ann, phone = await house.login("ann"), await house.login("ben")
    callers, phones = Ear(ann), Ear(phone)
    call = await ann.call("ben")
    silent = (await phones.hear(events.Ringing)).call
    await silent.decline(scope="device")
    await phones.hear(events.RingOver)
    late = Ear(await house.login("ben"))
    rung = (await late.hear(events.Ringing)).call
    with pytest.raises(Unacceptable):
        await rung.hang_up()
    await rung.decline()
    assert (await callers.hear(events.CallOver)).told.reason == "declined"
    assert (call.state, call.reason, silent.state) == ("ended", "declined", "ended")
    assert await call.answer() is False
    with pytest.raises(NotFound):
        await call.signal("late")


async def test_what_was_missed_is_known_later(house: House) -> None:
    ann, state = await house.login("ann"), MemoryState()
    async with house.entrance(state=state) as before:
        await before.login(user="ben")
    call = await ann.call("ben")
    await call.hang_up()
    async with house.entrance(state=state) as after:
        ear = Ear(await after.login(user="ben"))
        over = await ear.hear(events.CallOver)
        assert (over.told.reason, over.told.caller, over.is_missed) == ("cancelled", "ann", True)
        assert ear.count(events.Ringing) == 0


async def test_a_call_goes_on_after_a_crash_of_the_server_and_to_another_device(mortal_house: MortalHouse) -> None:
    ann, phone, laptop = [await mortal_house.login(name) for name in ("ann", "ben", "ben")]
    ears = {client: Ear(client) for client in (ann, phone, laptop)}
    call = await ann.call("ben")
    taken = (await ears[phone].hear(events.Ringing)).call
    assert await taken.answer()
    await mortal_house.server.kill()
    await mortal_house.server.start()
    await tell(call, "restart", ears[phone])
    await hand_over(taken, laptop.session)
    await ears[laptop].hear(events.CallRoster)
    await tell(call, "new", ears[laptop])
    assert (taken.is_here, [end.session for end in call.ends]) == (False, [ann.session, laptop.session])
    await taken.hang_up()
    assert (await ears[ann].hear(events.CallOver)).told.by == "ben"


@pytest.mark.parametrize("goes", [Client.close, Client.logout])
async def test_who_goes_hangs_up(house: House, goes: Callable[[Client], Awaitable[None]]) -> None:
    """The other end used to sit in a dead call for half a minute."""
    ann, ben = await house.login("ann"), await house.login("ben")
    ear, theirs = Ear(ann), Ear(ben)
    await ann.call("ben")
    assert await (await theirs.hear(events.Ringing)).call.answer()
    await goes(ben)
    assert (await ear.hear(events.CallOver)).told.reason == "hung_up"


@pytest.mark.parametrize("patience_s", [0.1, 10], ids=["cut short", "patient"])
async def test_who_goes_while_nothing_gets_through_is_gone(house: House, patience_s: float) -> None:
    """It waited half a minute for an answer to each hang-up; who lost patience had a client that came back for ever."""
    ann = await house.login("ann")
    async with FaultProxy(house.port) as proxy, Unisono(f"ws://127.0.0.1:{proxy.port}") as unisono:
        ben = await unisono.login(user="ben")
        theirs = Ear(ben)
        await ann.call("ben")
        assert await (await theirs.hear(events.Ringing)).call.answer()
        with proxy.black_hole():
            with suppress(TimeoutError):
                async with asyncio.timeout(patience_s) as limit:
                    await ben.close()
            assert limit.expired() == (patience_s < 1)
            assert ben.is_closed


async def test_a_group_call_has_a_roster_and_who_is_busy_says_so(house: House) -> None:
    ann, ben, cem = [await house.login(name) for name in ("ann", "ben", "cem")]
    ears = {client: Ear(client) for client in (ann, ben, cem)}
    chat = await ann.create(["ben", "cem"])
    call = await ann.call(conversation=chat)
    taken = {client: (await ears[client].hear(events.Ringing)).call for client in (ben, cem)}
    for each in taken.values():
        assert await each.answer()
    async with asyncio.timeout(10):
        while len(call.ends) < 3:
            await ears[ann].hear(events.CallRoster)
    with pytest.raises(Unacceptable):
        await call.signal("to whom?")
    await call.signal("to you", cem.session)
    assert (await ears[cem].hear(events.CallSignal)).user == "ann"
    cem.when_busy = "busy"
    assert cem.when_busy == "busy"
    dan = await house.login("dan")
    told = Ear(dan)
    await dan.call("cem")
    assert (await told.hear(events.CallOver)).told.reason == "busy"
    assert ears[cem].count(events.Ringing) == 0
    for client in (ben, cem):
        await taken[client].hang_up()
    await call.hang_up()
    assert (await ears[ben].hear(events.CallOver)).told.joined == ("ben", "cem")


async def test_a_busy_device_leaves_it_to_my_others(house: House) -> None:
    """It used to decline for all of them, and nothing told me of the call."""
    ann, dan, phone, laptop = [await house.login(name) for name in ("ann", "dan", "ben", "ben")]
    ears = {client: Ear(client) for client in (dan, phone, laptop)}
    phone.when_busy = "busy"
    await ann.call("ben")
    assert await (await ears[phone].hear(events.Ringing)).call.answer()
    await ears[laptop].hear(events.RingOver)
    call = await dan.call("ben")
    rung = [await ears[laptop].hear(events.Ringing) for _ in range(2)][1].call
    async with asyncio.timeout(10):
        while phone.device_id not in rung.view.silent:
            await asyncio.sleep(0.01)
    assert (rung.rings_here, call.state, ears[phone].count(events.Ringing)) == (True, "ringing", 0)
    laptop.when_busy = "busy"
    await rung.decline(scope="device", busy=True)
    assert (await ears[dan].hear(events.CallOver)).told.reason == "busy"
    assert (await ears[phone].hear(events.CallOver)).is_missed


async def test_turn_servers_are_asked_for(house: House) -> None:
    assert list(await (await house.login("ann")).turn_servers()) == []


def view(revision: int, state: str = "ringing", **more: object) -> Frame:
    ringing = {"ringing": ["me"]} if state == "ringing" else {}
    fixed: Frame = {"call": "c1", "caller": "you", "users": ["me"], "media": "audio", "began_at": 1, "rings_until": 9}
    return {**fixed, "revision": revision, "state": state, **ringing, **more}


async def test_what_comes_late_rings_no_more(server: FakeServer, connect: Connect) -> None:
    """An event may overtake another, or the fact of the end: a device used to ring on after it."""
    answered = view(3, "answered", ends=[{"user": "me", "session": "s2", "since": 2}])
    asked: list[Frame] = [view(1)]
    server.hooks["calls"] = lambda _, __: {"kind": "calls", "calls": asked}

    async def say(peer: Peer, told: Frame) -> None:
        await peer.push({"is": "event", "event": {"kind": "call", "call": told}})

    async with connect() as unisono:
        client = await unisono.login(user="me")
        ear = Ear(client)
        peer = server.current
        assert peer is not None
        assert (await ear.hear(events.Ringing)).call.rings_here
        asked.clear()
        await say(peer, answered)
        await say(peer, view(2))
        await ear.hear(events.RingOver)
        over = {"kind": "call_ended", "call": "c1", "caller": "you", "users": ["me"], "media": "audio"}
        fact = {**over, "reason": "hung_up", "began_at": 1}
        await peer.push(server.place("u/me", fact))
        assert (await ear.hear(events.CallOver)).call is not None
        await say(peer, view(4))
        await say(peer, {**view(1), "call": "c2"})
        assert (await ear.hear(events.Ringing)).call.id == "c2"
        assert ear.count(events.Ringing) == 0
        await peer.push(server.place("u/me", {**fact, "call": "c2"}))
        await ear.hear(events.RingOver)
        assert (await ear.hear(events.CallOver)).id == "c2"
        await peer.push(server.place("u/me", {**fact, "call": "c3", "is_missed": True}))
        missed = await ear.hear(events.CallOver)
        assert (missed.call, missed.is_missed) == (None, True)


async def test_what_is_not_listed_any_more_is_over(server: FakeServer, connect: Connect) -> None:
    """A call that vanished used to be answered for ever, and kept the session busy."""
    inside = view(3, "answered", ends=[{"user": "me", "session": "s1", "since": 2}])
    asked: list[Frame] = [inside]
    server.hooks["calls"] = lambda _, __: {"kind": "calls", "calls": asked}
    async with connect() as unisono:
        client = await unisono.login(user="me")
        (call,) = await client.calls()
        assert call.state == "answered"
        ear = Ear(client)
        asked.clear()
        assert list(await client.calls()) == []
        assert (call.state, call.ends, call.reason) == ("ended", (), "failed")
        assert (await ear.hear(events.CallRoster)).ends == ()
        peer = server.current
        assert peer is not None
        over = {"kind": "call_ended", "call": "c1", "caller": "you", "users": ["me"], "media": "audio"}
        await peer.push(server.place("u/me", {**over, "reason": "hung_up", "began_at": 1}))
        assert (await ear.hear(events.CallOver)).call is call
        assert call.reason == "hung_up"
