"""Commands: who may, how often, and the order commit, acknowledge, publish."""

import asyncio
from collections.abc import Callable, Sequence

import pytest

from tests.support.virtual_time import in_virtual_time
from tests.unit.app.app_stage import Hearing, an_app, execute, failing, group, text
from tests.unit.app.fanout_stage import settle
from tests.unit.app.stage import users
from unisono.app.caller import Caller
from unisono.domain import commands as c
from unisono.domain.answers import Answer, ConversationView, Membership, Placed, Pong, ReadMark, Unread
from unisono.domain.conversation import Decide, Scope
from unisono.domain.errors import Forbidden, NoUser, RateLimited, Unavailable, UnisonoError
from unisono.domain.facts import ConversationEntered, ConversationExited, MessagePlaced, PlacedFact, ReadMarkMoved
from unisono.domain.ids import ConversationId, SendKey, Seq, UserId, conversation_stream
from unisono.domain.origin import origin_of
from unisono.domain.rates import Rate
from unisono.ports.log import Committed
from unisono.ports.requests import Request


@pytest.mark.rows("T5", "T6", "X20")
@in_virtual_time
async def test_a_message_reaches_every_session_of_every_member_once() -> None:
    async with an_app() as stage:
        sender, other_tab = await stage.login("alice", "a"), await stage.login("alice", "b")
        bob = await stage.login("bob")
        chat = await group(sender, "bob")
        placed = await sender.ask(text(chat, "key-1"))
        assert isinstance(placed, Placed)
        for present in (sender, other_tab, bob):
            messages = [fact for fact in present.link.facts if isinstance(fact.fact, MessagePlaced)]
            assert [(fact.seq, fact.fact.key) for fact in messages if isinstance(fact.fact, MessagePlaced)] == [
                (placed.seq, "key-1")
            ]


@in_virtual_time
async def test_first_it_is_durable_then_acknowledged_then_published() -> None:
    async with an_app() as stage:
        alice = await stage.login("alice")
        chat = await group(alice, "bob")
        order: list[str] = []

        async def note(method: str) -> None:
            order.append(method)

        stage.mood = note

        def listen(facts: Sequence[PlacedFact]) -> None:
            assert [fact for fact in stage.store.log._state.streams[facts[0].stream].facts if fact in facts]
            order.append("published")

        stage.node.parts.bus.subscribe(listen)
        await execute(stage.node, alice.caller, text(chat), lambda _: order.append("acknowledged"))
        assert order == ["transact", "acknowledged", "published"]


@in_virtual_time
async def test_what_failed_is_neither_acknowledged_nor_published() -> None:
    async with an_app() as stage:
        alice = await stage.login("alice")
        chat = await group(alice, "bob")
        heard: list[object] = []
        stage.node.parts.bus.subscribe(heard.append)
        stage.mood = failing("transact")
        with pytest.raises(Unavailable):
            await execute(stage.node, alice.caller, text(chat), heard.append)
        assert heard == []


@in_virtual_time
async def test_a_send_whose_answer_was_lost_can_be_repeated_from_anywhere() -> None:
    async with an_app() as stage:
        alice, other = await stage.login("alice", "a"), await stage.login("alice", "b")
        chat = await group(alice, "bob")
        first = await alice.ask(text(chat, "same-key"))
        await alice.ask(text(chat, "another"))
        await asyncio.sleep(86_400)
        again = await other.ask(text(chat, "same-key", "other words"))
        assert again == first
        facts = [fact.fact for fact in other.link.facts if isinstance(fact.fact, MessagePlaced)]
        assert [(fact.key, fact.content.text) for fact in facts] == [("same-key", "hello"), ("another", "hello")]


@in_virtual_time
async def test_commands_started_one_after_the_other_keep_their_order() -> None:
    async with an_app() as stage:
        alice = await stage.login("alice")
        chat = await group(alice, "bob")
        answers: list[Answer] = []
        async with asyncio.TaskGroup() as tasks:
            for number in range(20):
                command = text(chat, str(number))
                tasks.create_task(execute(stage.node, alice.caller, command, answers.append))
        await settle()
        keys = [fact.fact.key for fact in alice.link.facts if isinstance(fact.fact, MessagePlaced)]
        assert keys == [str(number) for number in range(20)]


