"""Every fact once and in order, whatever the network does, or a plain word that it cannot be."""

from collections.abc import Iterable, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unisono_sdk.answers import Facts, StartOver, StreamHead
from unisono_sdk.facts import (
    Content,
    ConversationCreated,
    ConversationEnded,
    ConversationEntered,
    ConversationExited,
    Fact,
    MembersJoined,
    MembersLeft,
    MessagePlaced,
    SeqFact,
)
from unisono_sdk.frames import Delivery
from unisono_sdk.places import Deliver, Outcome, Position, Read, Restart
from unisono_sdk.positions import Positions

ME, STREAM, OWN = "me", "c/1", "u/me"


def message(seq: int) -> Fact:
    """Make a message."""
    return MessagePlaced(sender="x", key=f"k{seq}", content=Content(text=str(seq)))


def joined(*users: str) -> Fact:
    """Make users join."""
    return MembersJoined(users=users, by="x")


def left(*users: str) -> Fact:
    """Make users leave."""
    return MembersLeft(users=users, by="x")


def entered(seq: int) -> Fact:
    """Make me a member."""
    return ConversationEntered(conversation="1", seq=seq, by="x")


class Server:
    """The log as a server has it: facts by stream, read in pages."""

    def __init__(self, epoch: int = 1) -> None:
        self.epoch = epoch
        self.logs: dict[str, list[Fact]] = {STREAM: [], OWN: []}

    def place(self, stream: str, *facts: Fact) -> None:
        """Add facts."""
        self.logs[stream].extend(facts)

    def run(self, stream: str, first: int, last: int) -> tuple[SeqFact, ...]:
        """Give facts by their seq."""
        log = self.logs[stream]
        return tuple(SeqFact(seq=seq, at=seq, fact=log[seq - 1]) for seq in range(first, min(last, len(log)) + 1))

    def push(self, stream: str, first: int, last: int | None = None, checkpoint: int = 0) -> Delivery:
        """Make a delivery."""
        facts = self.run(stream, first, last or first)
        return Delivery(stream=stream, epoch=self.epoch, facts=facts, checkpoint=checkpoint)

    def head(self, stream: str) -> StreamHead:
        """Tell how far a stream has come."""
        return StreamHead(stream=stream, epoch=self.epoch, seq=len(self.logs[stream]))

    def page(self, asked: Read, size: int = 3) -> Facts:
        """Answer a read."""
        facts = self.run(asked.stream, asked.after + 1, asked.after + size)
        return Facts(stream=asked.stream, epoch=self.epoch, facts=facts, head=len(self.logs[asked.stream]))

    def answer_all(self, positions: Positions) -> list[Outcome]:
        """Answer reads until there are none."""
        outcomes: list[Outcome] = []
        for _ in range(1000):
            asked = positions.next_read()
            if asked is None:
                return outcomes
            outcomes += positions.take_page(asked, self.page(asked))
        raise AssertionError("reads without end")


def member(server: Server, at: int = 0, **more: Any) -> Positions:
    """Give positions of a member who was in step at `at`."""
    known = {STREAM: Position(1, at), OWN: Position(1, len(server.logs[OWN]))}
    positions = Positions(ME, held_limit=more.pop("held_limit", 100), known=known, checkpoint=7)
    positions.begin_link(is_restored=False)
    positions.take_heads([], 7)
    positions.end_sync()
    return positions


def log_of(count: int) -> Server:
    """Make a server with messages."""
    server = Server()
    server.place(STREAM, *(message(seq) for seq in range(1, count + 1)))
    return server


def seqs(outcomes: Iterable[Outcome], stream: str = STREAM) -> list[int]:
    """Give what was delivered of a stream."""
    return [each.placed.seq for each in outcomes if isinstance(each, Deliver) and each.stream == stream]


def restarts(outcomes: Iterable[Outcome]) -> list[tuple[str, str, int, int]]:
    """Give what was told of holes."""
    return [(each.stream, each.reason, each.first, each.until) for each in outcomes if isinstance(each, Restart)]


