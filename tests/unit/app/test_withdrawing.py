"""What was pushed and read: told to the push service, so that phones show it no more."""

import asyncio
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

import pytest

from tests.support.virtual_time import in_virtual_time
from tests.unit.app.app_stage import AppStage, Present, Wiring, an_app, group, text
from unisono.app import withdrawing as withdrawing_module
from unisono.app.options import PushRules
from unisono.app.pushing import Pushing
from unisono.app.withdrawing import Withdrawing
from unisono.domain import commands as c
from unisono.domain.errors import Unavailable
from unisono.domain.ids import ConversationId, DeviceId, Seq, UserId
from unisono.ports.push import CallPush, Push, ReadPush
from unisono.ports.push_targets import PushTarget


class Service:
    """Implements `ports.push.PushService`; takes no readings while it is `away`."""

    def __init__(self) -> None:
        self.pushed: list[Push] = []
        self.read: list[ReadPush] = []
        self.away = False

    async def hand_over(self, pushes: Sequence[Push]) -> None:
        self.pushed += pushes

    async def hand_over_calls(self, pushes: Sequence[CallPush]) -> bool:
        raise NotImplementedError

    async def hand_over_reads(self, pushes: Sequence[ReadPush]) -> bool:
        self.read += pushes
        return not self.away


class Watch:
    """A node that pushes, and takes back what was read."""

    def __init__(self, stage: AppStage) -> None:
        self.stage = stage
        self.service = Service()
        rules = PushRules(grace_s=1.0, reads=True)
        self.pushing = Pushing(stage.node.parts, rules, self.service, stage.node.lease)
        assert self.pushing.withdrawing is not None
        self.withdrawing: Withdrawing = self.pushing.withdrawing

    async def look(self) -> list[ReadPush]:
        """Sweep, and give what was told to be read."""
        await self.withdrawing.sweep()
        told, self.service.read = self.service.read, []
        return told

    async def push(self, speaker: Present, talk: ConversationId, key: str = "k") -> Seq:
        """Say something, and have it pushed to who is not there."""
        self.service.pushed.clear()
        await speaker.ask(text(talk, key))
        for _ in range(3):
            await asyncio.sleep(1)
            await self.pushing.sweep()
        return self.service.pushed[0].seq


@asynccontextmanager
async def a_watch() -> AsyncIterator[Watch]:
    async with an_app(lease_ttl_s=1000.0) as stage:
        watch = Watch(stage)
        await watch.pushing.start()
        await watch.pushing.sweep()
        await watch.look()
        yield watch


@pytest.mark.rows("D6")
@in_virtual_time
async def test_what_was_pushed_is_taken_back_once_it_is_read_anywhere() -> None:
    async with a_watch() as watch:
        ann, bob = await watch.stage.login("ann"), await watch.stage.login("bob", "phone")
        await bob.ask(c.RegisterPush("fcm", "token"))
        talk, other = await group(ann, "bob"), await group(ann, "bob", "cat")
        await bob.go()
        seqs = [await watch.push(ann, room, key) for room, key in ((talk, "a"), (other, "b"), (talk, "c"))]
        assert await watch.look() == []
        laptop = await watch.stage.login("bob", "laptop")
        await laptop.ask(c.MarkRead(talk, seqs[0]))
        assert await watch.look() == []
        await laptop.ask(c.MarkRead(talk, seqs[2]))
        devices = (PushTarget(DeviceId("phone"), "fcm", "token"),)
        assert await watch.look() == [ReadPush(UserId("bob"), talk, seqs[2], 1, devices)]
        assert await watch.look() == []
        await laptop.ask(c.MarkRead(other, seqs[1]))
        assert [(each.conversation, each.unread) for each in await watch.look()] == [(other, 0)]
        # Nothing more of bob's was pushed: what they read now is nobody's business.
        await ann.ask(text(talk, "d"))
        await laptop.ask(c.MarkAllRead())
        assert await watch.look() == []


@pytest.mark.rows("D6", "X53")
@in_virtual_time
async def test_what_was_pushed_is_taken_back_when_its_user_deletes_it_unread() -> None:
    """It stayed on the phone, with its words, and counted on the badge."""
    async with a_watch() as watch:
        ann, bob = await watch.stage.login("ann"), await watch.stage.login("bob", "phone")
        talk = await group(ann, "bob")
        await bob.go()
        first, second = [await watch.push(ann, talk, key) for key in ("a", "b")]
        laptop = await watch.stage.login("bob", "laptop")
        await laptop.ask(c.DeleteMessages(talk, (first,)))
        assert await watch.look() == []
        await laptop.ask(c.DeleteMessages(talk, (second,)))
        assert [(each.conversation, each.seq, each.unread) for each in await watch.look()] == [(talk, second, 0)]


@in_virtual_time
async def test_it_is_found_without_any_bus_and_when_it_was_read_before_it_was_noted() -> None:
    """Who is pushed to is looked for, and noted a moment later: they may have come and read it in between."""
    async with a_watch() as watch, an_app(Wiring(beside=watch.stage, name="there")) as there:
        ann, bob = await there.login("ann"), await there.login("bob")
        talk = await group(ann, "bob")
        await watch.look()
        await ann.ask(text(talk))
        await bob.ask(c.MarkRead(talk, Seq(2)))
        await watch.look()
        watch.withdrawing.note([UserId("bob")], talk, Seq(2))
        assert [each.seq for each in await watch.look()] == [2]


