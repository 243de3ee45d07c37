"""Each fault is planted once, and the judge must see it: a judge that is always pleased proves nothing."""

import json
from collections.abc import Callable

import pytest

from tests.support.judge import Acknowledged, Fault, Logged, Said, Seen, SessionLog, Verdict, judge

STREAM = "c/a"


class Case:
    """A blameless history: ann and bob talk in one conversation, ann on two sessions."""

    def __init__(self) -> None:
        self.log: dict[str, list[Logged]] = {
            STREAM: [
                Logged(1, "created", joins=("ann", "bob")),
                *(Logged(seq, f"message {seq}", sender="ann", key=f"k{seq}") for seq in range(2, 7)),
            ],
            "u/ann": [Logged(1, "entered")],
            "u/bob": [Logged(1, "entered")],
        }
        self.ann = self.session("ann/1", "ann")
        self.ann_too = self.session("ann/2", "ann")
        self.bob = self.session("bob/1", "bob")
        self.said = [Said("ann/1", "ann", STREAM, f"k{seq}") for seq in range(2, 7)]
        self.acks = [Acknowledged("ann", STREAM, f"k{seq}", seq) for seq in range(2, 7)]

    def session(self, name: str, user: str) -> SessionLog:
        """Make a session that saw all it should."""
        seen = [Seen(STREAM, fact.seq, fact.content) for fact in self.log[STREAM]]
        return SessionLog(name, user, [Seen(f"u/{user}", 1, "entered"), *seen])

    def verdict(self) -> Verdict:
        """Have it judged."""
        return judge(self.log, (self.ann, self.ann_too, self.bob), self.acks, self.said)


def test_a_blameless_history_is_clean() -> None:
    verdict = Case().verdict()
    assert verdict.findings == ()
    assert (verdict.deliveries, verdict.acknowledgements) == (21, 5)
    verdict.assert_clean()
    assert str(verdict) == "clean (21 deliveries, 5 acknowledgements)"


def _lose_the_last(case: Case) -> None:
    case.bob.seen.pop()


def _skip_one(case: Case) -> None:
    del case.bob.seen[3]


def _double(case: Case) -> None:
    case.bob.seen.insert(4, case.bob.seen[3])


def _swap(case: Case) -> None:
    case.bob.seen[3], case.bob.seen[4] = case.bob.seen[4], case.bob.seen[3]


def _tell_another_place(case: Case) -> None:
    case.acks.append(Acknowledged("ann", STREAM, "k2", 3))


def _place_twice(case: Case) -> None:
    case.log[STREAM].append(Logged(7, "message 2", sender="ann", key="k2"))
    for session in (case.ann, case.ann_too, case.bob):
        session.seen.append(Seen(STREAM, 7, "message 2"))


def _acknowledge_in_vain(case: Case) -> None:
    case.acks.append(Acknowledged("ann", STREAM, "k9", 9))


def _acknowledge_a_foreign_place(case: Case) -> None:
    case.acks.append(Acknowledged("bob", STREAM, "kb", 4))


def _alter(case: Case) -> None:
    case.bob.seen[3] = Seen(STREAM, 3, "something else")


def _invent(case: Case) -> None:
    case.bob.seen.append(Seen(STREAM, 7, "never said"))


def _invent_a_stream(case: Case) -> None:
    case.bob.seen.append(Seen("c/none", 1, "never said"))


def _differ(case: Case) -> None:
    del case.ann_too.seen[-2]


def _show_to_a_stranger(case: Case) -> None:
    case.bob.user = "eve"


def _show_the_user_stream(case: Case) -> None:
    case.bob.seen.append(Seen("u/ann", 1, "entered"))


def _show_to_one_who_left(case: Case) -> None:
    case.log[STREAM].insert(5, Logged(6, "left", leaves=("bob",)))
    case.log[STREAM][6] = Logged(7, "message 6", sender="ann", key="k6")
    for session in (case.ann, case.ann_too, case.bob):
        session.seen[-1:] = [Seen(STREAM, 6, "left"), Seen(STREAM, 7, "message 6")]


def _place_in_another_order(case: Case) -> None:
    case.said[1], case.said[2] = case.said[2], case.said[1]


def _tear_the_log(case: Case) -> None:
    del case.log[STREAM][2]


@pytest.mark.parametrize(
    ("plant", "fault"),
    [
        (_lose_the_last, Fault.LOST),
        (_skip_one, Fault.HOLE),
        (_skip_one, Fault.LOST),
        (_double, Fault.DOUBLED),
        (_swap, Fault.REORDERED),
        (_tell_another_place, Fault.MOVED),
        (_place_twice, Fault.DOUBLED),
        (_acknowledge_in_vain, Fault.UNKEPT),
        (_acknowledge_a_foreign_place, Fault.UNKEPT),
        (_alter, Fault.ALTERED),
        (_invent, Fault.PHANTOM),
        (_invent_a_stream, Fault.PHANTOM),
        (_differ, Fault.DIFFERENT),
        (_show_to_a_stranger, Fault.FOREIGN),
        (_show_the_user_stream, Fault.FOREIGN),
        (_show_to_one_who_left, Fault.FOREIGN),
        (_place_in_another_order, Fault.REORDERED),
        (_tear_the_log, Fault.HOLE),
    ],
)
def test_a_planted_fault_is_seen(plant: Callable[[Case], None], fault: Fault) -> None:
    case = Case()
    plant(case)
    verdict = case.verdict()
    assert fault in verdict.faults
    assert verdict.count(fault) >= 1
    with pytest.raises(AssertionError, match=fault.value.split(":")[0]):
        verdict.assert_clean()


