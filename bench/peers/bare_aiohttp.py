"""A WebSocket server on aiohttp and uvloop that reads and forgets: the memory of a bare connection."""

import asyncio
import sys

import uvloop
from aiohttp import web


async def connect(request: web.Request) -> web.WebSocketResponse:
    """Accept a connection and read it until it ends."""
    socket = web.WebSocketResponse(compress=False, autoping=True)
    await socket.prepare(request)
    async for _ in socket:
        pass
    return socket


async def serve(port: int) -> None:
    """Serve until the process is ended."""
    app = web.Application()
    app.router.add_get("/", connect)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, backlog=4096).start()
    await asyncio.Event().wait()


uvloop.run(serve(int(sys.argv[1])))
