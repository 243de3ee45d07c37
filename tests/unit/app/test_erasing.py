"""An erasure goes to its end, whatever ends it in between, and no other waits for it."""

import asyncio

import pytest
from msgspec import structs

from tests.support.virtual_time import in_virtual_time
from tests.unit.app.app_stage import AppStage, Present, Wiring, an_app, group, text
from tests.unit.app.test_housekeeping import a_running_app
from unisono.app.erasing import FAILED_REST_MS, SETTLING_MS
from unisono.app.filing import Wish
from unisono.domain import commands as c
from unisono.domain.answers import Conversations, ConversationView
from unisono.domain.conversation import Decide, Scope
from unisono.domain.errors import Forbidden, NotFound, TokenRevoked, Unavailable
from unisono.domain.facts import MembersLeft, MessagePlaced, MessageRecalled
from unisono.domain.ids import NO_SEQ, ConversationId, SendKey, Seq, UserId, conversation_stream
from unisono.ports.erasures import Erasure
from unisono.ports.log import Committed
from unisono.ports.requests import Request
from unisono.ports.traces import Left

ALICE, BOB = UserId("alice"), UserId("bob")
SETTLED_S = SETTLING_MS / 1000 + 0.001


async def talked(stage: AppStage, messages: int = 3) -> tuple[Present, list[ConversationId]]:
    """Let Alice say so many things in each of two groups with Bob; give Bob."""
    alice, bob = await stage.login("alice"), await stage.login("bob")
    talks = [await group(alice, "bob"), await group(alice, "bob", "carol")]
    for talk in talks:
        for number in range(messages):
            await alice.ask(text(talk, f"{number}"))
        await bob.ask(text(talk, "b", "mine"))
    return bob, talks


async def words(stage: AppStage, talk: ConversationId) -> list[str | None]:
    facts = (await stage.store.log.read(conversation_stream(talk), NO_SEQ, 1000)).facts
    return [placed.fact.content.text for placed in facts if isinstance(placed.fact, MessagePlaced)]


async def kinds(stage: AppStage, talk: ConversationId) -> list[type]:
    facts = (await stage.store.log.read(conversation_stream(talk), NO_SEQ, 1000)).facts
    return [type(placed.fact) for placed in facts]


async def is_over(stage: AppStage) -> bool:
    return (await stage.node.erasing.find(ALICE)).finished_at is not None


@in_virtual_time
async def test_it_is_carried_out_when_all_has_settled() -> None:
    async with a_running_app(sweep_s=1.0) as stage:
        bob, talks = await talked(stage)
        begun = await stage.node.erasing.begin(ALICE)
        assert begun.finished_at is None
        with pytest.raises(TokenRevoked):
            await stage.login("alice")
        await asyncio.sleep(2)
        assert await words(stage, talks[0]) == ["hello"] * 3 + ["mine"]
        await asyncio.sleep(3)
        assert await is_over(stage)
        for talk in talks:
            assert await words(stage, talk) == [None] * 3 + ["mine"]
        recalls = [placed.fact for placed in bob.link.facts if isinstance(placed.fact, MessageRecalled)]
        assert [recall.by for recall in recalls] == [ALICE] * 6
        left = [placed.fact for placed in bob.link.facts if isinstance(placed.fact, MembersLeft)]
        assert left == [MembersLeft((ALICE,), by=ALICE)] * 2


