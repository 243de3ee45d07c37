"""Stand-ins that write down what reaches them."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from unisono.domain.errors import SessionFault, UnisonoError
from unisono.domain.events import Event, Priority
from unisono.domain.facts import Label, PlacedFact
from unisono.domain.ids import Checkpoint, StreamKey
from unisono.ports.link import Encoder
from unisono.ports.telemetry import Field


class RecordingTelemetry:
    """Implements `ports.telemetry.Telemetry`."""

    def __init__(self) -> None:
        self.counts: dict[tuple[str, str], int] = {}
        self.events: list[tuple[str, dict[str, Field]]] = []
        self.faults: list[tuple[str, dict[str, Field]]] = []
        self.defects: list[tuple[str, BaseException]] = []

    def count(self, name: str, amount: int = 1, label: str = "") -> None:
        self.counts[name, label] = self.counts.get((name, label), 0) + amount

    def gauge(self, name: str, value: float) -> None:
        pass

    def observe_s(self, name: str, seconds: float) -> None:
        pass

    def event(self, event: str, **fields: Field) -> None:
        self.events.append((event, fields))

    def fault(self, event: str, **fields: Field) -> None:
        self.faults.append((event, fields))

    def defect(self, event: str, problem: BaseException, **fields: Field) -> None:
        self.defects.append((event, problem))


class RecordingTransport(asyncio.Transport):
    """A socket whose peer reads only when told to. `writes` are the system calls there would have been."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []
        self.unread_bytes = 0
        self.is_stuck = False
        self.on_write: Callable[[], None] = lambda: None
        self._is_closing = False

    @property
    def written(self) -> bytes:
        return b"".join(self.writes)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.writes.append(bytes(data))
        if self.is_stuck:
            self.unread_bytes += len(data)
        self.on_write()

    def get_write_buffer_size(self) -> int:
        return self.unread_bytes

    def is_closing(self) -> bool:
        return self._is_closing

    def close(self) -> None:
        self._is_closing = True


class CountingEncoder:
    """Implements `ports.link.Encoder`: a frame is the number of a delivery, to be looked up.

    Facts of the stream it `cannot_write` are a defect to it.
    """

    def __init__(self) -> None:
        self.cannot_write: StreamKey | None = None
        self.events: list[Event] = []
        self.deliveries: list[tuple[tuple[PlacedFact, ...], Checkpoint]] = []

    def delivery(self, facts: Sequence[PlacedFact], checkpoint: Checkpoint) -> bytes:
        if facts[0].stream == self.cannot_write:
            raise TypeError("unheard of")
        self.deliveries.append((tuple(facts), checkpoint))
        return str(len(self.deliveries) - 1).encode()

    def event(self, event: Event) -> bytes:
        self.events.append(event)
        return b"e%d" % (len(self.events) - 1)


class RecordingLink:
    """Implements `ports.link.Link`: keeps what was pushed and why it ended."""

    def __init__(self, encoder: CountingEncoder | None = None) -> None:
        self._counting = CountingEncoder() if encoder is None else encoder
        self.encoder: Encoder = self._counting
        self.heard_at_s = 0.0
        self.heard_at_s = 0.0
        self.frames: list[bytes] = []
        self.at_once = 0
        """Frames that were said to come alone."""
        self.events: list[Event] = []
        self.too_full_for: frozenset[Priority] = frozenset()
        self.ended: UnisonoError | None = None

    def push_nowait(self, frame: Any) -> None:
        if self.ended is not None:
            return
        if frame.startswith(b"e"):
            self.events.append(self._counting.events[int(frame[1:])])
        else:
            self.frames.append(frame)

    def push_at_once_nowait(self, frame: Any) -> None:
        self.at_once += 1
        self.push_nowait(frame)

    def push_transient_nowait(self, frame: Any, priority: Priority) -> bool:
        if self.ended is not None or priority in self.too_full_for:
            return False
        self.events.append(self._counting.events[int(frame[1:])])
        return True

    def end(self, fault: UnisonoError) -> None:
        if self.ended is None:
            self.ended = fault

    @property
    def code(self) -> str | None:
        """Give the code it ended with."""
        return None if self.ended is None else self.ended.code

    @property
    def newcomer(self) -> Label | None:
        """Give who took its place."""
        return self.ended.newcomer if isinstance(self.ended, SessionFault) else None

    @property
    def deliveries(self) -> list[tuple[PlacedFact, ...]]:
        """Give what was pushed, frame by frame."""
        return [self._counting.deliveries[int(frame)][0] for frame in self.frames]

    @property
    def facts(self) -> list[PlacedFact]:
        """Give every fact pushed, in order."""
        return [fact for delivery in self.deliveries for fact in delivery]

    @property
    def checkpoints(self) -> list[Checkpoint]:
        """Give the checkpoint of each frame."""
        return [self._counting.deliveries[int(frame)][1] for frame in self.frames]
