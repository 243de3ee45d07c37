"""Events: to who is here, each once, the unimportant first to be dropped, and nothing kept."""

import asyncio

import pytest

from tests.support.virtual_time import in_virtual_time
from tests.unit.app.app_stage import AppStage, Present, an_app, failing, group, text
from tests.unit.app.fanout_stage import settle
from unisono.app.signals import WAITING_LIMIT
from unisono.domain import commands as c
from unisono.domain.answers import Done, Facts, History, Passed, Placed
from unisono.domain.events import Signal, TransientMessage, Typing
from unisono.domain.facts import Content, MessagePlaced
from unisono.domain.ids import ConversationId, SendKey, Seq, UserId, conversation_stream

ALICE = UserId("alice")


def transient(conversation: ConversationId, key: str = "t", words: str = "psst") -> c.SendMessage:
    return c.SendMessage(conversation=conversation, key=SendKey(key), content=Content(text=words), transient=True)


async def three(stage: AppStage) -> tuple[Present, Present, Present, ConversationId]:
    """Let Alice in twice and Bob once, in one group."""
    alice, other_tab = await stage.login("alice", "a"), await stage.login("alice", "b")
    bob = await stage.login("bob")
    return alice, other_tab, bob, await group(alice, "bob")


@pytest.mark.rows("L76", "L77", "L80", "L81")
@in_virtual_time
async def test_a_transient_message_reaches_who_is_here_and_is_nowhere_afterwards() -> None:
    async with an_app() as stage:
        alice, other_tab, bob, chat = await three(stage)
        carol = await stage.login("carol")
        answer = await alice.ask(transient(chat))
        assert isinstance(answer, Passed)
        for present in (alice, other_tab, bob):
            (event,) = present.link.events
            assert event == TransientMessage(chat, answer.at, MessagePlaced(ALICE, SendKey("t"), Content(text="psst")))
        assert carol.link.events == []
        history = await bob.ask(c.GetHistory(conversation=chat))
        assert isinstance(history, History)
        assert history.messages == ()
        facts = await bob.ask(c.ReadStream(stream=conversation_stream(chat), after=Seq(0)))
        assert isinstance(facts, Facts)
        assert facts.head == 1
        late = await stage.login("bob", "late")
        await settle()
        assert late.link.events == []


@in_virtual_time
async def test_the_key_of_a_transient_message_is_not_remembered_but_that_of_a_placed_one_is() -> None:
    async with an_app() as stage:
        alice, _, bob, chat = await three(stage)
        for _ in range(2):
            assert isinstance(await alice.ask(transient(chat, "same")), Passed)
        assert len(bob.link.events) == 2
        placed = await alice.ask(text(chat, "same"))
        assert isinstance(placed, Placed)
        again = await alice.ask(transient(chat, "same"))
        assert isinstance(again, Placed)
        assert (again.seq, len(bob.link.events)) == (placed.seq, 2)


@pytest.mark.rows("L79", "X50")
@in_virtual_time
async def test_the_others_see_me_typing_and_my_own_devices_do_not() -> None:
    async with an_app() as stage:
        alice, other_tab, bob, chat = await three(stage)
        assert isinstance(await alice.ask(c.TellTyping(conversation=chat)), Done)
        await alice.ask(c.TellTyping(conversation=chat, is_typing=False))
        assert bob.link.events == [Typing(chat, ALICE, is_typing=True), Typing(chat, ALICE, is_typing=False)]
        assert alice.link.events == other_tab.link.events == []


@pytest.mark.parametrize("command", [transient, lambda chat: c.TellTyping(conversation=chat)])
@in_virtual_time
async def test_a_stranger_can_signal_to_nobody(command: object) -> None:
    async with an_app() as stage:
        _, _, bob, chat = await three(stage)
        mallory = await stage.login("mallory")
        assert await mallory.refused(command(chat)) == "not_found"  # type: ignore[operator]
        assert bob.link.events == []


@in_virtual_time
async def test_a_congested_link_is_spared_what_matters_little() -> None:
    async with an_app() as stage:
        alice, _, bob, chat = await three(stage)
        bob.link.too_full_for = frozenset({"low"})
        await alice.ask(c.TellTyping(conversation=chat))
        await alice.ask(transient(chat))
        assert [type(event) for event in bob.link.events] == [TransientMessage]
        assert stage.telemetry.counts["events_dropped", "congested"] == 1


@in_virtual_time
async def test_who_sees_a_stream_that_is_not_followed_is_looked_up() -> None:
    async with an_app() as stage:
        _, _, bob, chat = await three(stage)
        stage.node.fanout._channels.clear()
        signal = Signal(conversation_stream(chat), Typing(chat, ALICE, is_typing=True), not_to=ALICE)
        stage.node.parts.bus.signal_nowait(signal)
        assert bob.link.events == []
        await settle(5)
        assert bob.link.events == [signal.event]


@in_virtual_time
async def test_signals_that_cannot_be_looked_up_are_dropped_and_the_next_ones_are_not() -> None:
    async with an_app() as stage:
        _, _, bob, chat = await three(stage)
        stage.node.fanout._channels.clear()
        signal = Signal(conversation_stream(chat), Typing(chat, ALICE, is_typing=True))
        stage.mood = failing("audience")
        stage.node.signals.take(signal)
        await settle(5)
        assert [name for name, _ in stage.telemetry.faults] == ["signal_failed"]
        held = asyncio.Event()

        async def wait(method: str) -> None:
            await held.wait()

        stage.mood = wait
        for _ in range(WAITING_LIMIT + 2):
            stage.node.signals.take(signal)
            await asyncio.sleep(0)
        assert stage.telemetry.counts["events_dropped", "unknown audience"] == 1
        held.set()
        await settle(WAITING_LIMIT * 4)
        assert len(bob.link.events) == WAITING_LIMIT + 1