@in_virtual_time
async def test_it_goes_on_where_the_store_went_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was done is not done again, and the rest is not forgotten."""
    async with an_app() as stage:
        _, talks = await talked(stage, 10)
        await stage.node.erasing.begin(ALICE)
        await asyncio.sleep(SETTLED_S)
        left_in, calls, breaks = stage.store.traces.left_in, 0, 0

        async def shaky(conversation: ConversationId, user: UserId, after: Seq) -> Left:
            nonlocal calls
            calls += 1
            if calls % 7 == 0:
                raise Unavailable(part="store")
            return await left_in(conversation, user, after)

        monkeypatch.setattr(stage.store.traces, "left_in", shaky)
        while not await is_over(stage):
            try:
                await stage.node.erasing.sweep()
            except Unavailable:
                breaks += 1
        assert breaks
        assert (await stage.node.erasing.find(ALICE)).messages == 20
        for talk in talks:
            assert await words(stage, talk) == [None] * 10 + ["mine"]
            assert (await kinds(stage, talk)).count(MessageRecalled) == 10
            assert (await kinds(stage, talk)).count(MembersLeft) == 1


@in_virtual_time
async def test_what_is_gone_by_itself_meanwhile_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    async with an_app() as stage:
        _, talks = await talked(stage)
        await stage.node.erasing.begin(ALICE)
        await asyncio.sleep(SETTLED_S)
        left_in = stage.store.traces.left_in

        async def trimmed(conversation: ConversationId, user: UserId, after: Seq) -> Left:
            left = await left_in(conversation, user, after)
            await stage.store.log.trim("group", stage.clock.now(), 1000)
            return left

        monkeypatch.setattr(stage.store.traces, "left_in", trimmed)
        await stage.node.erasing.sweep()
        assert await is_over(stage)
        assert not stage.telemetry.defects
        assert await stage.store.directory.list_of(ALICE, None, 10) == []
        for talk in talks:
            assert MembersLeft in await kinds(stage, talk)


@in_virtual_time
async def test_what_a_room_keeps_of_them_goes_too() -> None:
    async with a_running_app(sweep_s=1.0) as stage:
        alice, bob = await stage.login("alice"), await stage.login("bob")
        made = await bob.ask(c.CreateConversation(key=SendKey("k"), of="room", keeps_history=True))
        assert isinstance(made, ConversationView)
        for present, name in ((alice, "alice"), (bob, "bob")):
            await present.ask(c.EnterRoom(made.conversation))
            await present.ask(text(made.conversation, "k", f"said {name}"))
        await stage.node.erasing.begin(ALICE)
        await asyncio.sleep(10)
        assert await is_over(stage)
        assert await words(stage, made.conversation) == [None, "said bob"]


@in_virtual_time
async def test_two_nodes_erase_a_user_once() -> None:
    stage = AppStage()
    beside = AppStage(Wiring(beside=stage, name="other"))
    for each in (stage, beside):
        await each.node.start()
    _, talks = await talked(stage)
    await stage.node.erasing.begin(ALICE)
    await asyncio.sleep(SETTLED_S)
    await asyncio.gather(*(each.node.erasing.sweep() for each in (stage, beside)))
    assert await is_over(stage)
    for talk in talks:
        assert (await kinds(stage, talk)).count(MessageRecalled) == 3
        assert (await kinds(stage, talk)).count(MembersLeft) == 1


@in_virtual_time
async def test_who_was_added_meanwhile_is_taken_out_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async with an_app() as stage:
        bob, talks = await talked(stage)
        await stage.node.erasing.begin(ALICE)
        await asyncio.sleep(SETTLED_S)
        first = min(talks)
        note, is_added = stage.store.erasures.note, False

        async def add(erasure: Erasure) -> None:
            nonlocal is_added
            await note(erasure)
            if erasure.after == max(talks) and not is_added:
                is_added = True
                await bob.ask(c.AddMembers(first, (ALICE,)))

        monkeypatch.setattr(stage.store.erasures, "note", add)
        await stage.node.erasing.sweep()
        assert not await is_over(stage)
        await stage.node.erasing.sweep()
        assert await is_over(stage)
        assert await stage.store.directory.list_of(ALICE, None, 10) == []


@in_virtual_time
async def test_a_file_that_another_node_was_asked_for_meanwhile_goes_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """It was asked for before their sessions ended, and known after their files were gone: it stayed."""
    async with an_app() as stage:
        await talked(stage)
        list_of = stage.store.directory.list_of

        async def late(*args: object) -> object:
            monkeypatch.setattr(stage.store.directory, "list_of", list_of)
            await stage.node.filing.begin(ALICE, Wish("late.png", "image/png", 5))
            return await list_of(*args)  # type: ignore[arg-type]  # passed on as they are

        await stage.node.erasing.begin(ALICE)
        monkeypatch.setattr(stage.store.directory, "list_of", late)
        await asyncio.sleep(SETTLED_S)
        await stage.node.erasing.sweep()
        assert await is_over(stage)
        assert await stage.store.files.of_user(ALICE, None, 9) == []


@in_virtual_time
async def test_one_that_cannot_be_erased_keeps_nobody_from_it(monkeypatch: pytest.MonkeyPatch) -> None:
    async with an_app() as stage:
        _, talks = await talked(stage)
        for user in (BOB, ALICE):
            await stage.node.erasing.begin(user)
            await asyncio.sleep(1)
        await asyncio.sleep(SETTLED_S)
        drop_rest = stage.store.erasures.drop_rest

        async def fail(user: UserId) -> None:
            if user == BOB:
                raise ZeroDivisionError
            await drop_rest(user)

        monkeypatch.setattr(stage.store.erasures, "drop_rest", fail)
        for _ in range(3):
            await stage.node.erasing.sweep()
        assert await is_over(stage)
        assert await words(stage, talks[0]) == [None] * 3 + ["mine"]
        assert [event for event, _ in stage.telemetry.defects] == ["erasure_failed"]
        assert stage.telemetry.counts["erasures_failed", ""] == 1


@in_virtual_time
async def test_one_that_failed_goes_on_an_hour_later_with_what_it_had_done(monkeypatch: pytest.MonkeyPatch) -> None:
    """It used to be left for as long as the process lived, and said that it was under way."""
    async with an_app() as stage:
        _, talks = await talked(stage)
        begun = await stage.node.erasing.begin(ALICE)
        await asyncio.sleep(SETTLED_S)
        place, is_broken = stage.store.log.transact, True

        async def fail(scope: Scope, decide: Decide, request: Request | None = None) -> Committed:
            if is_broken and scope.conversation == max(talks) and scope.message is None:
                raise ZeroDivisionError
            return await place(scope, decide, request)

        monkeypatch.setattr(stage.store.log, "transact", fail)
        await stage.node.erasing.sweep()
        failed = await stage.node.erasing.find(ALICE)
        assert failed == structs.replace(
            begun, after=min(talks), conversations=1, messages=6, failed_at=stage.clock.now()
        )
        is_broken = False
        await stage.node.erasing.sweep()
        assert await stage.node.erasing.find(ALICE) == failed
        await asyncio.sleep(FAILED_REST_MS / 1000)
        await stage.node.erasing.sweep()
        over = await stage.node.erasing.find(ALICE)
        assert (over.failed_at, over.conversations) == (None, 2)
        assert await is_over(stage)


@in_virtual_time
async def test_one_that_failed_is_tried_at_once_when_it_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async with an_app() as stage:
        begun = await stage.node.erasing.begin(ALICE)
        await asyncio.sleep(SETTLED_S)

        async def fail(user: UserId) -> None:
            raise ZeroDivisionError(user)

        with monkeypatch.context() as broken:
            broken.setattr(stage.store.erasures, "drop_rest", fail)
            await stage.node.erasing.sweep()
        assert (await stage.node.erasing.find(ALICE)).failed_at is not None
        assert await stage.node.erasing.begin(ALICE) == begun
        await stage.node.erasing.sweep()
        assert await is_over(stage)


@in_virtual_time
async def test_when_one_recall_fails_the_others_have_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """They used to go on by themselves, and what they raised was nobody's."""
    async with an_app() as stage:
        await talked(stage)
        await stage.node.erasing.begin(ALICE)
        await asyncio.sleep(SETTLED_S)
        place, asked, ended = stage.store.log.transact, 0, 0

        async def fail(scope: Scope, decide: Decide, request: Request | None = None) -> Committed:
            nonlocal asked, ended
            if scope.message is None:
                return await place(scope, decide, request)
            asked += 1
            await asyncio.sleep(asked)
            ended += 1
            raise Unavailable(part="store")

        monkeypatch.setattr(stage.store.log, "transact", fail)
        with pytest.raises(Unavailable):
            await stage.node.erasing.sweep()
        assert asked == ended == 3


@in_virtual_time
async def test_who_is_allowed_again_comes_back_to_nothing() -> None:
    async with an_app() as stage:
        await talked(stage)
        await stage.node.erasing.begin(ALICE)
        with pytest.raises(Forbidden):
            await stage.node.erasing.allow(ALICE)
        await asyncio.sleep(SETTLED_S)
        await stage.node.erasing.sweep()
        await stage.node.erasing.allow(ALICE)
        alice = await stage.login("alice", "d2")
        answer = await alice.ask(c.ListConversations())
        assert answer == Conversations(())
        with pytest.raises(NotFound):
            await stage.node.erasing.allow(ALICE)


@in_virtual_time
async def test_asked_for_again_when_it_is_over_it_is_gone_through_anew() -> None:
    async with an_app() as stage:
        bob, talks = await talked(stage)
        for _ in range(2):
            await stage.node.erasing.begin(ALICE)
            await stage.node.erasing.sweep()
            assert not await is_over(stage)
            await asyncio.sleep(SETTLED_S)
            await stage.node.erasing.sweep()
            assert await is_over(stage)
            assert await stage.store.directory.list_of(ALICE, None, 10) == []
            await bob.ask(c.AddMembers(talks[0], (ALICE,)))
