"""Removing what is too old: when, and what readers hear of it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.support.virtual_time import in_virtual_time
from tests.unit.app.app_stage import AppStage, Present, an_app, group, text
from tests.unit.app.test_housekeeping import a_running_app
from unisono.app.trimming import FACTS_PER_TURN, Trimming
from unisono.domain import commands as c
from unisono.domain.answers import Facts, History, StartOver
from unisono.domain.facts import MessagePlaced
from unisono.domain.ids import ConversationId, Epoch, Instant, Seq, conversation_stream
from unisono.domain.retention import Retention

DAY_S = 86_400
SLOW = {"sweep_s": 3600.0, "lease_ttl_s": 86_400.0}


async def history(present: Present, chat: ConversationId) -> tuple[int, bool]:
    answer = await present.ask(c.GetHistory(chat, limit=1_000))
    assert isinstance(answer, History)
    return len(answer.messages), answer.trimmed


@in_virtual_time
async def test_what_is_too_old_goes_at_the_next_sweep_however_much_it_is() -> None:
    async with a_running_app(**SLOW, retention=Retention(group_days=2)) as stage:
        alice = await stage.login("alice")
        chat, other = await group(alice, "bob"), await group(alice, "cat")
        for number in range(FACTS_PER_TURN + 10):
            await alice.ask(text(chat, f"k{number}"))
        await asyncio.sleep(1.5 * DAY_S)
        await alice.ask(text(chat, "young"))
        await alice.ask(text(other, "young"))
        assert await history(alice, chat) == (FACTS_PER_TURN + 11, False)
        await asyncio.sleep(DAY_S)
        assert await history(alice, chat) == (1, True)
        assert await history(alice, other) == (1, False), "of this one nothing that was said is gone"
        await asyncio.sleep(1.1 * DAY_S)
        assert await history(alice, chat) == await history(alice, other) == (0, True)


@in_virtual_time
async def test_without_a_number_everything_is_kept() -> None:
    async with a_running_app(**SLOW, retention=Retention(direct_days=1)) as stage:
        alice = await stage.login("alice")
        chat = await group(alice, "bob")
        await alice.ask(text(chat))
        await asyncio.sleep(30 * DAY_S)
        assert await history(alice, chat) == (1, False)


@in_virtual_time
async def test_nothing_goes_right_after_a_start() -> None:
    """A machine that does not know yet what day it is used to remove everything within its first second."""
    async with an_app() as stage:
        alice = await stage.login("alice")
        chat = await group(alice, "bob")
        await alice.ask(text(chat))
        await asyncio.sleep(2 * DAY_S)
        trimming = Trimming(stage.node.parts, Retention(group_days=1), stage.node.filing)
        for pause_s, kept in ((0, 1), (299, 1), (2, 0)):
            await asyncio.sleep(pause_s)
            await trimming.sweep()
            assert (await history(alice, chat))[0] == kept


@in_virtual_time
async def test_nothing_goes_while_two_clocks_tell_different_times() -> None:
    """One node whose clock had leapt used to remove for the whole cluster what was to be kept for years."""
    async with an_app() as stage:
        alice = await stage.login("alice")
        chat = await group(alice, "bob")
        await alice.ask(text(chat))
        trimming = Trimming(stage.node.parts, Retention(group_days=1, wait_s=0), stage.node.filing)
        for ahead_s in (400 * DAY_S, -800 * DAY_S, 400 * DAY_S + 3700):
            stage.clock.set_by(ahead_s)
            for _ in range(3):
                await trimming.sweep()
        assert (await history(alice, chat))[0] == 1
        said = [fields["ahead_s"] for event, fields in stage.telemetry.faults if event == "clocks_differ"]
        assert said == [400 * DAY_S], "once"
        stage.clock.set_by(-3700)
        await trimming.sweep()
        assert (await history(alice, chat))[0] == 1
        await asyncio.sleep(1.5 * DAY_S)
        stage.clock.set_by(-1.25 * DAY_S)
        await trimming.sweep()
        assert len(stage.telemetry.faults) == 2
        stage.clock.set_by(1.25 * DAY_S)
        await trimming.sweep()
        assert (await history(alice, chat))[0] == 0


@asynccontextmanager
async def a_trimmed_chat() -> AsyncIterator[tuple[AppStage, Present, ConversationId]]:
    """Give a conversation whose places up to 5 are gone, of 10."""
    async with an_app() as stage:
        alice = await stage.login("alice")
        chat = await group(alice, "bob")
        for number in range(4):
            await alice.ask(text(chat, f"old{number}"))
        await asyncio.sleep(1)
        for number in range(5):
            await alice.ask(text(chat, f"new{number}"))
        assert not await stage.store.log.trim("group", Instant(stage.clock.now() - 500), 100)
        yield stage, alice, chat


@in_virtual_time
async def test_who_comes_back_below_the_trim_is_told_to_start_over() -> None:
    async with a_trimmed_chat() as (stage, alice, chat):
        stream, epoch = conversation_stream(chat), await stage.store.log.epoch()
        for after in (0, 1, 4):
            for known in (None, epoch):
                told = await alice.ask(c.ReadStream(stream, Seq(after), epoch=known))
                assert told == StartOver(stream, epoch, Seq(6), Seq(10), "trimmed"), (after, known)
        for after in (5, 6, 10):
            page = await alice.ask(c.ReadStream(stream, Seq(after), epoch=epoch))
            assert isinstance(page, Facts)
            assert [fact.seq for fact in page.facts] == list(range(after + 1, 11))
        other = await alice.ask(c.ReadStream(stream, Seq(7), epoch=Epoch(epoch + 1)))
        assert other == StartOver(stream, epoch, Seq(6), Seq(10), "epoch_changed")


@in_virtual_time
async def test_who_is_here_goes_on_hearing() -> None:
    async with a_trimmed_chat() as (stage, alice, chat):
        bob = await stage.login("bob")
        await alice.ask(text(chat, "now"))
        await stage.node.fanout.sweep()
        await asyncio.sleep(0.1)
        for present in (alice, bob):
            placed = [fact for fact in present.link.facts if isinstance(fact.fact, MessagePlaced)]
            assert (placed[-1].seq, placed[-1].fact.key) == (11, "now")  # type: ignore[union-attr]  # a message