@in_virtual_time
async def test_a_send_whose_answer_never_came_reaches_its_readers_at_the_next_sweep() -> None:
    async with an_app() as stage:
        alice = await stage.login("alice")
        chat = await group(alice, "bob")
        transact = stage.store.log.transact

        def never_answer(scope: Scope, decide: Decide, request: Request | None = None) -> asyncio.Future[Committed]:
            transact(scope, decide, request).add_done_callback(lambda _: None)
            return asyncio.get_running_loop().create_future()

        stage.store.log.transact = never_answer  # type: ignore[method-assign]
        answers: list[Answer] = []
        assert stage.node.executor.start(alice.caller, text(chat), Hearing(answers.append)) is None
        await settle()
        assert answers == []
        await stage.node.fanout.sweep()
        assert [fact.fact.key for fact in alice.link.facts if isinstance(fact.fact, MessagePlaced)] == ["k"]


@in_virtual_time
async def test_a_user_may_do_so_much_whatever_the_session_and_a_refusal_changes_nothing() -> None:
    async with an_app(commands=Rate(per_s=1, burst=3)) as stage:
        one, other = await stage.login("alice", "a"), await stage.login("alice", "b")
        chat = await group(one, "bob")
        await one.ask(text(chat, "1"))
        await other.ask(text(chat, "2"))
        with pytest.raises(RateLimited) as refused:
            await one.ask(text(chat, "3"))
        assert refused.value.retry_after_ms is not None
        assert await other.refused(c.ListSessions()) == "rate_limited"
        assert isinstance(await one.ask(c.Ping()), Pong)
        await (await stage.login("bob")).ask(text(chat, "bob's"))
        await asyncio.sleep(refused.value.retry_after_ms / 1000)
        await one.ask(text(chat, "3"))


@in_virtual_time
async def test_reading_all_that_waits_costs_by_how_much_it_is() -> None:
    """It cost one command for any number of transactions, and whoever left seemed to be there until they were done."""
    async with an_app(commands=Rate(per_s=1, burst=130)) as stage:
        alice, bob = await stage.login("alice"), await stage.login("bob")
        for number in range(60):
            key = SendKey(f"{number}")
            made = await alice.ask(c.CreateConversation(key=key, of="group", members=(UserId("bob"),), unique=False))
            assert isinstance(made, ConversationView)
            await alice.ask(text(made.conversation, f"m{number}"))
        for _ in range(124):
            await bob.ask(c.GetUnread(limit=1))
        assert await bob.refused(c.MarkAllRead()) == "rate_limited"
        await asyncio.sleep(10)
        assert (await bob.ask(c.MarkAllRead())) == Unread(0, 0, ())


@in_virtual_time
async def test_a_ping_tells_the_checkpoint_that_everything_pushed_leads_to() -> None:
    async with an_app() as stage:
        alice = await stage.login("alice")
        await group(alice, "bob")
        await stage.node.fanout.sweep()
        assert await alice.ask(c.Ping()) == Pong(checkpoint=stage.node.fanout.checkpoint)
        assert stage.node.fanout.checkpoint == await stage.store.log.checkpoint()


@pytest.mark.rows("L137", "L138", "L182")
@in_virtual_time
async def test_a_unique_conversation_is_made_once_for_its_members() -> None:
    async with an_app() as stage:
        alice, bob = await stage.login("alice"), await stage.login("bob")
        first = await alice.ask(c.CreateConversation(key=SendKey("a"), members=users("bob", "carol")))
        again = await bob.ask(c.CreateConversation(key=SendKey("b"), members=users("carol", "alice")))
        assert isinstance(first, ConversationView)
        assert isinstance(again, ConversationView)
        assert first.conversation == again.conversation
        assert (first.is_new, again.is_new) == (True, False)
        assert set(first.members) == set(users("alice", "bob", "carol"))
        other = await bob.ask(c.CreateConversation(key=SendKey("c"), members=users("carol", "alice"), unique=False))
        assert isinstance(other, ConversationView)
        assert other.conversation != first.conversation


@pytest.mark.rows("E8", "E49", "E50", "X27", "L147", "L148", "L149", "L150", "L151")
@in_virtual_time
async def test_members_come_and_go_and_all_their_sessions_are_told_by_whom() -> None:
    async with an_app() as stage:
        alice, other = await stage.login("alice", "a"), await stage.login("alice", "b")
        bob = await stage.login("bob")
        chat = await group(alice)
        added = await alice.ask(c.AddMembers(conversation=chat, users=users("bob")))
        assert isinstance(added, Membership)
        assert added.members == users("alice", "bob")
        entered = [fact.fact for fact in bob.link.facts if isinstance(fact.fact, ConversationEntered)]
        assert [(fact.conversation, fact.by) for fact in entered] == [(chat, "alice")]
        removed = await other.ask(c.RemoveMembers(conversation=chat, users=users("bob")))
        assert isinstance(removed, Membership)
        assert removed.members == users("alice")
        exited = [fact.fact for fact in bob.link.facts if isinstance(fact.fact, ConversationExited)]
        assert [(fact.conversation, fact.by) for fact in exited] == [(chat, "alice")]
        assert [type(fact.fact).__name__ for fact in alice.link.facts if fact.stream == f"c/{chat}"] == [
            "ConversationCreated",
            "MembersJoined",
            "MembersLeft",
        ]
        assert await bob.refused(text(chat)) == "not_found"


