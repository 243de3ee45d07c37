"""Push notifications: told once the grace is over to who is not there, and again after whatever was cut short."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

import pytest

from tests.support.virtual_time import in_virtual_time
from tests.unit.app.app_stage import AppStage, Present, Wiring, an_app, group, text
from unisono.app import pushing as pushing_module
from unisono.app.options import PushRules
from unisono.app.pushing import Pushing
from unisono.domain import commands as c
from unisono.domain.answers import ConversationView, Placed
from unisono.domain.errors import Unavailable
from unisono.domain.facts import Content
from unisono.domain.ids import ConversationId, SendKey, UserId
from unisono.domain.importing import ImportedMessage
from unisono.ports.push import CallPush, Push, ReadPush

GRACE_S = 5.0


class Service:
    """Implements `ports.push.PushService`: keeps what it was told; while `gate` is closed it does not answer."""

    def __init__(self) -> None:
        self.taken: list[Push] = []
        self.sizes: list[int] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.under_way = self.most_under_way = 0

    async def hand_over(self, pushes: Sequence[Push]) -> None:
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            await self.gate.wait()
        finally:
            self.under_way -= 1
        self.taken += pushes
        self.sizes.append(len(pushes))

    async def hand_over_calls(self, pushes: Sequence[CallPush]) -> bool:
        raise NotImplementedError

    async def hand_over_reads(self, pushes: Sequence[ReadPush]) -> bool:
        raise NotImplementedError

    def told(self) -> list[tuple[str, str]]:
        """Give who was told what, and forget it."""
        told: list[tuple[str, str]] = sorted((push.user, push.text) for push in self.taken)
        self.taken.clear()
        return told


class Watchman:
    """A node's pushing, swept each second."""

    def __init__(self, stage: AppStage, service: Service, rules: PushRules) -> None:
        self.stage = stage
        self.service = service
        self.pushing = Pushing(stage.node.parts, rules, service, stage.node.lease)

    async def wait(self, seconds: float) -> None:
        for _ in range(int(seconds)):
            await asyncio.sleep(1)
            await self.stage.node.lease.keep()
            await self.pushing.sweep()

    async def told(self, after_s: float = GRACE_S + 1) -> list[tuple[str, str]]:
        await self.wait(after_s)
        return self.service.told()


@asynccontextmanager
async def watched(stage: AppStage, service: Service | None = None, **rules: object) -> AsyncIterator[Watchman]:
    """Begin to push."""
    given: dict[str, object] = {"text": "{sender}: {text}", "grace_s": GRACE_S, **rules}
    watchman = Watchman(stage, service or Service(), PushRules(**given))  # type: ignore[arg-type]
    await watchman.pushing.start()
    yield watchman


async def say(present: Present, talk: ConversationId, words: str, **more: object) -> Placed:
    command = c.SendMessage(talk, SendKey(words), Content(text=words), **more)  # type: ignore[arg-type]
    answer = await present.ask(command)
    assert isinstance(answer, Placed)
    return answer


@pytest.mark.rows("L3", "L94", "X26", "D6")
@in_virtual_time
async def test_who_has_no_session_anywhere_is_told_and_nobody_else() -> None:
    """Bob has two devices, one of them here: then he is here. Cim's are all gone, Dan never had one."""
    async with an_app() as stage, an_app(Wiring(beside=stage, name="there")) as there, watched(stage) as watchman:
        ann = await stage.login("ann")
        phone, _ = await stage.login("bob", "phone"), await there.login("bob", "laptop")
        cim = await stage.login("cim")
        talk = await group(ann, "bob", "cim", "dan")
        for present in (phone, cim):
            await present.go()
        await say(ann, talk, "hello")
        await there.node.lease.keep()
        assert await watchman.told() == [("cim", "ann: hello"), ("dan", "ann: hello")]
        assert await watchman.told() == []


