"""Where a client goes on when the beginning of what it lacks is kept no longer."""

from tests.sdk.test_positions import STREAM, log_of, member, restarts, seqs
from unisono_sdk.answers import StartOver
from unisono_sdk.places import Position, Read


def test_where_the_beginning_is_gone_what_is_left_still_comes() -> None:
    server = log_of(9)
    positions = member(server, at=2)
    positions.take(server.push(STREAM, 9))
    asked = positions.next_read()
    assert asked is not None
    told = StartOver(stream=STREAM, epoch=1, first=7, until=9, reason="trimmed")
    got = positions.take_start_over(asked, told)
    assert (restarts(got), positions[STREAM]) == ([(STREAM, "trimmed", 3, 6)], Position(1, 6))
    again = positions.next_read()
    assert again == Read(STREAM, 6, 1)
    got = positions.take_page(again, server.page(again))
    assert (restarts(got), seqs(got), positions.is_settled) == ([], [7, 8, 9], True)


def test_where_all_is_gone_nothing_is_asked_again() -> None:
    server = log_of(5)
    positions = member(server, at=2)
    positions.take_heads([server.head(STREAM)], 8)
    asked = positions.next_read()
    assert asked is not None
    told = StartOver(stream=STREAM, epoch=1, first=6, until=5, reason="trimmed")
    got = positions.take_start_over(asked, told)
    assert (restarts(got), positions.is_settled) == ([(STREAM, "trimmed", 3, 5)], True)


def test_a_word_of_a_trim_that_comes_late_changes_nothing() -> None:
    server = log_of(9)
    positions = member(server, at=2)
    positions.take_heads([server.head(STREAM)], 8)
    asked = positions.next_read()
    assert asked is not None
    positions.take(server.push(STREAM, 3, 8))
    told = StartOver(stream=STREAM, epoch=1, first=7, until=9, reason="trimmed")
    assert positions.take_start_over(asked, told) == []
    assert positions[STREAM] == Position(1, 8)
