"""Positions: whatever the bus does, each fact is pushed once, in order, and a hole is never passed over."""

from hypothesis import given
from hypothesis import strategies as st

from unisono.domain.delivery import CatchUp, Gap, Push, Stale, StartOver, advance, catch_up
from unisono.domain.ids import Epoch, Position, Seq

seqs = st.integers(0, 30).map(Seq)
runs = st.tuples(st.integers(1, 30), st.integers(0, 5)).map(lambda run: (Seq(run[0]), Seq(run[0] + run[1])))


def test_the_next_fact_is_pushed() -> None:
    assert advance(Seq(4), Seq(5), Seq(5)) == Push(first=Seq(5))
    assert advance(Seq(0), Seq(1), Seq(3)) == Push(first=Seq(1))


def test_a_run_that_was_partly_delivered_is_pushed_from_where_it_is_new() -> None:
    assert advance(Seq(4), Seq(3), Seq(7)) == Push(first=Seq(5))


def test_a_repeat_is_stale() -> None:
    assert advance(Seq(4), Seq(4), Seq(4)) == Stale()
    assert advance(Seq(4), Seq(1), Seq(4)) == Stale()


def test_a_run_that_begins_later_leaves_a_gap_to_be_read() -> None:
    assert advance(Seq(4), Seq(6), Seq(9)) == Gap(after=Seq(4), until=Seq(9))


@given(seqs, runs)
def test_every_run_is_pushed_stale_or_behind_a_gap(delivered: Seq, run: tuple[Seq, Seq]) -> None:
    first, last = run
    match advance(delivered, first, last):
        case Push(pushed):
            assert first <= pushed == delivered + 1 <= last
        case Stale():
            assert last <= delivered
        case Gap(after, until):
            assert (after, until) == (delivered, last)
            assert first > delivered + 1


@given(st.lists(runs, max_size=40), st.integers(1, 30))
def test_drops_repeats_and_reordering_neither_lose_nor_double(hints: list[tuple[Seq, Seq]], head: int) -> None:
    """A follower that reads the log at each gap, and once in the end, has seen everything exactly once, in order."""
    seen: list[int] = []
    for first, last in [*((f, Seq(min(u, head))) for f, u in hints if f <= head), (Seq(head), Seq(head))]:
        delivered = Seq(len(seen))
        match advance(delivered, first, last):
            case Push(pushed):
                seen.extend(range(pushed, last + 1))
            case Gap(after, until):
                seen.extend(range(after + 1, until + 1))
            case Stale():
                pass
    assert seen == list(range(1, head + 1))


def position(epoch: int, seq: int) -> Position:
    """Make a position."""
    return Position(Epoch(epoch), Seq(seq))


def test_a_reader_at_the_head_lacks_nothing() -> None:
    assert catch_up(position(1, 7), position(1, 7)) is None
    assert catch_up(position(1, 0), position(1, 0)) is None


def test_a_reader_behind_reads_what_it_lacks() -> None:
    assert catch_up(position(1, 3), position(1, 7)) == CatchUp(after=Seq(3), until=Seq(7))


def test_a_reader_that_lacks_just_what_is_still_kept_may_continue() -> None:
    assert catch_up(position(1, 3), position(1, 7), oldest=Seq(4)) == CatchUp(after=Seq(3), until=Seq(7))


def test_a_reader_that_lacks_what_was_trimmed_starts_over() -> None:
    expected = StartOver("trimmed", first=Seq(5), until=Seq(7))
    assert catch_up(position(1, 3), position(1, 7), oldest=Seq(5)) == expected


def test_a_reader_ahead_of_the_log_starts_over() -> None:
    assert catch_up(position(1, 8), position(1, 7)) == StartOver("ahead", first=Seq(1), until=Seq(7))


def test_a_reader_of_another_epoch_starts_over_even_at_the_same_seq() -> None:
    assert catch_up(position(1, 7), position(2, 7)) == StartOver("epoch_changed", first=Seq(1), until=Seq(7))


@given(st.integers(1, 2), seqs, st.integers(1, 2), seqs, st.integers(1, 31))
def test_catching_up_covers_exactly_what_is_missing(
    held_epoch: int, held: Seq, epoch: int, head: Seq, oldest: int
) -> None:
    if oldest > head + 1:
        return
    match catch_up(position(held_epoch, held), position(epoch, head), oldest=Seq(oldest)):
        case None:
            assert (held_epoch, held) == (epoch, head)
        case CatchUp(after, until):
            assert held_epoch == epoch
            assert oldest - 1 <= after == held < until == head
        case StartOver(_, first, until):
            assert (first, until) == (oldest, head)
            assert held_epoch != epoch or held > head or held + 1 < oldest
