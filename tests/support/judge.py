"""The history judge: says, from what everybody saw, whether the promises were kept.

It believes nobody: what the sessions were given and what the senders were told is held against the final log, and
the log against itself. A finding names the promise that was broken, never the part of the server that broke it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from tests.support.revisions import final_words, rewritten_in, without_words

SHOWN_MAX: Final = 20


class Fault(Enum):
    """A broken promise."""

    LOST = "lost: a fact its user may read never arrived"
    DOUBLED = "doubled: a fact came twice, or a send was placed twice"
    REORDERED = "reordered: a fact came after a later one"
    HOLE = "hole: a later fact came while an earlier one was missing"
    MOVED = "moved: a repeated send was given another place"
    UNKEPT = "unkept: an acknowledged send is not in the log"
    ALTERED = "altered: a fact differs from the one in the log"
    PHANTOM = "phantom: a fact came that the log does not have"
    DIFFERENT = "different: the final histories of two sessions differ"
    FOREIGN = "foreign: a fact came to somebody who may not see it"


@dataclass(frozen=True, slots=True)
class Seen:
    """One fact as a session was given it. `content` is its text in one canonical form."""

    stream: str
    seq: int
    content: str


@dataclass(slots=True)
class SessionLog:
    """What one session was given, in the order it was given.

    `starts` says after which seq of a stream it began to listen (0 when a stream is not named). An `is_whole` session
    claims to have everything at the end; another one may stop anywhere, but not skip.
    """

    name: str
    user: str
    seen: list[Seen] = field(default_factory=list)
    starts: dict[str, int] = field(default_factory=dict)
    is_whole: bool = True


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A place that a sender was told."""

    sender: str
    stream: str
    key: str
    seq: int


@dataclass(frozen=True, slots=True)
class Logged:
    """One fact of the final log.

    `key` and `sender` are a message's; `joins` and `leaves` change who may read. `changes` is the seq of the message
    that an edit or a recall changed.
    """

    seq: int
    content: str
    sender: str | None = None
    key: str | None = None
    joins: tuple[str, ...] = ()
    leaves: tuple[str, ...] = ()
    changes: int | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """A message that was begun on a session, in the order of these."""

    session: str
    sender: str
    stream: str
    key: str


