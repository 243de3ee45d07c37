"""Rings told to the push service: to wake who is not there, and to be silent again."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from msgspec import structs

from tests.support.virtual_time import in_virtual_time
from tests.unit.app.app_stage import AppStage, Wiring, an_app
from tests.unit.app.call_stage import about, start, sweep
from unisono.app.erasing import SETTLING_MS
from unisono.app.options import PushRules
from unisono.app.pushing import Pushing
from unisono.app.ringing import Ringing, ringing_of
from unisono.domain import commands as c
from unisono.domain.ids import DeviceId, UserId
from unisono.ports.push import CallPush, Push, ReadPush
from unisono.ports.push_targets import PushTarget


class Service:
    """Implements `ports.push.PushService`; takes nothing while it is `away`."""

    def __init__(self) -> None:
        self.told: list[CallPush] = []
        self.sizes: list[int] = []
        self.away = False

    async def hand_over(self, pushes: Sequence[Push]) -> None:
        raise NotImplementedError

    async def hand_over_calls(self, pushes: Sequence[CallPush]) -> bool:
        self.told += pushes
        self.sizes.append(len(pushes))
        return not self.away

    async def hand_over_reads(self, pushes: Sequence[ReadPush]) -> bool:
        raise NotImplementedError

    def heard(self) -> list[tuple[str, str]]:
        """Give who was told what since it was asked last."""
        heard = [(str(each.user), str(each.over or "ring")) for each in self.told]
        self.told.clear()
        return heard


class Watch:
    """A node that tells of rings."""

    def __init__(self, stage: AppStage) -> None:
        parts, rules = stage.node.parts, PushRules(calls=True)
        self.stage = stage
        self.service = Service()
        self.pushing = Pushing(parts, rules, self.service, stage.node.lease)
        self.ringing = Ringing(parts, rules, self.service, self.pushing, stage.node.own_sessions)

    async def look(self) -> list[tuple[str, str]]:
        """Sweep, and give who was told what."""
        await self.stage.node.lease.keep()
        await sweep(self.stage)
        await self.ringing.sweep()
        return self.service.heard()


@asynccontextmanager
async def a_watch() -> AsyncIterator[Watch]:
    async with an_app(lease_ttl_s=1000.0) as stage:
        watch = Watch(stage)
        await watch.pushing.start()
        await watch.pushing.sweep()
        yield watch


@in_virtual_time
async def test_who_is_not_there_is_rung_by_push_and_silenced_again() -> None:
    async with a_watch() as watch:
        ann, bob = await watch.stage.login("ann"), await watch.stage.login("bob", "phone")
        await bob.ask(c.RegisterPush("fcm", "token"))
        await bob.go()
        assert await watch.look() == []
        call = await about(ann, c.StartCall("k", ("bob",), data={"topic": "tea"}))  # type: ignore[arg-type]
        await watch.ringing.sweep()
        (ring,) = watch.service.told
        assert (ring.user, ring.caller, ring.data, ring.over) == ("bob", "ann", {"topic": "tea"}, None)
        assert (ring.at, ring.until) == (call.began_at, call.rings_until)
        assert ring.devices == (PushTarget(DeviceId("phone"), "fcm", "token"),)
        assert watch.service.heard() == [("bob", "ring")]
        assert await watch.look() == []
        await about(ann, c.HangUp(call.call))
        assert await watch.look() == [("bob", "cancelled")]
        assert await watch.look() == []


@in_virtual_time
async def test_who_is_there_hears_it_anyway_and_who_goes_meanwhile_is_told() -> None:
    async with a_watch() as watch:
        ann, bob = await watch.stage.login("ann"), await watch.stage.login("bob")
        call = await start(ann, "bob", "cat")
        assert await watch.look() == [("cat", "ring")]
        await bob.go()
        assert await watch.look() == [("bob", "ring")]
        back = await watch.stage.resume(bob)
        await about(back, c.AnswerCall(call.call))
        assert await watch.look() == [("bob", "answered")]
        await asyncio.sleep(45)
        assert await watch.look() == [("cat", "timeout")]
        assert await watch.look() == []


@in_virtual_time
async def test_what_was_not_taken_comes_again_while_it_is_worth_it() -> None:
    """An answer that was lost may have been one that took it, so the end is told of all that was tried."""
    async with a_watch() as watch:
        ann = await watch.stage.login("ann")
        watch.service.away = True
        call = await start(ann, "bob")
        for _ in range(2):
            assert await watch.look() == [("bob", "ring")]
        await about(ann, c.HangUp(call.call))
        for _ in range(2):
            assert await watch.look() == [("bob", "cancelled")]
        await asyncio.sleep(45 + 60)
        assert await watch.look() == []


@in_virtual_time
async def test_an_erased_caller_leaves_no_phone_ringing() -> None:
    """What they did is gone before anybody looks at it again, and their calls with it."""
    async with a_watch() as watch:
        ann = await watch.stage.login("ann")
        call = await start(ann, "bob")
        assert await watch.look() == [("bob", "ring")]
        await watch.stage.node.erasing.begin(UserId("ann"))
        await asyncio.sleep(SETTLING_MS / 1000)
        await watch.stage.node.erasing.sweep()
        assert await watch.stage.node.parts.calls.find(call.call) is None
        assert await watch.look() == [("bob", "failed")]
        assert await watch.look() == []


@in_virtual_time
async def test_large_calls_go_by_several_requests_and_calls_that_run_are_not_read_again() -> None:
    async with a_watch() as watch:
        ann, bob = await watch.stage.login("ann"), await watch.stage.login("bob")
        call = await start(ann, "bob", *(f"u{number}" for number in range(31)))
        assert len(await watch.look()) == 31
        assert watch.service.sizes == [16, 15]
        await about(bob, c.AnswerCall(call.call))
        await asyncio.sleep(45)
        assert len(await watch.look()) == 31
        await watch.ringing.sweep()
        read: list[str] = []

        async def count(method: str) -> None:
            read.append(method)

        watch.stage.mood = count
        await watch.ringing.sweep()
        assert read == ["active"]


@in_virtual_time
async def test_one_node_tells() -> None:
    async with a_watch() as watch, an_app(Wiring(beside=watch.stage, name="there")) as there:
        other = Watch(there)
        await other.pushing.sweep()
        await start(await there.login("ann"), "bob")
        assert await other.look() == []
        assert await watch.look() == [("bob", "ring")]
        # It told of it, and lost the work to another since.
        await watch.stage.node.lease.take()
        await watch.pushing.sweep()
        await watch.ringing.sweep()
        assert watch.service.heard() == []


@in_virtual_time
async def test_it_is_for_who_wants_it() -> None:
    async with a_watch() as watch:
        parts, sessions = watch.stage.node.parts, watch.stage.node.own_sessions
        with_push = structs.replace(parts, push=watch.service)
        wanted = PushRules(calls=True)
        assert ringing_of(parts, wanted, watch.pushing, sessions) is None
        assert ringing_of(with_push, wanted, None, sessions) is None
        assert ringing_of(with_push, PushRules(), watch.pushing, sessions) is None
        assert ringing_of(with_push, wanted, watch.pushing, sessions) is not None
