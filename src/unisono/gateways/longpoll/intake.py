"""What a client sends in batches, frame by frame: each batch is taken once, and waits until the one before is read."""

import asyncio
from collections import deque
from collections.abc import Sequence

from unisono.domain.errors import Invalid, Overloaded, RateLimited
from unisono.gateways.hosting.connection import Connection
from unisono.gateways.hosting.incoming import TURN_BYTES, TURN_FRAMES, Payload
from unisono.gateways.hosting.strays import Strays
from unisono.ports.telemetry import Telemetry


class Intake:
    """Frames of one connection. Implements `native.dialogue.Incoming`."""

    __slots__ = (
        "_arrived",
        "_connection",
        "_emptied",
        "_frames",
        "_is_closed",
        "_is_waited_for",
        "_strays",
        "_taken",
        "_telemetry",
        "_turn_bytes",
        "_turn_frames",
    )

    def __init__(self, connection: Connection, strays: Strays, telemetry: Telemetry) -> None:
        """Begin empty."""
        self._connection = connection
        self._strays = strays
        self._telemetry = telemetry
        self._frames: deque[bytes] = deque()
        self._arrived = asyncio.Event()
        self._emptied = asyncio.Event()
        self._emptied.set()
        self._is_waited_for = False
        self._is_closed = False
        self._taken = 0
        self._turn_frames = 0
        self._turn_bytes = 0

    async def take(self, number: int, frames: Sequence[bytes], wait_s: float) -> int:
        """Take a batch, unless it was taken before; give the number of the last one taken.

        Raises:
            Invalid: A batch before it is missing.
            RateLimited: Another one waits already.
            Overloaded: The one before was not read in time.
        """
        if number > self._taken and not self._emptied.is_set():
            await self._wait_for_room(wait_s)
        if number > self._taken + 1:
            raise Invalid(field="batch", last=self._taken)
        if number <= self._taken or not frames:
            self.note_stray()
        if number > self._taken:
            self._put(number, frames)
        return self._taken

    def close(self) -> None:
        """Give nothing more, and take whatever comes as if it were read."""
        self._is_closed = True
        self._frames.clear()
        self._arrived.set()
        self._emptied.set()

    async def next(self) -> Payload | None:
        """Give what the client sent next, or None when it is over."""
        while self._connection.ending is None and not self._is_closed:
            if self._turn_frames >= TURN_FRAMES or self._turn_bytes >= TURN_BYTES:
                self._turn_frames = self._turn_bytes = 0
                await asyncio.sleep(0)
            if self._frames:
                return self._pop()
            self._arrived.clear()
            await self._arrived.wait()
        return None

    def note_stray(self, size_bytes: int = 0) -> None:
        """Count a frame that no user's rate counts, and end a connection that sends too many of them."""
        self._strays.note(size_bytes)

    def _pop(self) -> Payload:
        frame = self._frames.popleft()
        if not self._frames:
            self._emptied.set()
        self._turn_frames += 1
        self._turn_bytes += len(frame)
        self._telemetry.count("frames_received")
        self._telemetry.count("received", len(frame))
        return Payload(frame, is_text=True)

    def _put(self, number: int, frames: Sequence[bytes]) -> None:
        self._taken = number
        if frames and not self._is_closed:
            self._frames.extend(frames)
            self._emptied.clear()
            self._arrived.set()

    async def _wait_for_room(self, wait_s: float) -> None:
        if self._is_waited_for:
            raise RateLimited(what="batches of a connection at a time", retry_after_ms=1000)
        self._is_waited_for = True
        try:
            async with asyncio.timeout(wait_s):
                await self._emptied.wait()
        except TimeoutError:
            raise Overloaded(what="frames of a connection", retry_after_ms=1000) from None
        finally:
            self._is_waited_for = False