@pytest.mark.rows("L143", "L145", "L159")
@in_virtual_time
async def test_one_joins_and_quits_by_oneself() -> None:
    async with an_app() as stage:
        alice, bob = await stage.login("alice"), await stage.login("bob")
        chat = await group(alice)
        assert await bob.refused(c.Join(conversation=chat)) == "not_found"
        await alice.ask(c.UpdateConversation(conversation=chat, joining="open"))
        joined = await bob.ask(c.Join(conversation=chat))
        assert isinstance(joined, Membership)
        assert "bob" in joined.members
        await bob.ask(text(chat, "mine"))
        left = await bob.ask(c.Quit(conversation=chat))
        assert left == Membership(conversation=chat, members=())
        assert await bob.ask(c.Quit(conversation=chat)) == left


@pytest.mark.rows("E6", "L102", "X21")
@in_virtual_time
async def test_a_read_mark_moves_once_for_all_sessions_and_never_back() -> None:
    async with an_app() as stage:
        one, other = await stage.login("alice", "a"), await stage.login("alice", "b")
        chat = await group(one, "bob")
        for number in range(3):
            await one.ask(text(chat, str(number)))
        assert await one.ask(c.MarkRead(conversation=chat, seq=Seq(3))) == ReadMark(conversation=chat, seq=Seq(3))
        assert await other.ask(c.MarkRead(conversation=chat, seq=Seq(2))) == ReadMark(conversation=chat, seq=Seq(3))
        for present in (one, other):
            moved = [fact.fact for fact in present.link.facts if isinstance(fact.fact, ReadMarkMoved)]
            origin = origin_of(one.session)
            assert moved == [ReadMarkMoved(conversation=chat, seq=Seq(3), head=Seq(4), origin=origin)]


CONVERSATION_COMMANDS: list[Callable[[ConversationId], c.Command]] = [
    text,
    lambda chat: c.MarkRead(conversation=chat, seq=Seq(1)),
    lambda chat: c.AddMembers(conversation=chat, users=users("carol")),
    lambda chat: c.RemoveMembers(conversation=chat, users=users("alice")),
    lambda chat: c.Quit(conversation=chat),
    lambda chat: c.GetConversation(conversation=chat),
    lambda chat: c.GetHistory(conversation=chat),
    lambda chat: c.ReadStream(stream=conversation_stream(chat), after=Seq(0)),
]


@pytest.mark.parametrize("make", CONVERSATION_COMMANDS)
@in_virtual_time
async def test_a_stranger_gets_the_same_answer_as_if_there_were_nothing(
    make: Callable[[ConversationId], c.Command],
) -> None:
    async with an_app() as stage:
        alice, mallory = await stage.login("alice"), await stage.login("mallory")
        chat = await group(alice, "bob")
        refusals = []
        for conversation in (chat, ConversationId("never-was")):
            with pytest.raises(UnisonoError) as refused:
                await mallory.ask(make(conversation))
            refusals.append((refused.value.code, refused.value.message, dict(refused.value.numbers)))
        assert refusals[0] == refusals[1]
        assert refusals[0][0] == "not_found"
        assert [fact for fact in mallory.link.facts if fact.stream.startswith("c/")] == []


@in_virtual_time
async def test_members_of_a_direct_conversation_are_fixed() -> None:
    async with an_app() as stage:
        alice = await stage.login("alice")
        direct = await alice.ask(c.CreateConversation(key=SendKey("d"), of="direct", members=users("bob")))
        assert isinstance(direct, ConversationView)
        with pytest.raises(Forbidden):
            await alice.ask(c.AddMembers(conversation=direct.conversation, users=users("carol")))


@in_virtual_time
async def test_a_connection_without_a_user_may_do_nothing_that_needs_one() -> None:
    async with an_app() as stage:
        for command in (c.ListSessions(), c.Sync(), text(ConversationId("x")), c.Logout()):
            with pytest.raises(NoUser):
                await execute(stage.node, Caller(), command, lambda _: None)