@in_virtual_time
async def test_a_push_waits_for_the_grace_and_reading_or_coming_back_ends_it() -> None:
    async with an_app() as stage, watched(stage) as watchman:
        ann, bob, cim = [await stage.login(name) for name in ("ann", "bob", "cim")]
        talk = await group(ann, "bob", "cim", "dan")
        phone = await stage.login("bob", "phone")
        for present in (bob, cim, phone):
            await present.go()
        await watchman.wait(10)
        place = await say(ann, talk, "hello")
        back = await stage.resume(phone)
        await back.ask(c.MarkRead(talk, place.seq))
        await back.go()
        assert await watchman.told(GRACE_S - 2) == []
        await stage.resume(cim)
        assert await watchman.told(3) == [("dan", "ann: hello")]


@pytest.mark.rows("L91", "L92", "L93", "L184", "L186")
@in_virtual_time
async def test_what_a_message_brings_is_passed_on_and_levels_are_kept() -> None:
    data = {"alert": "Your taxi is here", "badge": 3, "sound": "horn", "category": "ride", "ride": {"id": 17}}
    async with an_app() as stage, watched(stage) as watchman:
        ann = await stage.login("ann")
        talk = await group(ann, "bob", "cim", "dan")
        for name, level in (("cim", "mentions"), ("dan", "none")):
            present = await stage.login(name)
            await present.ask(c.SetLevel(talk, level))  # type: ignore[arg-type]
            await present.go()
        await say(ann, talk, "one", push=data)
        await watchman.wait(GRACE_S + 1)
        (push,) = watchman.service.taken
        assert (push.user, push.text, push.data, push.unread, push.is_mentioned) == (
            "bob",
            "Your taxi is here",
            data,
            1,
            False,
        )
        assert (push.conversation, push.of, push.sender, push.seq) == (talk, "group", "ann", 2)
        watchman.service.told()
        await say(ann, talk, "two", mentions=(UserId("cim"), UserId("dan")))
        await say(ann, talk, "three", mention_all=True)
        await watchman.wait(GRACE_S + 1)
        told = sorted((push.user, push.text, push.unread, push.is_mentioned) for push in watchman.service.taken)
        assert told == [
            ("bob", "ann: three", 3, True),
            ("bob", "ann: two", 3, False),
            ("cim", "ann: three", 3, True),
            ("cim", "ann: two", 3, True),
        ]


@pytest.mark.rows("L78", "L219")
@in_virtual_time
async def test_what_passes_by_and_what_is_said_in_a_room_is_never_pushed() -> None:
    async with an_app() as stage, watched(stage) as watchman:
        ann, bob = await stage.login("ann"), await stage.login("bob")
        talk = await group(ann, "bob")
        answer = await ann.ask(c.CreateConversation(key=SendKey("room"), of="room"))
        assert isinstance(answer, ConversationView)
        room = answer.conversation
        for present in (ann, bob):
            await present.ask(c.EnterRoom(conversation=room))
        await bob.go()
        await ann.ask(c.SendMessage(talk, SendKey("t"), Content(text="psst"), transient=True))
        await ann.ask(text(room))
        assert await watchman.told() == []


@in_virtual_time
async def test_large_audiences_go_in_batches_a_few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pushing_module, "MEMBERS_AT_ONCE", 7)
    monkeypatch.setattr(pushing_module, "MESSAGES_AT_ONCE", 1)
    async with an_app() as stage, watched(stage, batch_max=10, at_once=2) as watchman:
        ann = await stage.login("ann")
        names = sorted(f"user-{number}" for number in range(45))
        talk = await group(ann, *names)
        for words in ("one", "two"):
            await say(ann, talk, words)
        watchman.service.gate.clear()
        sweeping = asyncio.create_task(watchman.wait(GRACE_S + 1))
        await asyncio.sleep(GRACE_S + 5)
        assert watchman.service.under_way == 2
        assert watchman.pushing.lag_s() > 0
        watchman.service.gate.set()
        await sweeping
        assert watchman.service.most_under_way == 2
        assert watchman.service.sizes == [10] * 9
        assert watchman.service.told() == sorted((name, f"ann: {words}") for name in names for words in ("one", "two"))
        assert watchman.pushing.lag_s() == 0


