"""From facts to links, whatever the bus does."""

import asyncio

import pytest

from tests.support.recording import CountingEncoder
from tests.support.virtual_time import in_virtual_time
from tests.unit.app.fanout_stage import on_stage, settle
from tests.unit.app.stage import ALICE, BOB, CAROL, CHAT, created, joined, left, message, seqs
from unisono.app import fanout as module
from unisono.domain.errors import Unavailable
from unisono.domain.ids import ConversationId, Seq, conversation_stream, user_stream

OTHER = conversation_stream(ConversationId("other"))


@pytest.mark.rows("E3", "T7", "E32")
@in_virtual_time
async def test_every_session_of_every_member_gets_a_fact_once() -> None:
    async with on_stage() as stage:
        alice, laptop, phone = stage.arrive(ALICE), stage.arrive(BOB, session="l"), stage.arrive(BOB, session="p")
        carol = stage.arrive(CAROL)
        await stage.happen(created("alice", "bob"), message())
        assert [seqs(link.facts) for link in (alice, laptop, phone, carol)] == [[1, 2], [1, 2], [1, 2], []]


@in_virtual_time
async def test_hints_of_one_turn_share_a_frame_that_is_encoded_once() -> None:
    async with on_stage() as stage:
        links = [stage.arrive(ALICE), stage.arrive(BOB)]
        await stage.happen(created("alice", "bob"))
        first, second = stage.commit(message("a"), message("b"))
        stage.fanout.hint([first])
        stage.fanout.hint([second])
        await settle()
        assert [[seqs(delivery) for delivery in link.deliveries] for link in links] == [[[1], [2, 3]]] * 2
        assert len(stage.encoder.deliveries) == 2


@in_virtual_time
async def test_a_fact_is_encoded_once_for_each_door() -> None:
    async with on_stage() as stage:
        others = CountingEncoder()
        links = [stage.arrive(ALICE), stage.arrive(BOB, encoder=others), stage.arrive(CAROL, encoder=others)]
        await stage.happen(created("alice", "bob", "carol"))
        assert [seqs(link.facts) for link in links] == [[1], [1], [1]]
        assert (len(stage.encoder.deliveries), len(others.deliveries)) == (1, 1)


@in_virtual_time
async def test_a_new_conversation_is_followed_without_asking_anybody() -> None:
    async with on_stage() as stage:
        stage.arrive(ALICE)
        stage.log.reads.clear()
        await stage.happen(created("alice"), message())
        await stage.happen(message())
        assert stage.log.reads == []


@in_virtual_time
async def test_a_lost_hint_is_read_from_the_log_when_the_next_one_comes() -> None:
    async with on_stage() as stage:
        alice = stage.arrive(ALICE)
        await stage.happen(created("alice"))
        *_, last = stage.commit(message("a"), message("b"), message("c"))
        await stage.hint(last)
        assert seqs(alice.facts) == [1, 2, 3, 4]
        assert stage.log.stream_reads == ["read"]


@in_virtual_time
async def test_hints_out_of_order_and_repeated_are_delivered_once_in_order() -> None:
    async with on_stage() as stage:
        alice = stage.arrive(ALICE)
        first, second, third = stage.commit(created("alice"), message("a"), message("b"))
        await stage.hint(third, first, second, first)
        await stage.hint(second, third)
        assert seqs(alice.facts) == [1, 2, 3]


@in_virtual_time
async def test_a_hint_that_overlaps_what_was_delivered_brings_only_the_rest() -> None:
    async with on_stage() as stage:
        alice = stage.arrive(ALICE)
        first, second = await stage.happen(created("alice"), message("a"))
        (third,) = stage.commit(message("b"))
        await stage.hint(first, second, third)
        assert [seqs(delivery) for delivery in alice.deliveries] == [[1, 2], [3]]


@in_virtual_time
async def test_what_no_hint_told_of_the_sweep_finds() -> None:
    async with on_stage() as stage:
        alice = stage.arrive(ALICE)
        stage.commit(created("alice"), message("a"))
        await stage.fanout.sweep()
        assert seqs(alice.facts) == [1, 2]
        stage.commit(message("b"))
        await stage.fanout.sweep()
        assert seqs(alice.facts) == [1, 2, 3]
        assert stage.fanout.checkpoint == 3


@in_virtual_time
async def test_a_sweep_that_finds_all_delivered_reads_no_stream() -> None:
    async with on_stage() as stage:
        alice = stage.arrive(ALICE)
        await stage.happen(created("alice"), message("a"))
        await stage.fanout.sweep()
        assert stage.log.stream_reads == []
        assert stage.fanout.checkpoint == 2
        assert seqs(alice.facts) == [1, 2]


