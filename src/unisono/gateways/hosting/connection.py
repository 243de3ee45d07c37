"""A live connection: frames in order, one reason to end, no silence for ever."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import cache
from typing import Any, Final

from unisono.domain.errors import SlowConsumer, Timeout, UnisonoError
from unisono.domain.events import Priority
from unisono.gateways.hosting.outbox import Flusher, Outbox, Sink
from unisono.ports.clock import Clock
from unisono.ports.link import Encoder

CORKED_LIMIT_BYTES: Final = 1 << 20
"""What may be pushed to a link before its welcome was written."""


TRANSIENT_SHARES: Final[Mapping[Priority, float]] = {"low": 0.25, "normal": 0.5, "high": 0.75}
"""How full an outbox may be for a frame of a priority to be put into it. Facts have it whole."""


@cache
def _rooms(outbox_bytes: int) -> Mapping[Priority, int]:
    return {priority: int(outbox_bytes * share) for priority, share in TRANSIENT_SHARES.items()}


SayBye = Callable[[UnisonoError], bytes]


class Connection:
    """What a gateway and the fan-out share of one connection. Implements `ports.link.Link`.

    Until `uncork` pushes are held back, so that the welcome is the first thing a client reads. What is pushed is what
    the encoder made: bytes, whole frames for the transport. Where one carries several links, these
    have it push what they make themselves.
    """

    __slots__ = (
        "_clock",
        "_corked",
        "_corked_bytes",
        "_outbox",
        "_room_bytes",
        "_say_bye",
        "_scope",
        "_silence_s",
        "encoder",
        "ending",
        "heard_at_s",
    )

    def __init__(
        self,
        transport: Sink,
        *,
        encoder: Encoder,
        say_bye: SayBye,
        flusher: Flusher,
        outbox_bytes: int,
        clock: Clock,
        silence_s: float | None = None,
    ) -> None:
        """Make it of a transport. `silence_s`: how long its clients may be silent, where not for two heartbeats."""
        self.encoder = encoder
        self.ending: UnisonoError | None = None
        self.heard_at_s = clock.monotonic_s()
        self._clock = clock
        self._say_bye = say_bye
        self._silence_s = silence_s
        self._scope: asyncio.Timeout | None = None
        self._corked: list[bytes] | None = []
        self._corked_bytes = 0
        self._room_bytes = _rooms(outbox_bytes)
        self._outbox = Outbox(transport, flusher, outbox_bytes, self._overflowed)

    def push_nowait(self, frame: Any) -> None:
        """Queue a frame behind the welcome."""
        if self._corked is None:
            self._outbox.put(frame)
            return
        self._corked.append(frame)
        self._corked_bytes += len(frame)
        if self._corked_bytes > CORKED_LIMIT_BYTES:
            self._corked.clear()
            self.end(SlowConsumer(limit_bytes=CORKED_LIMIT_BYTES))

    def push_at_once_nowait(self, frame: Any) -> None:
        """Write a frame that comes alone; behind the welcome, and behind what waits."""
        if self._corked is None:
            self._outbox.put_at_once(frame)
        else:
            self.push_nowait(frame)

    def push_transient_nowait(self, frame: Any, priority: Priority) -> bool:
        """Queue a frame that may be dropped; False when it was: too much waits already, or the welcome does."""
        if self._corked is not None or self.is_congested(priority):
            return False
        self._outbox.put(frame)
        return True

    def is_congested(self, priority: Priority) -> bool:
        """Say if too much waits for the peer already to add what matters so little."""
        return self._outbox.queued_bytes() > self._room_bytes[priority]

    def answer_nowait(self, frame: bytes) -> None:
        """Queue a frame at once, welcome or not."""
        self._outbox.put(frame)

    def uncork(self) -> None:
        """Let pushes through: the welcome has been queued."""
        corked, self._corked = self._corked, None
        for frame in corked or ():
            self._outbox.put(frame)

    def end(self, fault: UnisonoError) -> None:
        """Say why, take no more answers, and stop reading; the first reason counts."""
        if self.finish(fault):
            self.say_bye()

    def finish(self, fault: UnisonoError) -> bool:
        """Stop reading, but let the requests under way be answered first; False when it was ending already."""
        if self.ending is not None:
            return False
        self.ending = fault
        if self._scope is not None:
            self._scope.reschedule(asyncio.get_running_loop().time())
        return True

    def say_bye(self) -> None:
        """Write the last frame, if the connection has a reason to end that its peer was not told yet."""
        if self.ending is not None and not self._outbox.is_closed:
            self._outbox.close(self._say_bye(self.ending))

    @asynccontextmanager
    async def until_end(self) -> AsyncIterator[None]:
        """Give the scope to read in: it is left with `TimeoutError` when the connection is to end.

        Only the reading belongs in it, so that an end does not cut off requests that are under way.
        """
        async with asyncio.timeout(0 if self.ending is not None else None) as scope:
            self._scope = scope
            try:
                yield
            finally:
                self._scope = None

    def heard(self) -> None:
        """Note a sign of life."""
        self.heard_at_s = self._clock.monotonic_s()

    def end_if_silent(self, limit_s: float) -> None:
        """End a connection that has not spoken for longer than allowed: its own limit goes before this one."""
        silent_s = self._clock.monotonic_s() - self.heard_at_s
        if silent_s > (self._silence_s or limit_s):
            self.end(Timeout(silent_s=int(silent_s)))

    @property
    def is_gone(self) -> bool:
        """Say if nobody is told anything any more: the connection ends, or its peer left."""
        return self.ending is not None or self._outbox.is_gone

    def queued_bytes(self) -> int:
        """Give how much waits for the peer."""
        return self._outbox.queued_bytes()

    def _overflowed(self, queued_bytes: int) -> None:
        self.end(SlowConsumer(queued_bytes=queued_bytes))