def test_the_next_is_delivered_lower_is_dropped_higher_waits() -> None:
    server = log_of(5)
    positions = member(server)
    assert seqs(positions.take(server.push(STREAM, 1, 2))) == [1, 2]
    assert seqs(positions.take(server.push(STREAM, 1, 3))) == [3]
    assert positions.take(server.push(STREAM, 5)) == []
    assert positions.next_read() == Read(STREAM, 3, 1)
    assert positions.next_read() is None
    assert seqs(positions.take(server.push(STREAM, 4))) == [4, 5]


def test_a_gap_is_filled_from_the_log_then_what_was_held_follows() -> None:
    server = log_of(9)
    positions = member(server)
    positions.take(server.push(STREAM, 8, 9, checkpoint=20))
    assert positions.checkpoint == 7
    assert seqs(server.answer_all(positions)) == list(range(1, 10))
    assert (positions.checkpoint, positions.is_settled) == (20, True)


def test_the_checkpoint_waits_for_all_pages_and_is_the_first_ones() -> None:
    server = log_of(2)
    positions = member(server)
    assert positions.begin_link(is_restored=False) == 7
    positions.take_heads([server.head(STREAM)], 10)
    positions.take_heads([], 99)
    assert positions.checkpoint == 7
    positions.end_sync()
    assert positions.checkpoint == 7
    server.answer_all(positions)
    assert positions.checkpoint == 10


@settings(max_examples=150)
@given(st.data())
def test_whatever_is_lost_doubled_or_mixed_up_all_comes_once_and_in_order(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 25))
    server = log_of(count)
    positions = member(server, held_limit=data.draw(st.integers(0, 30)))
    begins = data.draw(st.lists(st.integers(1, count), max_size=20))
    got: list[Outcome] = []
    for first in begins:
        got += positions.take(server.push(STREAM, first, first + data.draw(st.integers(0, 4))))
        if data.draw(st.booleans()) and (asked := positions.next_read()) is not None:
            if data.draw(st.booleans()):
                got += positions.take_page(asked, server.page(asked))
            else:
                positions.put_back(asked)
        if data.draw(st.booleans()):
            positions.begin_link(is_restored=False)
            got += positions.take_heads([server.head(STREAM)], 30)
            got += positions.end_sync()
    positions.begin_link(is_restored=False)
    got += positions.take_heads([server.head(STREAM)], 40)
    got += positions.end_sync()
    got += server.answer_all(positions)
    assert seqs(got) == list(range(1, count + 1))
    assert not restarts(got)
    assert positions.checkpoint == 40
    assert positions[STREAM] == Position(1, count)


def test_a_first_login_begins_at_the_heads_and_delivers_what_comes_later() -> None:
    server = log_of(3)
    server.place(OWN, entered(1))
    positions = Positions(ME, held_limit=10)
    assert positions.begin_link(is_restored=False) == 0
    early = positions.take(server.push(STREAM, 3))
    early += positions.take_heads([server.head(OWN)], None)
    early += positions.take_heads([server.head(STREAM)], 5)
    early += positions.end_sync()
    assert (seqs(early), positions.next_read(), positions.checkpoint) == ([], None, 5)
    server.place(STREAM, message(4))
    assert seqs(positions.take(server.push(STREAM, 4))) == [4]


@pytest.mark.parametrize("is_own_first", [True, False])
def test_a_stream_begins_where_i_became_a_member(is_own_first: bool) -> None:
    server = log_of(4)
    positions = Positions(ME, held_limit=10, known={OWN: Position(1, 0)}, checkpoint=1)
    positions.begin_link(is_restored=False)
    positions.end_sync()
    server.place(STREAM, joined("me", "you"), message(6))
    server.place(OWN, entered(5))
    pushes = [server.push(OWN, 1), server.push(STREAM, 5), server.push(STREAM, 6)]
    got = [
        outcome for push in (pushes if is_own_first else pushes[1:] + pushes[:1]) for outcome in positions.take(push)
    ]
    assert (seqs(got), positions.next_read(), positions.is_settled) == ([5, 6], None, True)


