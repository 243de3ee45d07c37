"""The end of a WebSocket, from our side."""

import asyncio
from contextlib import suppress
from typing import Final

from aiohttp import WSCloseCode

from unisono.gateways.hosting.frames import CLOSE, frame
from unisono.gateways.hosting.incoming import CLOSING, TURN_FRAMES, Socket

CLOSE_DEADLINE_S: Final = 2.0
"""How long a peer may take to answer a close before the transport goes down anyway."""
CLOSE_REASON_MAX_BYTES: Final = 123
"""RFC 6455, section 5.5: a control frame holds 125 bytes, two of them the code."""
AFTERMATH_FRAMES: Final = 1024
"""Frames that are read and dropped while the close of a peer is awaited; more stay unread until the connection is cut.

The library's own wait reads without end and without a turn for anybody else: 0.5 s for 2 MB of pings.
"""


class Goodbye:
    """What a close says: its code, and a text for people."""

    __slots__ = ("code", "reason")

    def __init__(self, code: int = WSCloseCode.OK, reason: str = "") -> None:
        self.code: Final = int(code)
        self.reason: Final = reason


async def close(socket: Socket, transport: asyncio.Transport, goodbye: Goodbye) -> None:
    """Say goodbye as RFC 6455 has it, give the peer a while for its answer, and close the transport."""
    if transport.is_closing():
        return
    # Cut between two characters: a reason that is no UTF-8 is an offence of its own.
    text = goodbye.reason.encode()[:CLOSE_REASON_MAX_BYTES].decode(errors="ignore")
    transport.write(frame(goodbye.code.to_bytes(2, "big") + text.encode(), CLOSE))
    with suppress(TimeoutError):
        async with asyncio.timeout(CLOSE_DEADLINE_S):
            await _wait_for_close(socket)
    transport.close()


async def _wait_for_close(socket: Socket) -> None:
    for number in range(AFTERMATH_FRAMES):
        message = await socket.receive()
        if message.type in CLOSING:
            return
        if number % TURN_FRAMES == 0:
            await asyncio.sleep(0)
    # What is not taken from it makes the library stop reading.
    await asyncio.sleep(CLOSE_DEADLINE_S)