@in_virtual_time
async def test_large_texts_make_small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pushing_module, "BATCH_BYTES", 100)
    async with an_app() as stage, watched(stage) as watchman:
        ann = await stage.login("ann")
        talk = await group(ann, "bob", "cim", "dan")
        await say(ann, talk, "x", push={"alert": "x" * 80})
        await say(ann, talk, "y", push={"alert": "y"})
        await watchman.wait(GRACE_S + 1)
        assert watchman.service.sizes == [1, 1, 1, 3]


@in_virtual_time
async def test_what_a_stop_cuts_short_is_handed_over_by_who_comes_next() -> None:
    async with an_app() as stage, watched(stage) as first:
        ann = await stage.login("ann")
        talk = await group(ann, "bob")
        await say(ann, talk, "hello")
        first.service.gate.clear()
        sweeping = asyncio.create_task(first.wait(GRACE_S + 1))
        await asyncio.sleep(GRACE_S + 3)
        assert first.service.under_way == 1
        sweeping.cancel()
        await asyncio.gather(sweeping, return_exceptions=True)
        async with watched(stage) as second:
            assert await second.told() == [("bob", "ann: hello")]


@in_virtual_time
async def test_of_two_nodes_one_pushes_and_the_other_when_that_is_gone() -> None:
    service = Service()
    async with (
        an_app() as here,
        an_app(Wiring(beside=here, name="there"), lease_ttl_s=10.0) as there,
        watched(there, service) as first,
        watched(here, service) as second,
    ):
        ann = await here.login("ann")
        talk = await group(ann, "bob")
        await say(ann, talk, "one")
        for _ in range(int(GRACE_S) + 1):
            await asyncio.gather(first.wait(1), second.wait(1))
        assert service.told() == [("bob", "ann: one")]
        await say(ann, talk, "two")
        assert await second.told(9) == []
        assert await second.told(3) == [("bob", "ann: two")]
        there.node.lease.is_held = False
        await first.pushing.sweep()
        assert service.told() == []


@in_virtual_time
async def test_a_store_that_is_away_costs_nothing_but_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pushing_module, "MESSAGES_AT_ONCE", 1)
    async with an_app() as stage, watched(stage, batch_max=1) as watchman:
        ann = await stage.login("ann")
        talk = await group(ann, "bob")
        for words in ("one", "two"):
            await say(ann, talk, words)
        await watchman.wait(GRACE_S - 1)
        asked = 0
        absent = stage.store.due_pushes.absent

        async def away(*of: object) -> object:
            nonlocal asked
            asked += 1
            if asked == 2:
                raise Unavailable()
            return await absent(*of)  # type: ignore[arg-type]

        monkeypatch.setattr(stage.store.due_pushes, "absent", away)
        with pytest.raises(Unavailable):
            await watchman.wait(2)
        assert watchman.service.told() == [("bob", "ann: one")]
        assert await watchman.told(1) == [("bob", "ann: two")]


@pytest.mark.parametrize("fails_at", ["messages", "absent", "unread", "advance"])
@in_virtual_time
async def test_each_is_told_once_however_often_the_store_is_away(
    monkeypatch: pytest.MonkeyPatch, fails_at: str
) -> None:
    """A window used to begin again after each fault, and none that was too long for the store ever ended."""
    monkeypatch.setattr(pushing_module, "MESSAGES_AT_ONCE", 2)
    async with an_app() as stage, watched(stage) as watchman:
        ann = await stage.login("ann")
        talks = [await group(ann, f"user-{number}") for number in range(5)]
        for talk in talks:
            await say(ann, talk, "hello")
        await watchman.wait(GRACE_S - 1)
        asked, work = 0, getattr(stage.store.due_pushes, fails_at)

        async def shaky(*of: object) -> object:
            nonlocal asked
            asked += 1
            if asked % 2 == 0 or asked == 1:
                raise Unavailable()
            return await work(*of)

        monkeypatch.setattr(stage.store.due_pushes, fails_at, shaky)
        faults = 0
        for _ in range(20):
            try:
                await watchman.wait(1)
            except Unavailable:
                faults += 1
            if faults == 1:
                await say(ann, talks[0], "later")
                faults += 1
        monkeypatch.undo()
        await watchman.wait(GRACE_S + 1)
        assert faults > 2
        told = sorted([(f"user-{number}", "ann: hello") for number in range(5)] + [("user-0", "ann: later")])
        assert watchman.service.told() == told


