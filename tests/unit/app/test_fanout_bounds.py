"""Streams that were forgotten, and streams that cannot be written."""

import asyncio

import pytest
from msgspec import structs

from tests.support.virtual_time import in_virtual_time
from tests.unit.app.fanout_stage import on_stage, settle
from tests.unit.app.stage import ALICE, BOB, CHAT, created, message
from unisono.app import fanout as module
from unisono.domain.facts import Content, MessageRevised
from unisono.domain.ids import NO_SEQ, ConversationId, Seq, UserId, conversation_stream

OTHER = conversation_stream(ConversationId("other"))


@in_virtual_time
async def test_the_longest_silent_stream_is_forgotten_and_loaded_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CHANNELS_LIMIT", 2)
    async with on_stage() as stage:
        alice = stage.arrive(ALICE)
        streams = [conversation_stream(ConversationId(str(number))) for number in range(3)]
        for stream in streams:
            await stage.happen(created("alice"), stream=stream)
            await stage.fanout.sweep()
        stage.log.reads.clear()
        await stage.happen(message(), stream=streams[2])
        assert stage.log.stream_reads == []
        await stage.happen(message(), stream=streams[0])
        assert stage.log.stream_reads == ["audience", "read"]
        assert [(fact.stream, fact.seq) for fact in alice.facts[3:]] == [(streams[2], 2), (streams[0], 2)]


@in_virtual_time
async def test_a_late_hint_of_the_beginning_does_not_bring_a_forgotten_stream_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Used to follow the stream from its first fact, and to push all of it once more to everybody."""
    monkeypatch.setattr(module, "CHANNELS_LIMIT", 1)
    async with on_stage() as stage:
        alice = stage.arrive(ALICE)
        first, *_ = await stage.happen(created("alice"), message("a"), message("b"))
        await stage.fanout.sweep()
        await stage.happen(created("alice"), stream=OTHER)
        before = len(alice.facts)
        await stage.hint(first)
        await stage.happen(message("c"))
        assert [(fact.stream, fact.seq) for fact in alice.facts[before:]] == [(CHAT, 4)]


@in_virtual_time
async def test_a_fact_that_cannot_be_written_harms_its_own_stream_alone() -> None:
    """Used to end the node, and with it every connection."""
    async with on_stage() as stage:
        alice = stage.arrive(ALICE)
        stage.encoder.cannot_write = CHAT
        chat = stage.commit(created("alice"))
        await stage.hint(*chat, *stage.commit(created("alice"), stream=OTHER))
        assert {fact.stream for fact in alice.facts} == {OTHER}
        await stage.fanout.sweep()
        assert [name for name, _ in stage.telemetry.defects] == ["delivery_failed", "delivery_failed"]
        stage.encoder.cannot_write = None
        await stage.fanout.sweep()
        assert {fact.stream for fact in alice.facts} == {OTHER, CHAT}


@in_virtual_time
async def test_an_edit_that_cannot_be_written_leaves_the_members_of_its_stream_what_they_are() -> None:
    """Where some had deleted the message, those alone or all others were left of them."""
    async with on_stage() as stage:
        stage.arrive(ALICE)
        stage.arrive(BOB)
        await stage.happen(created("alice", "bob"), message())
        (edit,) = stage.commit(MessageRevised(message=Seq(2), by=ALICE, content=Content(text="tea")))
        stage.encoder.cannot_write = CHAT
        await stage.hint(structs.replace(edit, unseen_by=frozenset({BOB})))
        assert [name for name, _ in stage.telemetry.defects] == ["delivery_failed"]
        assert stage.fanout.members_of(CHAT) == {ALICE, BOB}


@in_virtual_time
async def test_a_stream_that_can_never_be_read_holds_up_no_sweep_for_long() -> None:
    """The node's checkpoint used to stay where it was for ever, and each sweep to begin there and to log anew."""
    async with on_stage() as stage:
        alice = stage.arrive(ALICE)
        stage.encoder.cannot_write = CHAT
        stage.commit(created("alice"))
        before = stage.fanout.checkpoint
        for _ in range(module.TRIES_MAX - 1):
            await stage.fanout.sweep()
        assert stage.fanout.checkpoint == before
        stage.commit(created("alice"), stream=OTHER)
        await stage.fanout.sweep()
        assert stage.fanout.checkpoint > before
        assert {fact.stream for fact in alice.facts} == {OTHER}
        await stage.fanout.sweep()
        assert [name for name, _ in stage.telemetry.defects] == ["delivery_failed"]
        stage.encoder.cannot_write = None
        await stage.hint(*stage.commit(message("a")))
        assert [fact.seq for fact in alice.facts if fact.stream == CHAT] == [2]


@in_virtual_time
async def test_a_fan_out_that_begins_anew_goes_on_from_the_end_of_the_log() -> None:
    """The streams it followed may have lost facts: their places come again."""
    async with on_stage() as stage:
        stage.arrive(ALICE)
        await stage.happen(created("alice"), message("a"), message("b"))
        del stage.log.facts[1:]
        alice = stage.arrive(ALICE)
        await stage.fanout.start()
        assert stage.fanout.count_streams() == 0
        await stage.happen(message("c"))
        assert [fact.seq for fact in alice.facts] == [2]