def test_an_unknown_stream_waits_until_my_own_stream_was_read() -> None:
    server = log_of(4)
    server.place(STREAM, joined("me"), message(6))
    server.place(OWN, entered(5))
    positions = Positions(ME, held_limit=10, known={OWN: Position(1, 0)}, checkpoint=1)
    positions.begin_link(is_restored=False)
    got = positions.take_heads([server.head(STREAM)], 9) + positions.end_sync()
    got += positions.take(server.push(STREAM, 6))
    assert (seqs(got), positions.is_settled) == ([], False)
    got += server.answer_all(positions)
    assert (seqs(got), positions.checkpoint) == ([5, 6], 9)


def test_a_stream_whose_beginning_nobody_tells_is_a_plain_start_over() -> None:
    server = log_of(6)
    positions = Positions(ME, held_limit=10, known={OWN: Position(1, 0)}, checkpoint=1)
    positions.begin_link(is_restored=False)
    positions.end_sync()
    positions.take(server.push(STREAM, 5, 6))
    got = server.answer_all(positions)
    assert (restarts(got), seqs(got)) == ([(STREAM, "unknown", 1, 4)], [5, 6])


def test_between_leaving_and_coming_back_nothing_is_delivered() -> None:
    server = log_of(2)
    positions = member(server, at=2)
    server.place(STREAM, left("me"), message(4), message(5), joined("me"), message(7))
    got = positions.take(server.push(STREAM, 3)) + positions.take(server.push(STREAM, 6, 7))
    got += server.answer_all(positions)
    assert seqs(got) == [3, 6, 7]


def test_after_its_end_nothing_of_a_conversation_is_delivered() -> None:
    server = log_of(2)
    positions = member(server, at=2)
    server.place(STREAM, ConversationEnded(reason="expired"), message(4))
    assert seqs(positions.take(server.push(STREAM, 3, 4)) + server.answer_all(positions)) == [3]


def test_what_passed_before_i_came_back_is_not_delivered_though_my_leaving_was_never_seen() -> None:
    server = log_of(2)
    positions = member(server, at=2)
    server.place(STREAM, message(3), joined("me"), message(5))
    got = positions.take(server.push(STREAM, 4, 5)) + server.answer_all(positions)
    assert seqs(got) == [4, 5]


def test_my_own_stream_tells_how_far_i_may_read_one_that_i_left() -> None:
    server = log_of(3)
    positions = member(server, at=2)
    server.place(OWN, ConversationExited(conversation="1", seq=3, by="x"))
    positions.take(server.push(OWN, 1))
    assert seqs(server.answer_all(positions)) == [3]


@pytest.mark.parametrize("way", ["push", "head", "page", "word"])
def test_another_epoch_is_a_start_over_with_its_range(way: str) -> None:
    server = log_of(5)
    positions = member(server, at=4)
    if way in {"page", "word"}:
        positions.take_heads([StreamHead(stream=STREAM, epoch=1, seq=9)], 8)
    asked = positions.next_read()
    server.epoch = 2
    if way == "push":
        got = positions.take(server.push(STREAM, 5))
        assert (restarts(got), seqs(got)) == ([(STREAM, "epoch_changed", 1, 4)], [5])
        return
    if way == "head":
        got = positions.take_heads([server.head(STREAM)], 8)
    elif way == "word":
        assert asked == Read(STREAM, 4, 1)
        told = StartOver(stream=STREAM, epoch=2, first=1, until=5, reason="epoch_changed")
        got = positions.take_start_over(asked, told)
    else:
        assert asked is not None
        got = positions.take_page(asked, server.page(asked))
    assert restarts(got) == [(STREAM, "epoch_changed", 1, 5)]
    assert positions[STREAM] == Position(2, 5)
    server.epoch = 1
    assert positions.take(server.push(STREAM, 5)) == []


