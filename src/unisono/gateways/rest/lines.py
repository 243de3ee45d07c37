"""An answer of many lines, sent while it is found: whatever its length, a part of it is all that is ever held."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager
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

    Raises:
        UnisonoError: It went wrong before anything was sent.
    """
    response = web.StreamResponse()
    response.content_type = JSON_LINES
    async with aclosing(lines):
        with cut_where_it_fails(request, response):
            await _send_all(request, response, lines, patience_s)
    return response


@contextmanager
def cut_where_it_fails(request: web.Request, response: web.StreamResponse) -> Iterator[None]:
    """Cut the connection when something goes wrong inside, so that the answer has no end: it cannot be told any more.

    Raises:
        UnisonoError: It went wrong before anything was sent.
    """
    try:
        yield
    except (UnisonoError, TimeoutError, ConnectionError):
        if not response.prepared:
            raise
        if request.transport is not None:
            request.transport.abort()


async def _send_all(
    request: web.Request, response: web.StreamResponse, lines: AsyncGenerator[Struct, None], patience_s: float
) -> None:
    part, time_s = bytearray(), asyncio.get_running_loop().time
    sent_s = time_s()
    async for line in lines:
        part += msgspec.json.encode(line) + b"\n"
        if len(part) >= PART_BYTES or time_s() - sent_s >= PART_S:
            await send_part(request, response, bytes(part), patience_s)
            part.clear()
            sent_s = time_s()
    await send_part(request, response, bytes(part), patience_s)


async def send_part(request: web.Request, response: web.StreamResponse, part: bytes, patience_s: float) -> None:
    """Send a part of an answer, the first with its head.

    Raises:
        TimeoutError: The peer did not take it within `patience_s`.
        ConnectionError: The peer is gone.
    """
    async with asyncio.timeout(patience_s):
        if not response.prepared:
            await response.prepare(request)
        await response.write(part)
