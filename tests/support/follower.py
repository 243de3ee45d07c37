"""How a session follows its streams: positions, gaps and the checkpoint, as docs/protocol asks of a client. Pure.

Deliberately not the SDK's code: two that read the protocol page alike are worth more than one that is used twice.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tests.support.judge import Logged, Seen, SessionLog

Frame = dict[str, Any]
READ_PAGE: Final = 1000


@dataclass(slots=True)
class Position:
    """Where the session stands in one stream. `wanted` is how far it knows the stream to have come."""

    epoch: int
    seq: int
    wanted: int = 0
    is_reading: bool = False


class Follower:
    """Takes what comes, drops what it had, and says what to read.

    `checkpoint` is what may be given to a resume: everything up to it was taken. `repeats` counts facts that came
    although the session had them, `gaps` how often something was missing, `restarts` changes of a stream's epoch.
    """

    def __init__(self, log: SessionLog) -> None:
        self.log = log
        self.positions: dict[str, Position] = {}
        self.checkpoint = 0
        self.repeats = 0
        self.gaps = 0
        self.restarts = 0
        self.facts: dict[str, list[Frame]] = {}
        self._reached = 0
        self._synced_to = 0
        self._is_syncing = False
        self._epoch = 0
        self._unnamed: set[str] = set()

    def seq(self, stream: str) -> int:
        """Give the last seq taken of a stream."""
        position = self.positions.get(stream)
        return position.seq if position is not None else 0

    @property
    def is_settled(self) -> bool:
        """Say if nothing is known to be missing."""
        return not self._is_syncing and all(position.seq >= position.wanted for position in self.positions.values())

    def begin_connection(self, epoch: int) -> None:
        """Forget what was asked on the connection before, and believe nothing of another epoch."""
        if epoch != self._epoch:
            self._epoch, self.checkpoint = epoch, 0
        self._reached = self.checkpoint
        for position in self.positions.values():
            position.is_reading = False

    def begin_sync(self) -> Frame:
        """Ask which streams moved."""
        self._is_syncing, self._synced_to = True, 0
        self._unnamed = set(self.positions)
        return {"op": "sync", "checkpoint": self.checkpoint}

    def take_moved(self, moved: Frame) -> tuple[list[Frame], Frame | None]:
        """Take a page of the answer; give what to read, and the request of the following page when there is one."""
        self._synced_to = self._synced_to or moved["checkpoint"]
        reads: list[Frame] = []
        for head in moved["heads"]:
            stream, epoch, seq = head["stream"], head["epoch"], head["seq"]
            self._unnamed.discard(stream)
            if seq < self._position(stream, epoch).seq:
                self._start_over(stream, epoch)
            reads += self._want(stream, epoch, until=seq)
        if moved.get("next") is not None:
            return reads, {"op": "sync", "checkpoint": self.checkpoint, "after": moved["next"]}
        if self.checkpoint == 0:
            for stream in self._unnamed:
                self._drop(stream)
        self._is_syncing = False
        self.reach(self._synced_to)
        return reads, None

    def take_delivery(self, delivery: Frame) -> list[Frame]:
        """Take pushed facts; give what to read."""
        stream, facts = delivery["stream"], delivery["facts"]
        self._unnamed.discard(stream)
        position = self._position(stream, delivery["epoch"])
        if delivery["epoch"] < position.epoch:
            return []
        for fact in facts:
            if fact["seq"] == position.seq + 1:
                self._take(stream, position, fact)
            elif fact["seq"] <= position.seq:
                self.repeats += 1
            else:
                self.gaps += not position.is_reading
                break
        reads = self._want(stream, delivery["epoch"], until=facts[-1]["seq"])
        self.reach(delivery["checkpoint"])
        return reads

    def take_page(self, page: Frame) -> list[Frame]:
        """Take facts that were read; give what to read next."""
        position = self._position(page["stream"], page["epoch"])
        if page["epoch"] < position.epoch:
            return []
        position.is_reading = False
        for fact in page["facts"]:
            if fact["seq"] == position.seq + 1:
                self._take(page["stream"], position, fact)
        if not page["facts"]:
            # Nothing more to be had. If something should be there, the judge will miss it.
            position.wanted = position.seq
        reads = self._want(page["stream"], page["epoch"], until=page["head"]) if page["facts"] else []
        self.reach(0)
        return reads

    def give_up(self, stream: str) -> None:
        """Stop wanting a stream that may not be read any more."""
        position = self.positions[stream]
        position.is_reading, position.wanted = False, position.seq

    def reach(self, checkpoint: int) -> None:
        """Take note of a checkpoint; it counts only when nothing before it is missing."""
        self._reached = max(self._reached, checkpoint)
        if self.is_settled:
            self.checkpoint = max(self.checkpoint, self._reached)

    def _position(self, stream: str, epoch: int) -> Position:
        position = self.positions.get(stream)
        if position is None:
            position = self.positions[stream] = Position(epoch, self.log.starts.get(stream, 0))
        elif epoch > position.epoch:
            position = self._start_over(stream, epoch)
        return position

    def _start_over(self, stream: str, epoch: int) -> Position:
        self._drop(stream)
        self.positions[stream] = Position(epoch, 0)
        return self.positions[stream]

    def _drop(self, stream: str) -> None:
        self.restarts += 1
        self.log.seen = [seen for seen in self.log.seen if seen.stream != stream]
        self.facts.pop(stream, None)
        self.positions.pop(stream, None)

    def _want(self, stream: str, epoch: int, *, until: int) -> list[Frame]:
        position = self._position(stream, epoch)
        position.wanted = max(position.wanted, until)
        if position.is_reading or position.seq >= position.wanted:
            return []
        position.is_reading = True
        return [{"op": "read", "stream": stream, "after": position.seq, "limit": READ_PAGE}]

    def _take(self, stream: str, position: Position, fact: Frame) -> None:
        position.seq = fact["seq"]
        self.facts.setdefault(stream, []).append(fact)
        self.log.seen.append(Seen(stream, fact["seq"], canonical(fact)))


def canonical(fact: Frame) -> str:
    """Give a fact with its time as one text, the same for equal facts."""
    return json.dumps([fact["at"], fact["fact"]], sort_keys=True, separators=(",", ":"))


def logged(facts: Iterable[Frame]) -> list[Logged]:
    """Give facts of one stream, as read, to the judge."""
    present: set[str] = set()
    return [_logged(fact, present) for fact in facts]


def _logged(placed: Frame, present: set[str]) -> Logged:
    """Give one fact; `present` are the members before it, and after it then."""
    fact: Mapping[str, Any] = placed["fact"]
    seq, content = placed["seq"], canonical(placed)
    match fact["kind"]:
        case "message":
            return Logged(seq, content, sender=fact["sender"], key=fact["key"])
        case "created" | "joined" as kind:
            joins = tuple(fact["members" if kind == "created" else "users"])
            present.update(joins)
            return Logged(seq, content, joins=joins)
        case "left" | "ended" as kind:
            leaves = tuple(fact["users"] if kind == "left" else sorted(present))
            present.difference_update(leaves)
            return Logged(seq, content, leaves=leaves)
        case "revised" | "recalled":
            return Logged(seq, content, changes=fact["message"])
        case _:
            return Logged(seq, content)