def test_a_head_below_my_position_is_a_start_over_but_not_when_live_facts_passed_it() -> None:
    server = log_of(3)
    positions = member(server, at=2)
    positions.begin_link(is_restored=False)
    positions.take(server.push(STREAM, 3))
    assert positions.take_heads([StreamHead(stream=STREAM, epoch=1, seq=2)], 8) == []
    got = positions.take_heads([StreamHead(stream=STREAM, epoch=1, seq=1)], 8)
    assert restarts(got) == [(STREAM, "ahead", 1, 1)]


def test_a_restored_server_is_compared_stream_by_stream() -> None:
    server = log_of(3)
    positions = member(server, at=2)
    assert positions.begin_link(is_restored=True) == 0
    got = positions.take_heads([server.head(OWN)], 3) + positions.end_sync()
    assert restarts(got) == [(STREAM, "gone", 1, 0)]
    assert (positions.checkpoint, STREAM in positions.snapshot()) == (3, False)


def test_what_is_no_longer_kept_or_may_not_be_read_is_told() -> None:
    server = log_of(9)
    positions = member(server)
    positions.take(server.push(STREAM, 9))
    asked = positions.next_read()
    assert asked is not None
    page = Facts(stream=STREAM, epoch=1, facts=server.run(STREAM, 5, 6), head=9)
    got = positions.take_page(asked, page)
    assert (restarts(got), seqs(got)) == ([(STREAM, "trimmed", 1, 4)], [5, 6])
    asked = positions.next_read()
    assert asked is not None
    assert restarts(positions.give_up(asked)) == [(STREAM, "unreadable", 7, 9)]
    assert positions.is_settled


def test_reads_that_bring_nothing_end_in_a_plain_word() -> None:
    server = log_of(9)
    positions = member(server)
    got = positions.take(server.push(STREAM, 8, 9))
    for _ in range(3):
        asked = positions.next_read()
        assert asked is not None
        got += positions.take_page(asked, Facts(stream=STREAM, epoch=1, facts=(), head=0))
    assert (restarts(got), seqs(got), positions.is_settled) == ([(STREAM, "unreadable", 1, 7)], [8, 9], True)


def test_what_does_not_fit_behind_a_gap_is_read_again() -> None:
    server = log_of(50)
    positions = member(server, held_limit=3)
    for seq in range(10, 51):
        positions.take(server.push(STREAM, seq))
    assert seqs(server.answer_all(positions)) == list(range(1, 51))


@settings(max_examples=60)
@given(st.lists(st.sampled_from(["message", "join", "leave"]), max_size=15), st.data())
def test_memberships_come_and_go_and_only_mine_is_delivered(steps: Sequence[str], data: st.DataObject) -> None:
    """A reader with a broken network ends up with what a perfect one would have got."""
    server, is_in, expected = Server(), False, []
    server.place(STREAM, ConversationCreated(by="x", of="group", members=("x",)))
    for step in steps:
        seq = len(server.logs[STREAM]) + 1
        if step == "join" and not is_in:
            is_in = True
            server.place(STREAM, joined("me"))
            server.place(OWN, entered(seq))
            expected.append(seq)
        elif step == "leave" and is_in:
            is_in = False
            server.place(STREAM, left("me"))
            server.place(OWN, ConversationExited(conversation="1", seq=seq, by="x"))
            expected.append(seq)
        else:
            server.place(STREAM, message(seq))
            expected += [seq] if is_in else []
    positions = Positions(ME, held_limit=10, known={OWN: Position(1, 0)}, checkpoint=1)
    positions.begin_link(is_restored=False)
    got: list[Outcome] = []
    for seq in data.draw(st.lists(st.sampled_from(expected), max_size=10)) if expected else []:
        got += positions.take(server.push(STREAM, seq))
    until = len(server.logs[STREAM]) if is_in else max(expected, default=0)
    heads = [StreamHead(stream=STREAM, epoch=1, seq=until)] if expected else []
    got += positions.take_heads([*heads, server.head(OWN)], 5)
    got += positions.end_sync()
    got += server.answer_all(positions)
    assert seqs(got) == expected
    assert not restarts(got)