@in_virtual_time
async def test_the_members_of_all_streams_together_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MEMBERS_LIMIT", 4)
    async with on_stage() as stage:
        stage.arrive(ALICE)
        small = [conversation_stream(ConversationId(str(number))) for number in range(2)]
        for stream in small:
            await stage.happen(created("alice", "bob"), stream=stream)
        assert stage.fanout.count_streams() == 2
        await stage.happen(created("alice", "bob", "carol", "dave"))
        assert stage.fanout.count_streams() == 1


@in_virtual_time
async def test_members_are_counted_also_when_a_stream_is_loaded_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CHANNELS_LIMIT", 1)
    async with on_stage() as stage:
        stage.arrive(ALICE)
        (first,) = await stage.happen(created("alice", "bob"))
        await stage.fanout.sweep()
        await stage.happen(created("alice"), stream=OTHER)
        await stage.fanout.sweep()
        await stage.hint(first)
        monkeypatch.setattr(module, "CHANNELS_LIMIT", 100)
        monkeypatch.setattr(module, "MEMBERS_LIMIT", 2)
        await stage.happen(created("alice"), stream=conversation_stream(ConversationId("third")))
        assert stage.fanout.count_streams() == 1


@in_virtual_time
async def test_a_stream_of_more_members_than_all_may_have_is_followed_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MEMBERS_LIMIT", 1)
    async with on_stage() as stage:
        alice = stage.arrive(ALICE)
        await stage.happen(created("alice", "bob"), message())
        assert [fact.seq for fact in alice.facts] == [1, 2]
        assert stage.fanout.count_streams() == 1


@in_virtual_time
async def test_users_who_are_here_do_not_count_among_the_followed_conversations(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "CHANNELS_LIMIT", 1)
    async with on_stage() as stage:
        for name in ("alice", "bob", "carol"):
            stage.arrive(UserId(name))
            stage.fanout.greet(UserId(name), NO_SEQ)
        assert stage.fanout.count_streams() == 3
        await stage.happen(created("alice"))
        assert stage.fanout.count_streams() == 4
        await stage.happen(created("alice"), stream=OTHER)
        assert stage.fanout.count_streams() == 4


@in_virtual_time
async def test_the_stream_of_a_user_is_followed_no_longer_than_a_link_of_theirs_is_here() -> None:
    """Every user who was ever here used to be kept, until a conversation was forgotten for it."""
    async with on_stage() as stage:
        first, second = stage.arrive(ALICE, session="first"), stage.arrive(ALICE, session="second")
        stage.fanout.greet(ALICE, NO_SEQ)
        stage.leave(first)
        stage.fanout.part(ALICE)
        assert stage.fanout.count_streams() == 1
        stage.leave(second)
        stage.fanout.part(ALICE)
        assert stage.fanout.count_streams() == 0


@in_virtual_time
async def test_a_stream_that_was_being_read_when_all_began_anew_is_followed_again() -> None:
    """The reader of before took the new channel out of the line: nobody read it, and every sweep waited for it."""
    async with on_stage() as stage:
        alice, gate = stage.arrive(ALICE), asyncio.Event()

        async def hold() -> None:
            await gate.wait()

        stage.commit(created("alice"))
        stage.log.before_read = hold
        await stage.hint(*stage.commit(message("a")))
        for number in range(module.CATCHING_UP_LIMIT):
            busy = conversation_stream(ConversationId(f"busy {number}"))
            stage.commit(created("alice"), stream=busy)
            await stage.hint(*stage.commit(message(), stream=busy))
        sweeping = asyncio.create_task(stage.fanout.sweep())
        beginning = asyncio.create_task(stage.fanout.start())
        await settle()
        await stage.hint(*stage.commit(message("b")))
        gate.set()
        await asyncio.gather(sweeping, beginning)
        await settle()
        await stage.happen(message("c"))
        await stage.fanout.sweep()
        heard = [fact.seq for fact in alice.facts if fact.stream == CHAT]
        assert heard == sorted(set(heard))
        assert heard[-1] == 4


@in_virtual_time
async def test_a_sweep_that_saw_another_log_does_not_say_how_far_this_one_is() -> None:
    async with on_stage() as stage:
        stage.arrive(ALICE)
        stage.commit(created("alice"), message())
        gate = asyncio.Event()

        async def hold() -> None:
            await gate.wait()

        stage.log.after_read = hold
        sweeping = asyncio.create_task(stage.fanout.sweep())
        await settle()
        del stage.log.facts[1:]
        beginning = asyncio.create_task(stage.fanout.start())
        await settle()
        gate.set()
        await asyncio.gather(sweeping, beginning)
        assert stage.fanout.checkpoint == stage.log.facts[0].checkpoint
