"""An answer of many lines, sent while it is found: whatever its length, a part of it is all that is ever held."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

import msgspec
from aiohttp import web
from msgspec import Struct

from unisono.domain.errors import UnisonoError

JSON_LINES: Final = "application/jsonl"
PART_BYTES: Final = 64 * 1024
"""What is gathered before it is sent: many lines for one write."""
PART_S: Final = 1.0
"""How long it is gathered: who waits for a few lines sees that there is work."""


async def tell(request: web.Request, lines: AsyncGenerator[Struct, None], patience_s: float) -> web.StreamResponse:
    """Send lines as JSON, each ended by a line feed, to a peer who takes each part within `patience_s`.

    What goes wrong in the middle cannot be told any more: the connection is cut, so that the answer has no end.

    Raises:
        UnisonoError: It went wrong before anything was sent.
    """
    response = web.StreamResponse()
    response.content_type = JSON_LINES
    async with aclosing(lines):
        try:
            await _send_all(request, response, lines, patience_s)
        except (UnisonoError, TimeoutError, ConnectionError):
            if not response.prepared:
                raise
            if request.transport is not None:
                request.transport.abort()
    return response


async def _send_all(
    request: web.Request, response: web.StreamResponse, lines: AsyncGenerator[Struct, None], patience_s: float
) -> None:
    part, time_s = bytearray(), asyncio.get_running_loop().time
    sent_s = time_s()
    async for line in lines:
        part += msgspec.json.encode(line) + b"\n"
        if len(part) >= PART_BYTES or time_s() - sent_s >= PART_S:
            await _send(request, response, part, patience_s)
            part.clear()
            sent_s = time_s()
    await _send(request, response, part, patience_s)


async def _send(request: web.Request, response: web.StreamResponse, part: bytearray, patience_s: float) -> None:
    async with asyncio.timeout(patience_s):
        if not response.prepared:
            await response.prepare(request)
        await response.write(bytes(part))