@in_virtual_time
async def test_a_sweep_passes_over_what_nobody_is_there_to_see() -> None:
    """An import of a hundred thousand conversations would otherwise be read once more by each node."""
    async with on_stage() as stage:
        stage.commit(created("alice"), message("a"))
        await stage.fanout.sweep()
        assert (stage.log.stream_reads, stage.fanout.count_streams(), stage.fanout.checkpoint) == ([], 0, 2)
        alice = stage.arrive(ALICE)
        stage.commit(message("b"))
        await stage.fanout.sweep()
        assert seqs(alice.facts) == [3]


@in_virtual_time
async def test_a_sweep_goes_on_page_by_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SWEEP_PAGE", 2)
    async with on_stage() as stage:
        alice = stage.arrive(ALICE)
        for number in range(5):
            stage.commit(created("alice"), message(), stream=conversation_stream(ConversationId(str(number))))
        await stage.fanout.sweep()
        assert stage.fanout.checkpoint == 10
        assert len(alice.facts) == 10


@in_virtual_time
async def test_a_long_stream_is_read_page_by_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "READ_PAGE", 3)
    async with on_stage() as stage:
        alice = stage.arrive(ALICE)
        stage.commit(created("alice"), *(message(str(number)) for number in range(9)))
        await stage.fanout.sweep()
        assert seqs(alice.facts) == list(range(1, 11))


@in_virtual_time
async def test_a_stream_not_followed_is_loaded_as_of_the_checkpoint() -> None:
    async with on_stage() as stage:
        stage.commit(created("alice", "bob"), message("old"))
        await stage.fanout.start()
        alice, bob, carol = stage.arrive(ALICE), stage.arrive(BOB), stage.arrive(CAROL)
        stage.commit(message("lost"), left("bob"), joined("carol"))
        await stage.happen(message("new"))
        assert [seqs(link.facts) for link in (alice, bob, carol)] == [[3, 4, 5, 6], [3, 4], [5, 6]]


@in_virtual_time
async def test_what_comes_while_the_log_is_read_waits_behind_the_gap() -> None:
    async with on_stage() as stage:
        alice = stage.arrive(ALICE)
        await stage.happen(created("alice"))
        gate = asyncio.Event()

        async def hold() -> None:
            await gate.wait()

        stage.log.before_read = hold
        _, second = stage.commit(message("lost"), message("a"))
        await stage.hint(second)
        (third,) = stage.commit(message("b"))
        await stage.hint(third)
        assert seqs(alice.facts) == [1]
        gate.set()
        await settle()
        assert seqs(alice.facts) == [1, 2, 3, 4]
        await stage.happen(message("c"))
        assert seqs(alice.facts) == [1, 2, 3, 4, 5]


@in_virtual_time
async def test_hints_that_come_out_of_order_while_the_log_is_read_are_read_up_to_the_highest() -> None:
    """Used to be read up to the last one that came; the rest waited for the sweep."""
    async with on_stage() as stage:
        alice = stage.arrive(ALICE)
        await stage.happen(created("alice"))
        _, second = stage.commit(message("lost"), message("a"))

        async def commit_behind_the_read() -> None:
            if len(stage.log.facts) == 3:
                await stage.hint(*stage.commit(message("b")), second)

        stage.log.after_read = commit_behind_the_read
        await stage.hint(second)
        await settle()
        assert seqs(alice.facts) == [1, 2, 3, 4]


@in_virtual_time
async def test_when_the_store_fails_the_sweep_after_it_brings_everything() -> None:
    async with on_stage() as stage:
        alice = stage.arrive(ALICE)
        await stage.happen(created("alice"))
        stage.log.is_away = True
        _, second = stage.commit(message("lost"), message("a"))
        await stage.hint(second)
        assert seqs(alice.facts) == [1]
        assert stage.telemetry.faults == [("catch_up_failed", {"code": "unavailable"})]
        with pytest.raises(Unavailable):
            await stage.fanout.sweep()
        assert stage.fanout.checkpoint == 0
        stage.log.is_away = False
        await stage.fanout.sweep()
        assert list(dict.fromkeys(seqs(alice.facts))) == [1, 2, 3]
        assert stage.fanout.checkpoint == 3


@in_virtual_time
async def test_the_checkpoint_stays_when_a_stream_could_not_be_read() -> None:
    async with on_stage() as stage:
        alice = stage.arrive(ALICE)
        stage.commit(created("alice"))

        async def fail_on_streams() -> None:
            stage.log.is_away = stage.log.reads[-1][1] is not None

        stage.log.before_read = fail_on_streams
        await stage.fanout.sweep()
        assert (stage.fanout.checkpoint, seqs(alice.facts)) == (0, [])

        async def never_fail() -> None:
            stage.log.is_away = False

        stage.log.before_read = never_fail
        await stage.fanout.sweep()
        assert (stage.fanout.checkpoint, seqs(alice.facts)) == (1, [1])