FinalLog = Mapping[str, Sequence[Logged]]


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken promise, and where."""

    fault: Fault
    where: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """All that the judge found. `deliveries` and `acknowledgements` tell how much was looked at."""

    findings: tuple[Finding, ...]
    deliveries: int
    acknowledgements: int

    @property
    def faults(self) -> frozenset[Fault]:
        """Name the promises that were broken."""
        return frozenset(finding.fault for finding in self.findings)

    def count(self, fault: Fault) -> int:
        """Count the findings of one kind."""
        return sum(finding.fault is fault for finding in self.findings)

    def assert_clean(self) -> None:
        """Fail with the findings, when there are any."""
        assert not self.findings, str(self)

    def __str__(self) -> str:
        counts = Counter(finding.fault for finding in self.findings)
        head = ", ".join(f"{fault.name.lower()} {count}" for fault, count in counts.items()) or "clean"
        lines = [f"  {finding.fault.value}: {finding.where}" for finding in self.findings[:SHOWN_MAX]]
        return "\n".join([f"{head} ({self.deliveries} deliveries, {self.acknowledgements} acknowledgements)", *lines])


class Readable:
    """Which seqs of a stream a user may read, from what the stream itself says about its members.

    A member may read everything, a former member up to where they left. A user's stream (`u/<user>`) is theirs alone.
    """

    def __init__(self, stream: str, facts: Sequence[Logged]) -> None:
        self._owner = stream.removeprefix("u/") if stream.startswith("u/") else None
        self._head = facts[-1].seq if facts else 0
        self._present: set[str] = set()
        self._left_at: dict[str, int] = {}
        self._absences: dict[str, list[tuple[int, int]]] = {}
        for fact in facts:
            for user in fact.joins:
                self._present.add(user)
                self._absences.setdefault(user, []).append((self._left_at.pop(user, 0), fact.seq))
            for user in fact.leaves:
                self._present.discard(user)
                self._left_at[user] = fact.seq

    def until(self, user: str) -> int:
        """Give the last seq the user may read, 0 when there is none."""
        if user == self._owner or user in self._present:
            return self._head
        return self._left_at.get(user, 0)

    def was_absent(self, user: str, after: int, before: int) -> bool:
        """Say if the user was no member for the whole of after < seq < before."""
        return any(left <= after and before <= joined for left, joined in self._absences.get(user, ()))


def judge(
    log: FinalLog, sessions: Iterable[SessionLog], acks: Iterable[Acknowledged], said: Iterable[Said] = ()
) -> Verdict:
    """Hold what was seen and told, and the order of what was said, against the final log."""
    sessions, acks = tuple(sessions), tuple(acks)
    readable = {stream: Readable(stream, facts) for stream, facts in log.items()}
    findings = [
        *_judge_log(log),
        *_judge_acks(log, acks),
        *_judge_said(log, said),
        *_judge_agreement(sessions, readable),
    ]
    for session in sessions:
        findings += _judge_order(session, readable)
        findings += _judge_content(session, log, readable)
        findings += _judge_wholeness(session, readable)
        findings += _judge_changes(session, log, readable)
    return Verdict(tuple(findings), sum(len(session.seen) for session in sessions), len(acks))


def _judge_log(log: FinalLog) -> Iterator[Finding]:
    for stream, facts in log.items():
        places: dict[tuple[str | None, str], int] = {}
        for expected, fact in enumerate(facts, start=1):
            if fact.seq != expected:
                yield Finding(Fault.HOLE, f"the log of {stream} has {fact.seq} where {expected} belongs")
                break
        for fact in facts:
            if fact.key is None:
                continue
            first = places.setdefault((fact.sender, fact.key), fact.seq)
            if first != fact.seq:
                yield Finding(Fault.DOUBLED, f"{stream}: key {fact.key} of {fact.sender} at {first} and {fact.seq}")


def _judge_acks(log: FinalLog, acks: Iterable[Acknowledged]) -> Iterator[Finding]:
    at_place = {(stream, fact.seq): fact for stream, facts in log.items() for fact in facts}
    places: dict[tuple[str, str, str], int] = {}
    for ack in acks:
        first = places.setdefault((ack.sender, ack.stream, ack.key), ack.seq)
        if first != ack.seq:
            yield Finding(Fault.MOVED, f"{ack.stream}: key {ack.key} was told {first}, then {ack.seq}")
        fact = at_place.get((ack.stream, ack.seq))
        if fact is None or (fact.sender, fact.key) != (ack.sender, ack.key):
            yield Finding(Fault.UNKEPT, f"{ack.stream} {ack.seq}: key {ack.key} of {ack.sender}")


def _judge_said(log: FinalLog, said: Iterable[Said]) -> Iterator[Finding]:
    """Check that what one session said in one conversation was placed in that order."""
    places = {(stream, fact.sender, fact.key): fact.seq for stream, facts in log.items() for fact in facts}
    last: dict[tuple[str, str], int] = {}
    for each in said:
        seq = places.get((each.stream, each.sender, each.key))
        before = last.get((each.session, each.stream), 0)
        if seq is not None and seq < before:
            yield Finding(Fault.REORDERED, f"{each.session} said {each.key} later, placed at {seq} before {before}")
        last[each.session, each.stream] = max(before, seq or 0)


def _judge_order(session: SessionLog, readable: Mapping[str, Readable]) -> Iterator[Finding]:
    last: dict[str, int] = dict(session.starts)
    had: dict[str, set[int]] = {}
    for seen in session.seen:
        place = f"{session.name}: {seen.stream} {seen.seq}"
        mine = had.setdefault(seen.stream, set())
        before = last.get(seen.stream, 0)
        if seen.seq in mine:
            yield Finding(Fault.DOUBLED, place)
        elif seen.seq <= before:
            yield Finding(Fault.REORDERED, f"{place} after {before}")
        elif seen.seq > before + 1 and not _may_skip(session.user, readable.get(seen.stream), before, seen.seq):
            yield Finding(Fault.HOLE, f"{place} after {before}")
        mine.add(seen.seq)
        last[seen.stream] = max(before, seen.seq)


def _may_skip(user: str, readable: Readable | None, after: int, before: int) -> bool:
    return readable is not None and readable.was_absent(user, after, before)


def _judge_content(session: SessionLog, log: FinalLog, readable: Mapping[str, Readable]) -> Iterator[Finding]:
    rewritten = {stream: rewritten_in(facts) for stream, facts in log.items()}
    for seen in session.seen:
        facts = log.get(seen.stream, ())
        place = f"{session.name}: {seen.stream} {seen.seq}"
        if not 1 <= seen.seq <= len(facts):
            yield Finding(Fault.PHANTOM, place)
        elif facts[seen.seq - 1].content != seen.content and seen.seq not in rewritten[seen.stream]:
            yield Finding(Fault.ALTERED, place)
        if seen.stream in readable and seen.seq > readable[seen.stream].until(session.user):
            yield Finding(Fault.FOREIGN, place)


def _judge_wholeness(session: SessionLog, readable: Mapping[str, Readable]) -> Iterator[Finding]:
    if not session.is_whole:
        return
    had: dict[str, set[int]] = {}
    for seen in session.seen:
        had.setdefault(seen.stream, set()).add(seen.seq)
    for stream, reach in readable.items():
        start, until = session.starts.get(stream, 0), reach.until(session.user)
        for seq in range(start + 1, until + 1):
            if seq not in had.get(stream, ()):
                yield Finding(Fault.LOST, f"{session.name}: {stream} {seq}")


def _judge_changes(session: SessionLog, log: FinalLog, readable: Mapping[str, Readable]) -> Iterator[Finding]:
    """Check that what a session made of edits and recalls is what the log has, for one who missed nothing."""
    by_stream: dict[str, list[Seen]] = {}
    for seen in session.seen:
        by_stream.setdefault(seen.stream, []).append(seen)
    for stream, seen_here in by_stream.items():
        facts = log.get(stream, ())
        has_all = len(seen_here) == len(facts) == readable[stream].until(session.user) if stream in readable else False
        if has_all and rewritten_in(facts):
            mine, true = final_words(seen_here), final_words(facts)
            for seq in sorted(seq for seq in true if mine.get(seq) != true[seq]):
                yield Finding(Fault.ALTERED, f"{session.name}: {stream} {seq} in the end")


def _judge_agreement(sessions: Iterable[SessionLog], readable: Mapping[str, Readable]) -> Iterator[Finding]:
    """Compare final histories with each other, without asking the log what is in them."""
    histories: dict[tuple[str, int, int], tuple[str, tuple[Seen, ...]]] = {}
    for session in sessions:
        if not session.is_whole:
            continue
        by_stream: dict[str, list[Seen]] = {}
        for seen in session.seen:
            by_stream.setdefault(seen.stream, []).append(seen)
        for stream, history in by_stream.items():
            reach = readable[stream].until(session.user) if stream in readable else 0
            first = (session.name, tuple(history))
            name, other = histories.setdefault((stream, session.starts.get(stream, 0), reach), first)
            if other != tuple(history) and without_words(other) != without_words(history):
                yield Finding(Fault.DIFFERENT, f"{stream}: {session.name} and {name}")