@in_virtual_time
async def test_what_is_not_taken_comes_again_for_a_minute_and_after_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    async with a_watch() as watch:
        ann, bob = await watch.stage.login("ann"), await watch.stage.login("bob")
        talk = await group(ann, "bob")
        await bob.go()
        seq = await watch.push(ann, talk)
        back = await watch.stage.resume(bob)
        await back.ask(c.MarkRead(talk, seq))

        async def fail(method: str) -> None:
            raise Unavailable(part=method)

        watch.stage.mood, calm = fail, watch.stage.mood
        with pytest.raises(Unavailable):
            await watch.look()
        watch.stage.mood = calm
        with monkeypatch.context() as patch:
            patch.setattr(watch.stage.node.parts.due_pushes, "unread", fail)
            with pytest.raises(Unavailable):
                await watch.look()
        watch.service.away = True
        for _ in range(2):
            assert [each.seq for each in await watch.look()] == [seq]
        watch.service.away = False
        assert [each.seq for each in await watch.look()] == [seq]
        assert await watch.look() == []
        await back.go()
        seq = await watch.push(ann, talk, "more")
        await (await watch.stage.resume(back)).ask(c.MarkRead(talk, seq))
        watch.service.away = True
        assert len(await watch.look()) == 1
        await asyncio.sleep(60)
        assert await watch.look() == []


@in_virtual_time
async def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (withdrawing_module.SHOWN_MAX, withdrawing_module.CONVERSATIONS_MAX) == (500_000, 100)
    monkeypatch.setattr(withdrawing_module, "SHOWN_MAX", 4)
    monkeypatch.setattr(withdrawing_module, "CONVERSATIONS_MAX", 2)
    async with a_watch() as watch:
        ann = await watch.stage.login("ann")
        people = [await watch.stage.login(name) for name in ("bob", "cat", "dan")]
        talks = [await group(ann, "bob", "cat", "dan", *more) for more in ((), ("eve",), ("fay",))]
        watch.withdrawing.note([UserId("bob")], talks[2], Seq(2))
        for talk in talks:
            await ann.ask(text(talk, talk))
            watch.withdrawing.note([UserId("cat"), UserId("dan")], talk, Seq(2))
        for present in people:
            await present.ask(c.MarkAllRead())
        told = sorted((each.user, talks.index(each.conversation)) for each in await watch.look())
        assert told == [("cat", 1), ("cat", 2), ("dan", 1), ("dan", 2)]


@in_virtual_time
async def test_of_what_is_to_be_told_the_newest_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    assert withdrawing_module.READ_MAX == 100_000
    monkeypatch.setattr(withdrawing_module, "READ_MAX", 2)
    async with a_watch() as watch:
        ann, bob = await watch.stage.login("ann"), await watch.stage.login("bob")
        talks = [await group(ann, "bob", *more) for more in ((), ("eve",), ("fay",))]
        watch.service.away = True
        for number, talk in enumerate((*talks, talks[1])):
            seq = Seq(2 + number // 3)
            await ann.ask(text(talk, str(number)))
            watch.withdrawing.note([UserId("bob")], talk, seq)
            await bob.ask(c.MarkRead(talk, seq))
            await watch.look()
        assert [each.conversation for each in await watch.look()] == [talks[2], talks[1]]


@in_virtual_time
async def test_one_read_looks_at_all_notices_of_many_users(monkeypatch: pytest.MonkeyPatch) -> None:
    async with a_watch() as watch:
        ann = await watch.stage.login("ann")
        people = [await watch.stage.login(f"bob {number}") for number in range(5)]
        talks = [await group(ann, *(f"bob {number}" for number in range(5)), f"guest {more}") for more in range(4)]
        for talk in talks:
            await ann.ask(text(talk, talk))
            watch.withdrawing.note([UserId(f"bob {number}") for number in range(5)], talk, Seq(2))
        for present in people:
            await present.ask(c.MarkAllRead())
        parts, asked = watch.stage.node.parts, list[str]()
        due = parts.due_pushes
        for port, name in ((due, "waiting"), (due, "unread"), (parts.push_targets, "of_users")):
            monkeypatch.setattr(port, name, counted(getattr(port, name), asked))
        assert len(await watch.look()) == 20
        assert asked == ["waiting", "unread", "of_users"]


def counted(read: Callable[..., Awaitable[object]], asked: list[str]) -> Callable[..., Awaitable[object]]:
    """Note that something is read."""

    async def reading(*given: object) -> object:
        asked.append(read.__name__)
        return await read(*given)

    return reading


def test_a_notice_takes_at_most_400_bytes() -> None:
    """Measured where nothing is shared: each user has one notice, of a conversation of their own."""
    notices, count = withdrawing_module.Notices(), 20_000
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for number in range(count):
            talk = ConversationId(f"a conversation of {number:08}")
            notices.add(UserId(f"someone who is {number:08}"), (talk, Seq(1_000 + number)))
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(notices) == count
    assert (after - before) / count < 400


def test_what_was_shown_since_is_not_forgotten_with_what_was_read() -> None:
    notices, ann = withdrawing_module.Notices(), UserId("ann")
    for talk, seq in (("a", 1), ("b", 1), ("a", 2)):
        notices.add(ann, (ConversationId(talk), Seq(seq)))
    notices.drop(ann, (ConversationId("a"), Seq(1)))
    assert notices.of(ann) == (("b", 1), ("a", 2))
    notices.drop(ann, (ConversationId("b"), Seq(1)))
    notices.drop(ann, (ConversationId("a"), Seq(2)))
    assert (notices.of(ann), len(notices)) == ((), 0)