@in_virtual_time
async def test_the_checkpoint_moves_only_after_all_of_it_was_pushed() -> None:
    async with on_stage() as stage:
        stage.arrive(ALICE)
        stage.commit(created("alice"))
        gate = asyncio.Event()

        async def hold_streams() -> None:
            if stage.log.reads[-1][1] is not None:
                await gate.wait()

        stage.log.before_read = hold_streams
        sweeping = asyncio.create_task(stage.fanout.sweep())
        await settle()
        assert stage.fanout.checkpoint == 0
        assert not sweeping.done()
        gate.set()
        await sweeping
        assert stage.fanout.checkpoint == 1


@in_virtual_time
async def test_a_sweep_does_not_wait_for_busy_streams_to_come_to_rest() -> None:
    """Used to wait until all streams were read to their ends at one moment: with many busy ones, never."""
    async with on_stage() as stage:
        alice = stage.arrive(ALICE)
        await stage.happen(created("alice"))
        count = 0

        async def go_on_happening() -> None:
            nonlocal count
            count += 1
            if count < 200:
                await stage.hint(*stage.commit(message()))

        stage.log.after_read = go_on_happening
        stage.commit(message())
        await stage.fanout.sweep()
        assert count < 10
        assert stage.fanout.checkpoint == 2
        await settle(20_000)
        assert seqs(alice.facts) == list(range(1, 202))


@in_virtual_time
async def test_a_commit_that_becomes_visible_late_is_not_missed() -> None:
    async with on_stage() as stage:
        alice = stage.arrive(ALICE)
        stage.log.open_from = 1
        stage.log.commit(OTHER, created("alice"), position=2)
        await stage.fanout.sweep()
        assert stage.fanout.checkpoint == 0
        stage.log.commit(CHAT, created("alice"), position=1)
        stage.log.open_from = None
        await stage.fanout.sweep()
        assert stage.fanout.checkpoint == 2
        assert {fact.stream for fact in alice.facts} == {CHAT, OTHER}


@pytest.mark.rows("S11")
@in_virtual_time
async def test_the_stream_of_a_user_who_is_not_here_costs_nothing() -> None:
    async with on_stage() as stage:
        await stage.happen(message(), stream=user_stream(ALICE))
        await stage.fanout.sweep()
        assert stage.log.stream_reads == []
        assert stage.fanout.checkpoint == 1


@in_virtual_time
async def test_who_is_greeted_gets_what_comes_after() -> None:
    async with on_stage() as stage:
        stage.commit(message("before"), message("opened"), stream=user_stream(ALICE))
        alice = stage.arrive(ALICE)
        stage.fanout.greet(ALICE, Seq(1))
        stage.fanout.greet(ALICE, Seq(9))
        await stage.hint(*stage.log.facts[1:])
        await stage.happen(message("after"), stream=user_stream(ALICE))
        assert seqs(alice.facts) == [2, 3]
        assert stage.log.stream_reads == []


@in_virtual_time
async def test_frames_carry_the_checkpoint_that_holds_when_they_are_written() -> None:
    async with on_stage() as stage:
        alice = stage.arrive(ALICE)
        await stage.happen(created("alice"))
        await stage.fanout.sweep()
        await stage.happen(message())
        assert alice.checkpoints == [0, 1]


@in_virtual_time
async def test_a_door_can_wait_until_what_happened_has_reached_its_links() -> None:
    async with on_stage() as stage:
        alice = stage.arrive(ALICE)
        told = stage.commit(created("alice"), message())
        stage.fanout.hint(told)
        assert alice.facts == []
        await stage.fanout.wait_until_passed_on([CHAT, user_stream(ALICE)], 1.0)
        assert seqs(alice.facts) == [1, 2]
        # What has to be read first is waited for as well; of another stream, nothing is.
        stage.log.commit(CHAT, message())
        stage.fanout.hint(stage.commit(message()))
        await stage.fanout.wait_until_passed_on([OTHER], 1.0)
        assert seqs(alice.facts) == [1, 2]
        await stage.fanout.wait_until_passed_on([CHAT], 1.0)
        assert seqs(alice.facts) == [1, 2, 3, 4]


@in_virtual_time
async def test_what_goes_on_being_said_is_not_waited_for() -> None:
    """In a conversation that never rests a door used to wait for as long as it was let, with each command."""
    async with on_stage() as stage:
        alice = stage.arrive(ALICE)
        await stage.happen(created("alice"))

        async def talk() -> None:
            for _ in range(1_000):
                stage.fanout.hint(stage.commit(message()))
                await asyncio.sleep(0)

        talking = asyncio.create_task(talk())
        await settle()
        said = len(alice.facts)
        await stage.fanout.wait_until_passed_on([CHAT], 1.0)
        assert said < len(alice.facts) < said + 10
        talking.cancel()
