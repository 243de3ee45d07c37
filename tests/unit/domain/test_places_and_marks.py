"""Small arithmetic that everything rests on: heads, read marks, streams, token buckets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unisono.domain import marks
from unisono.domain.facts import Content, MembersJoined, MessagePlaced
from unisono.domain.ids import (
    ConversationId,
    Epoch,
    Instant,
    Position,
    SendKey,
    Seq,
    StreamKey,
    UserId,
    conversation_of,
    conversation_stream,
    user_of,
    user_stream,
)
from unisono.domain.placement import Head, next_head
from unisono.domain.rates import Bucket, Rate, full, take

ANN = UserId("ann")
JOINED = MembersJoined((ANN,), ANN)
SAID = MessagePlaced(ANN, SendKey("k"), Content(text="hello"))
seqs = st.integers(0, 1000).map(Seq)


def test_a_new_stream_begins_with_seq_1_of_epoch_1() -> None:
    assert next_head(Head(), Instant(5), JOINED) == Head(epoch=Epoch(1), seq=Seq(1), at=Instant(5))


@given(st.lists(st.tuples(st.integers(0, 10**13).map(Instant), st.booleans()), max_size=30))
def test_a_stream_has_no_holes_and_counts_messages_and_its_time_never_runs_backwards(
    clock: list[tuple[Instant, bool]],
) -> None:
    head = Head(epoch=Epoch(3))
    for number, (now, is_message) in enumerate(clock, 1):
        later = next_head(head, now, SAID if is_message else JOINED)
        assert later.messages == head.messages + is_message
        assert later.seq == number
        assert later.epoch == head.epoch
        assert later.at == max(head.at, now)
        head = later


@given(seqs, seqs, seqs)
def test_a_mark_never_moves_back_nor_past_what_exists(mark: Seq, asked: Seq, head: Seq) -> None:
    new = marks.moved(mark, asked, head)
    assert new >= mark
    assert new <= max(mark, head)
    assert new in {mark, asked, head}


@given(seqs, st.lists(seqs, max_size=10))
def test_marks_of_several_devices_agree_in_any_order(head: Seq, wishes: list[Seq]) -> None:
    def after(order: list[Seq]) -> Seq:
        mark = Seq(0)
        for wish in order:
            mark = marks.moved(mark, wish, head)
        return mark

    assert after(wishes) == after(list(reversed(wishes))) == min(max([0, *wishes]), head)


def test_streams_name_whose_they_are() -> None:
    assert conversation_stream(ConversationId("a/b")) == "c/a/b"
    assert conversation_of(StreamKey("c/a/b")) == "a/b"
    assert user_stream(UserId("c/x")) == "u/c/x"
    assert user_of(StreamKey("u/c/x")) == "c/x"


def test_a_stream_is_of_one_kind_only() -> None:
    assert conversation_of(StreamKey("u/ann")) is None
    assert user_of(StreamKey("c/ann")) is None
    assert conversation_of(StreamKey("x/ann")) is None
    assert user_of(StreamKey("ann")) is None


def test_positions_are_ordered_by_epoch_first() -> None:
    assert Position(Epoch(1), Seq(9)) < Position(Epoch(2), Seq(1)) < Position(Epoch(2), Seq(2))


RATE = Rate(per_s=2.0, burst=3)


def test_a_burst_passes_at_once_and_the_next_one_waits() -> None:
    bucket = full(RATE, 10.0)
    assert [take(bucket, RATE, 10.0) for _ in range(3)] == [0.0, 0.0, 0.0]
    assert take(bucket, RATE, 10.0) == pytest.approx(0.5)


def test_who_waited_as_told_passes() -> None:
    bucket = Bucket(tokens=0.0, at_s=10.0)
    wait_s = take(bucket, RATE, 10.0)
    assert take(bucket, RATE, 10.0 + wait_s) == 0.0


def test_being_refused_costs_nothing() -> None:
    bucket = Bucket(tokens=0.5, at_s=10.0)
    assert take(bucket, RATE, 10.0) == take(bucket, RATE, 10.0) == pytest.approx(0.25)


def test_a_pause_fills_a_bucket_to_its_burst_and_no_further() -> None:
    bucket = Bucket(tokens=0.0, at_s=0.0)
    assert [take(bucket, RATE, 1000.0) > 0 for _ in range(4)] == [False, False, False, True]


@given(st.lists(st.floats(0, 5), max_size=60))
def test_never_more_than_the_burst_and_what_grew_since(pauses: list[float]) -> None:
    bucket, now_s, taken = full(RATE, 0.0), 0.0, 0
    for pause in pauses:
        now_s += pause
        taken += take(bucket, RATE, now_s) == 0.0
        assert taken <= RATE.burst + now_s * RATE.per_s + 1e-6


@given(st.lists(st.sampled_from("mo"), max_size=30), st.integers(0, 30))
def test_unread_is_what_others_said_after_the_mark(said: list[str], mark: int) -> None:
    passed, own = len(said[:mark]), said[mark:].count("m")
    assert marks.unread(len(said), passed, own) == said[mark:].count("o")


def test_unread_is_never_less_than_nothing() -> None:
    assert marks.unread(3, 4, 0) == 0