class Changed(Case):
    """The same, and ann thinks better of what she said: two edits of one message, and a recall of another."""

    def __init__(self) -> None:
        super().__init__()
        facts: dict[int, dict[str, object]] = {
            2: {"kind": "message", "sender": "ann", "key": "k2", "content": {"text": "first"}},
            3: {"kind": "message", "sender": "ann", "key": "k3", "content": {"text": "oh"}},
            7: {"kind": "revised", "message": 2, "by": "ann", "content": {"text": "second"}},
            8: {"kind": "revised", "message": 2, "by": "ann", "content": {"text": "third"}},
            9: {"kind": "recalled", "message": 3, "by": "ann"},
        }
        left: dict[int, dict[str, object]] = {
            **facts,
            2: {**facts[2], "content": {"text": "third"}, "revision": 8},
            3: {**facts[3], "content": {}, "is_recalled": True},
            7: {**facts[7], "content": {}},
        }
        log = self.log[STREAM]
        for seq, fact in left.items():
            changes = fact.get("message")
            placed = Logged(
                seq,
                json.dumps([0, fact]),
                sender="ann" if seq < 7 else None,
                key=f"k{seq}" if seq < 7 else None,
                changes=changes if isinstance(changes, int) else None,
            )
            log[seq - 1 : seq] = [placed]
        self.told = {seq: json.dumps([0, fact]) for seq, fact in facts.items()}
        self.left = {fact.seq: fact.content for fact in log}
        self.ann, self.ann_too = self.session("ann/1", "ann"), self.session("ann/2", "ann")
        self.bob = self.session("bob/1", "bob")
        for place, seen in enumerate(self.bob.seen):
            if seen.stream == STREAM and seen.seq in self.told:
                self.bob.seen[place] = Seen(STREAM, seen.seq, self.told[seen.seq])


def test_who_saw_an_edit_happen_and_who_came_later_come_to_the_same() -> None:
    assert Changed().verdict().findings == ()


@pytest.mark.parametrize(
    ("seq", "instead"),
    [
        (8, {"kind": "revised", "message": 2, "by": "ann", "content": {"text": "fourth"}}),
        (8, {"kind": "revised", "message": 2, "by": "ann", "content": {}}),
        (9, {"kind": "recalled", "message": 4, "by": "ann"}),
    ],
)
def test_who_comes_to_other_words_is_seen(seq: int, instead: dict[str, object]) -> None:
    case = Changed()
    place = next(place for place, seen in enumerate(case.bob.seen) if (seen.stream, seen.seq) == (STREAM, seq))
    case.bob.seen[place] = Seen(STREAM, seq, json.dumps([0, instead]))
    assert Fault.ALTERED in case.verdict().faults


def test_only_what_was_changed_may_differ_from_the_log() -> None:
    case = Changed()
    case.bob.seen[4] = Seen(STREAM, 4, "message 4, they say")
    assert case.verdict().faults == {Fault.ALTERED, Fault.DIFFERENT}


def test_a_session_that_is_not_whole_may_stop_anywhere_but_not_skip() -> None:
    case = Case()
    case.bob.is_whole = False
    del case.bob.seen[4:]
    assert case.verdict().findings == ()
    del case.bob.seen[2]
    assert case.verdict().faults == {Fault.HOLE}


def test_a_session_that_began_late_is_not_asked_for_what_was_before() -> None:
    case = Case()
    case.bob.starts = {STREAM: 3, "u/bob": 1}
    case.bob.seen = case.bob.seen[4:]
    assert case.verdict().findings == ()


def test_who_left_and_came_back_may_skip_what_was_said_meanwhile_or_read_it() -> None:
    case = Case()
    case.log[STREAM] += [Logged(7, "left", leaves=("bob",)), Logged(8, "unheard"), Logged(9, "back", joins=("bob",))]
    late = [Seen(STREAM, 7, "left"), Seen(STREAM, 8, "unheard"), Seen(STREAM, 9, "back")]
    case.ann.seen += late
    case.ann_too.seen += late
    case.bob.seen += late
    assert case.verdict().findings == ()
    del case.bob.seen[-2]
    case.bob.is_whole = False
    assert case.verdict().findings == ()
    del case.bob.seen[-2]
    assert case.verdict().faults == {Fault.HOLE}
