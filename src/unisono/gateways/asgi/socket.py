"""A WebSocket that an ASGI server holds: frames to it one by one, as fast as it takes them, and frames from it."""

import asyncio
import struct
from collections import deque
from contextlib import suppress
from typing import Final

from unisono.domain.errors import TooLarge
from unisono.gateways.asgi.scope import Receive, Send
from unisono.gateways.hosting.closing import CLOSE_REASON_MAX_BYTES, Goodbye
from unisono.gateways.hosting.connection import Connection
from unisono.gateways.hosting.incoming import TURN_BYTES, TURN_FRAMES, Payload
from unisono.gateways.hosting.strays import Strays
from unisono.ports.telemetry import Telemetry

_LENGTH: Final = struct.Struct("!I")


def piece(payload: bytes) -> bytes:
    """Put what tells its length before a frame, so that several can be joined and taken apart again."""
    return _LENGTH.pack(len(payload)) + payload


class AsgiSink:
    """Stands for the transport of a connection. Implements `hosting.outbox.Sink`.

    What the server has not taken counts as unread by the peer: servers take a frame when the socket does.
    """

    def __init__(self, send: Send, *, is_text: bool) -> None:
        """Begin empty."""
        self._send: Final = send
        self._is_text: Final = is_text
        self._frames: deque[bytes] = deque()
        self._bytes = 0
        self._goodbye: Goodbye | None = None
        self._is_gone = False
        self._changed = asyncio.Event()

    def write(self, data: bytes) -> None:
        """Take frames, joined as `piece` made them."""
        if self.is_closing():
            return
        start = 0
        while start < len(data):
            (length,) = _LENGTH.unpack_from(data, start)
            start += _LENGTH.size
            self._frames.append(data[start : start + length])
            start += length
        self._bytes += len(data)
        self._changed.set()

    def is_closing(self) -> bool:
        """Say if it takes no more."""
        return self._goodbye is not None or self._is_gone

    def get_write_buffer_size(self) -> int:
        """Give how many bytes the server has not taken."""
        return self._bytes

    def close(self, goodbye: Goodbye) -> None:
        """Take nothing more: what waits is the last of it."""
        if self._goodbye is None:
            self._goodbye = goodbye
            self._changed.set()

    def lose(self) -> None:
        """Drop what waits: nobody is there to read it."""
        self._is_gone = True
        self._changed.set()

    async def run(self) -> None:
        """Hand frames over until the last one, and then the close; or until the peer is gone."""
        # Servers say that the peer is gone by whatever exception they like.
        with suppress(Exception):
            while await self._has_frame():
                await self._hand_over(self._frames[0])
                frame = self._frames.popleft()
                self._bytes -= len(frame) + _LENGTH.size
            if not self._is_gone:
                await self._close(self._goodbye or Goodbye())
        self.lose()

    async def _has_frame(self) -> bool:
        while not self._frames and not self.is_closing():
            self._changed.clear()
            await self._changed.wait()
        return bool(self._frames) and not self._is_gone

    async def _hand_over(self, frame: bytes) -> None:
        if self._is_text:
            await self._send({"type": "websocket.send", "text": frame.decode()})
        else:
            await self._send({"type": "websocket.send", "bytes": frame})

    async def _close(self, goodbye: Goodbye) -> None:
        reason = goodbye.reason.encode()[:CLOSE_REASON_MAX_BYTES].decode(errors="ignore")
        await self._send({"type": "websocket.close", "code": goodbye.code, "reason": reason})


class AsgiIncoming:
    """Reads what a client sends. Implements `native.dialogue.Incoming`."""

    def __init__(
        self,
        receive: Receive,
        sink: AsgiSink,
        connection: Connection,
        strays: Strays,
        telemetry: Telemetry,
        *,
        frame_bytes: int,
    ) -> None:
        """Read from a server. A frame of more than `frame_bytes` ends the connection."""
        self._receive: Final = receive
        self._sink: Final = sink
        self._connection: Final = connection
        self._strays: Final = strays
        self._telemetry: Final = telemetry
        self._frame_bytes: Final = frame_bytes
        self._turn_frames = 0
        self._turn_bytes = 0

    async def next(self) -> Payload | None:
        """Give what the client sent next, or None when it is over."""
        if self._connection.ending is not None:
            return None
        await self._take_turns()
        message = await self._receive()
        self._connection.heard()
        if message["type"] != "websocket.receive":
            self._sink.lose()
            return None
        text = message.get("text")
        data: bytes = message["bytes"] if text is None else text.encode("utf-8", "surrogatepass")
        if len(data) > self._frame_bytes:
            self._connection.finish(TooLarge(what="frame", limit_bytes=self._frame_bytes))
            return None
        self._turn_frames += 1
        self._turn_bytes += len(data)
        self._telemetry.count("frames_received")
        self._telemetry.count("received", len(data))
        return Payload(data, is_text=text is not None)

    def note_stray(self, size_bytes: int = 0) -> None:
        """Count a frame that no user's rate counts, and end a connection that sends too many of them."""
        self._strays.note(size_bytes)

    async def _take_turns(self) -> None:
        """Let others go on: frames that are there already are read without any wait of their own."""
        if self._turn_frames >= TURN_FRAMES or self._turn_bytes >= TURN_BYTES:
            self._turn_frames = self._turn_bytes = 0
            await asyncio.sleep(0)
