"""Frames of one connection, as they come: none holds up the others, and what is no command has a limit.

After a few frames a connection waits a turn of the event loop. What its client sends beside commands, whose number is
limited for each user, is limited here for each connection.
"""

import asyncio
from typing import Final

from aiohttp import WebSocketError, WSCloseCode, WSMsgType, web
from msgspec import Struct

from unisono.domain.errors import Malformed, TooLarge, UnisonoError
from unisono.gateways.hosting.connection import Connection
from unisono.gateways.hosting.frames import PONG, frame
from unisono.gateways.hosting.strays import Strays
from unisono.ports.telemetry import Telemetry

PAYLOADS: Final = (WSMsgType.TEXT, WSMsgType.BINARY)
CLOSING: Final = (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR)

TURN_FRAMES: Final = 32
"""Frames read in one turn of the event loop: about 1 ms."""
TURN_BYTES: Final = 64 * 1024
"""Bytes read in one turn of the event loop, and the frame that reaches them."""

Socket = web.WebSocketResponse[bool]


class Payload(Struct, frozen=True):
    """What a frame holds: of a text frame the bytes as they came, in whatever encoding."""

    data: bytes
    is_text: bool


class Incoming:
    """Reads what a client sends."""

    __slots__ = (
        "_connection",
        "_socket",
        "_strays",
        "_telemetry",
        "_turn_bytes",
        "_turn_frames",
    )

    def __init__(self, socket: Socket, connection: Connection, strays: Strays, telemetry: Telemetry) -> None:
        """Read from a socket that does not decode texts."""
        self._socket = socket
        self._connection = connection
        self._strays = strays
        self._telemetry = telemetry
        self._turn_frames = 0
        self._turn_bytes = 0

    async def next(self) -> Payload | None:
        """Give what the client sent next, or None when it is over."""
        while self._connection.ending is None:
            await self._take_turns()
            message = await self._socket.receive()
            self._connection.heard()
            self._turn_frames += 1
            if message.type in PAYLOADS:
                self._turn_bytes += len(message.data)
                self._telemetry.count("frames_received")
                self._telemetry.count("received", len(message.data))
                return Payload(message.data, is_text=message.type is WSMsgType.TEXT)
            if message.type in CLOSING:
                if isinstance(message.data, WebSocketError):
                    self._connection.finish(_offence(message.data))
                return None
            if message.type is WSMsgType.PING:
                self._connection.answer_nowait(frame(bytes(message.data), PONG))
            self.note_stray()
        return None

    def note_stray(self, size_bytes: int = 0) -> None:
        """Count a frame that no user's rate counts, and end a connection that sends too many of them."""
        self._strays.note(size_bytes)

    async def _take_turns(self) -> None:
        """Let others go on: frames that are there already are read without any wait of their own."""
        if self._turn_frames >= TURN_FRAMES or self._turn_bytes >= TURN_BYTES:
            self._turn_frames = self._turn_bytes = 0
            await asyncio.sleep(0)


def _offence(error: WebSocketError) -> UnisonoError:
    """Give the fault of a peer that broke the rules of the transport. The library has told it already, by its code."""
    return TooLarge(what="frame") if error.code == WSCloseCode.MESSAGE_TOO_BIG else Malformed(reason="transport")
