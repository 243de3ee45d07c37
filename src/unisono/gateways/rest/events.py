"""An answer that goes on for as long as it is listened to: server-sent events."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

import msgspec
from aiohttp import hdrs, web
from msgspec import Struct

from unisono.gateways.rest.lines import cut_where_it_fails, send_part

EVENT_STREAM: Final = "text/event-stream"
KEEP_ALIVE_S: Final = 15.0
"""After so long without an event a comment says that we are here; proxies end what is silent."""
COMMENT: Final = b":\n\n"


async def tell_events(
    request: web.Request, name: str, news: AsyncGenerator[Struct | None, None], patience_s: float
) -> web.StreamResponse:
    """Send news as JSON in events of one name, until there are no more, to a peer who takes each within `patience_s`.

    Raises:
        UnisonoError: It went wrong before anything was sent.
    """
    response = web.StreamResponse()
    response.content_type = EVENT_STREAM
    # Else a proxy might gather events before it passes them on.
    response.headers.update({hdrs.CACHE_CONTROL: "no-store", "X-Accel-Buffering": "no"})
    time_s = asyncio.get_running_loop().time
    sent_s = time_s()
    async with aclosing(news):
        with cut_where_it_fails(request, response):
            async for one in news:
                if request.transport is None:
                    break
                if one is not None:
                    part = b"event: %s\ndata: %s\n\n" % (name.encode(), msgspec.json.encode(one))
                elif time_s() - sent_s >= KEEP_ALIVE_S:
                    part = COMMENT
                else:
                    continue
                await send_part(request, response, part, patience_s)
                sent_s = time_s()
    return response
