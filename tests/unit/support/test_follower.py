"""The follower takes each fact once and in order, whatever comes, and never gives away a checkpoint too early."""

from typing import Any

from tests.support.follower import Follower, Frame, logged
from tests.support.judge import SessionLog

STREAM = "c/a"


def fact(seq: int) -> Frame:
    """Make a fact."""
    return {"seq": seq, "at": seq, "fact": {"kind": "message", "sender": "ann", "key": f"k{seq}", "content": {}}}


def delivery(*seqs: int, checkpoint: int = 0, epoch: int = 1) -> Frame:
    """Make a pushed frame."""
    return {"stream": STREAM, "epoch": epoch, "facts": [fact(seq) for seq in seqs], "checkpoint": checkpoint}


def page(*seqs: int, head: int, epoch: int = 1) -> Frame:
    """Make the answer to a read."""
    return {"stream": STREAM, "epoch": epoch, "facts": [fact(seq) for seq in seqs], "head": head}


def moved(checkpoint: int, *, head: int, after: str | None = None) -> Frame:
    """Make the answer to a sync."""
    answer: dict[str, Any] = {"heads": [{"stream": STREAM, "epoch": 1, "seq": head}], "checkpoint": checkpoint}
    return answer | ({"next": after} if after else {})


def follower(start: int = 0) -> Follower:
    """Make one that listens."""
    return Follower(SessionLog("ann/1", "ann", starts={STREAM: start}))


def seqs(following: Follower) -> list[int]:
    """Give what was taken."""
    return [seen.seq for seen in following.log.seen]


def test_facts_in_order_are_taken_and_the_checkpoint_follows() -> None:
    following = follower()
    assert following.take_delivery(delivery(1, 2, checkpoint=7)) == []
    assert following.take_delivery(delivery(3, checkpoint=8)) == []
    assert (seqs(following), following.checkpoint) == ([1, 2, 3], 8)


def test_what_was_taken_is_dropped_and_counted() -> None:
    following = follower()
    following.take_delivery(delivery(1, 2))
    following.take_delivery(delivery(1, 2, 3))
    assert (seqs(following), following.repeats) == ([1, 2, 3], 2)


def test_a_gap_is_read_once_and_the_checkpoint_waits_for_it() -> None:
    following = follower()
    following.take_delivery(delivery(1, checkpoint=1))
    assert following.take_delivery(delivery(4, checkpoint=4)) == [
        {"op": "read", "stream": STREAM, "after": 1, "limit": 1000}
    ]
    assert following.take_delivery(delivery(5, checkpoint=5)) == []
    assert following.checkpoint == 1
    assert following.take_page(page(2, 3, head=5)) == [{"op": "read", "stream": STREAM, "after": 3, "limit": 1000}]
    assert following.checkpoint == 1
    assert following.take_page(page(4, 5, head=5)) == []
    assert (seqs(following), following.checkpoint, following.gaps) == ([1, 2, 3, 4, 5], 5, 1)


def test_a_sync_reads_what_moved_over_all_its_pages_and_then_has_the_first_pages_checkpoint() -> None:
    following = follower()
    assert following.begin_sync() == {"op": "sync", "checkpoint": 0}
    reads, more = following.take_moved(moved(10, head=2, after="c/a"))
    assert (len(reads), more) == (1, {"op": "sync", "checkpoint": 0, "after": "c/a"})
    following.take_page(page(1, 2, head=2))
    assert following.checkpoint == 0
    assert following.take_moved(moved(99, head=2)) == ([], None)
    assert (following.checkpoint, following.is_settled) == (10, True)


def test_a_lost_connection_forgets_its_questions_and_keeps_its_checkpoint() -> None:
    following = follower()
    following.begin_connection(1)
    following.take_delivery(delivery(1, checkpoint=1))
    following.take_delivery(delivery(3, checkpoint=3))
    following.begin_connection(1)
    assert following.begin_sync() == {"op": "sync", "checkpoint": 1}
    reads, _ = following.take_moved(moved(3, head=3))
    assert [read["after"] for read in reads] == [1]


def test_a_higher_epoch_starts_over_and_a_lower_one_is_passed_over() -> None:
    following = follower()
    following.take_delivery(delivery(1, 2))
    following.take_delivery(delivery(1, epoch=2))
    following.take_delivery(delivery(2, 3, epoch=1))
    assert following.take_page(page(2, head=2, epoch=1)) == []
    assert (seqs(following), following.restarts) == ([1], 1)


def test_a_head_below_the_position_starts_over() -> None:
    following = follower()
    following.take_delivery(delivery(1, 2, 3))
    reads, _ = following.take_moved(moved(2, head=2))
    assert [read["after"] for read in reads] == [0]
    assert (seqs(following), following.restarts) == ([], 1)


def test_another_epoch_of_the_app_voids_the_checkpoint_and_what_is_named_no_more() -> None:
    following = follower()
    following.begin_connection(1)
    following.take_delivery(delivery(1, 2, checkpoint=5))
    following.begin_connection(2)
    assert following.begin_sync() == {"op": "sync", "checkpoint": 0}
    following.take_moved({"kind": "moved", "heads": [], "checkpoint": 9})
    assert (seqs(following), following.positions, following.restarts, following.checkpoint) == ([], {}, 1, 9)


def test_what_came_while_everything_was_asked_for_is_not_taken_for_gone() -> None:
    following = follower()
    following.begin_connection(1)
    following.begin_sync()
    following.take_delivery(delivery(1))
    following.take_moved({"kind": "moved", "heads": [], "checkpoint": 9})
    assert (seqs(following), following.restarts) == ([1], 0)


def test_what_was_reached_on_a_lost_connection_counts_no_more() -> None:
    following = follower()
    following.begin_connection(1)
    following.take_delivery(delivery(1, checkpoint=1))
    following.take_delivery(delivery(3, checkpoint=9))
    following.begin_connection(1)
    following.begin_sync()
    following.take_moved(moved(5, head=3))
    following.take_page(page(2, 3, head=3))
    assert following.checkpoint == 5


def test_who_begins_late_takes_only_what_follows() -> None:
    following = follower(start=5)
    following.take_delivery(delivery(5, 6))
    assert seqs(following) == [6]


def test_an_empty_page_does_not_ask_for_ever() -> None:
    following = follower()
    following.take_delivery(delivery(3, checkpoint=3))
    assert following.take_page(page(head=3)) == []
    assert following.is_settled


def test_facts_are_given_to_the_judge_with_what_they_mean() -> None:
    kinds: list[Frame] = [
        {"kind": "created", "members": ["ann", "bob"]},
        {"kind": "message", "sender": "ann", "key": "k", "content": {}},
        {"kind": "joined", "users": ["eve"]},
        {"kind": "left", "users": ["bob"]},
        {"kind": "read", "seq": 1},
    ]
    facts = logged([{"seq": seq, "at": 0, "fact": kind} for seq, kind in enumerate(kinds, start=1)])
    assert [fact.joins for fact in facts] == [("ann", "bob"), (), ("eve",), (), ()]
    assert [fact.leaves for fact in facts] == [(), (), (), ("bob",), ()]
    assert (facts[1].sender, facts[1].key) == ("ann", "k")