@in_virtual_time
async def test_what_waits_for_a_user_is_counted_once_for_all_that_is_due(monkeypatch: pytest.MonkeyPatch) -> None:
    """It was counted for each message anew, in all conversations of all who are not there."""
    monkeypatch.setattr(pushing_module, "COUNTED_AT_ONCE", 2)
    async with an_app() as stage, watched(stage) as watchman:
        ann = await stage.login("ann")
        names = [UserId(f"user-{number}") for number in range(5)]
        talk = await group(ann, *names)
        muted = await stage.login("user-4")
        await muted.ask(c.SetLevel(talk, "mentions"))
        await muted.go()
        counted: list[list[UserId]] = []
        unread = stage.store.due_pushes.unread

        async def count(users: Sequence[UserId]) -> Mapping[UserId, int]:
            counted.append(list(users))
            return await unread(users)

        monkeypatch.setattr(stage.store.due_pushes, "unread", count)
        for number in range(3):
            await say(ann, talk, f"{number}")
        await watchman.wait(GRACE_S + 1)
        assert [push.unread for push in watchman.service.taken] == [3] * 12
        assert counted == [names[:2], names[2:4]]
        await say(ann, talk, "more")
        await watchman.wait(GRACE_S + 1)
        assert {push.unread for push in watchman.service.taken} == {3, 4}
        monkeypatch.setattr(pushing_module, "COUNTS_MAX", 4)
        for number in range(2):
            await say(ann, talk, f"last {number}")
        await watchman.wait(GRACE_S + 1)
        assert [push.unread for push in watchman.service.taken[-4:]] == [6] * 4


@in_virtual_time
async def test_what_is_too_old_is_not_worth_a_push_any_more() -> None:
    async with an_app() as stage, watched(stage, kept_s=60.0) as watchman:
        ann = await stage.login("ann")
        talk = await group(ann, "bob")
        await say(ann, talk, "old")
        await asyncio.sleep(58)
        await say(ann, talk, "new")
        assert await watchman.told() == [("bob", "ann: new")]


@in_virtual_time
async def test_a_conversation_that_comes_up_twice_is_told_of_once_as_far_as_it_is_remembered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with an_app() as stage, watched(stage) as watchman:
        ann = await stage.login("ann")
        talk, other = await group(ann, "bob"), await group(ann, "bob", "cim")
        for conversation in (talk, other):
            await say(ann, conversation, f"in {conversation}")
        messages = stage.store.due_pushes.messages

        async def twice(*of: object) -> object:
            page = await messages(*of)  # type: ignore[arg-type]
            return type(page)(page.messages * 2)

        monkeypatch.setattr(stage.store.due_pushes, "messages", twice)
        assert len(await watchman.told()) == 3
        monkeypatch.setattr(pushing_module, "DONE_MAX", 1)
        for conversation in (talk, other):
            await say(ann, conversation, f"again in {conversation}")
        assert len(await watchman.told()) == 6


@in_virtual_time
async def test_nobody_is_pushed_to_for_what_is_brought_along() -> None:
    """Even where it was said just now: those who were to hear of it have."""
    async with an_app() as stage, watched(stage) as watchman:
        ann = await stage.login("ann")
        talk = await group(ann, "bob")
        message = ImportedMessage("m", stage.node.parts.clock.now(), UserId("ann"), Content(text="brought along"))
        (taken,) = await stage.node.importing.take_in([(talk, [message])])
        assert taken.placed == 1
        await say(ann, talk, "said here")
        assert await watchman.told() == [("bob", "ann: said here")]
