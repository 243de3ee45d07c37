"""When facts leave: together where that saves writes, in slices where they are large, and none forgotten by paging."""

import asyncio

import pytest

from tests.support.virtual_time import in_virtual_time
from tests.unit.app.fanout_stage import Stage, on_stage, settle
from tests.unit.app.stage import ALICE, CHAT, created, joined, left, message
from unisono.app import fanout as module
from unisono.app.fanout import HOLD_S, MANY
from unisono.domain.facts import Content, MessagePlaced
from unisono.domain.ids import ConversationId, SendKey, UserId, conversation_stream

CROWD = ["alice", *map(str, range(MANY))]


def large(key: str, size: int) -> MessagePlaced:
    return MessagePlaced(sender=ALICE, key=SendKey(key), content=Content(text="x" * size))


async def a_crowd(stage: Stage) -> None:
    await stage.happen(created(*CROWD))


@in_virtual_time
async def test_what_is_being_committed_for_many_leaves_with_what_was() -> None:
    async with on_stage() as stage:
        alice = stage.arrive(ALICE)
        await a_crowd(stage)
        stage.log.is_busy = True
        await stage.happen(message("a"))
        assert len(alice.deliveries) == 1
        stage.log.is_busy = False
        await stage.happen(message("b"))
        assert [len(facts) for facts in alice.deliveries] == [1, 2]


@in_virtual_time
async def test_nothing_for_many_waits_longer_than_the_hold() -> None:
    async with on_stage() as stage:
        alice = stage.arrive(ALICE)
        await a_crowd(stage)
        stage.log.is_busy = True
        await stage.happen(message("a"))
        await stage.happen(message("b"))
        await asyncio.sleep(HOLD_S * 1.1)
        assert [len(facts) for facts in alice.deliveries] == [1, 2]
        await stage.happen(message("c"))
        await asyncio.sleep(HOLD_S * 1.1)
        assert [len(facts) for facts in alice.deliveries] == [1, 2, 1]


@in_virtual_time
async def test_facts_for_few_wait_for_nothing() -> None:
    async with on_stage() as stage:
        alice = stage.arrive(ALICE)
        await stage.happen(created("alice", "bob"))
        stage.log.is_busy = True
        await stage.happen(message("a"))
        assert len(alice.deliveries) == 2


@in_virtual_time
async def test_large_facts_of_one_turn_leave_in_slices() -> None:
    """A burst of large messages used to leave as one frame, which ended the links of all that read at their best."""
    async with on_stage() as stage:
        alice = stage.arrive(ALICE)
        await stage.happen(created("alice"))
        await stage.happen(*(large(str(number), 60_000) for number in range(20)))
        assert [fact.seq for fact in alice.facts] == list(range(1, 22))
        assert len(alice.deliveries) > 2
        assert len(alice.deliveries[1]) == 4


@in_virtual_time
async def test_a_sweep_in_pages_forgets_nobody_who_left_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    """The node's checkpoint moved with every page, so a stream of a later page was loaded as of too late a moment."""
    monkeypatch.setattr(module, "SWEEP_PAGE", 2)
    async with on_stage() as stage:
        bob = stage.arrive(UserId("bob"))
        stage.commit(created("alice", "bob"))
        await stage.fanout.sweep()
        stage.fanout._channels.clear()
        stage.commit(message("seen"))
        for number in range(5):
            stage.commit(created("carol"), stream=conversation_stream(ConversationId(str(number))))
        stage.commit(left("bob"), message("last"))
        await stage.fanout.sweep()
        await settle()
        assert [fact.seq for fact in bob.facts if fact.stream == CHAT] == [1, 2, 3]


@in_virtual_time
async def test_what_one_stream_alone_brings_is_written_at_once() -> None:
    async with on_stage() as stage:
        alice = stage.arrive(ALICE)
        await stage.happen(created("alice"))
        await stage.happen(message("a"), message("b"))
        assert (alice.at_once, len(alice.frames)) == (2, 2)


@in_virtual_time
async def test_what_several_streams_bring_waits_to_leave_in_one_write() -> None:
    async with on_stage() as stage:
        alice = stage.arrive(ALICE)
        other = conversation_stream(ConversationId("other"))
        await stage.hint(*stage.commit(created("alice")), *stage.commit(created("alice"), stream=other))
        assert (alice.at_once, len(alice.frames)) == (0, 2)
        await stage.happen(message("a"), joined("bob"))
        assert (alice.at_once, len(alice.frames)) == (0, 4)
