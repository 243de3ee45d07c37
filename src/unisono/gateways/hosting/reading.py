"""The body of a request, read within a size and a time."""

import asyncio

from aiohttp import web

from unisono.domain.errors import Malformed, Timeout, TooLarge


async def read_body(request: web.Request, *, limit_bytes: int, within_s: float) -> bytes:
    """Read all of it.

    Raises:
        TooLarge: It is larger than the limit.
        Timeout: It does not come in time.
        Malformed: It breaks off.
    """
    body = bytearray()
    try:
        async with asyncio.timeout(within_s):
            while chunk := await request.content.readany():
                body += chunk
                if len(body) > limit_bytes:
                    raise TooLarge(what="body", limit_bytes=limit_bytes)
    except TimeoutError:
        raise Timeout(what="body", limit_s=int(within_s)) from None
    except (web.RequestPayloadError, ConnectionError):
        raise Malformed(reason="body") from None
    return bytes(body)
