"""A push service that takes everything at once, and tells how much it took."""

import asyncio
import json
import sys

from aiohttp import web

TAKEN = web.AppKey("taken", list[int])


async def take(request: web.Request) -> web.Response:
    """Take the notifications of one request."""
    request.app[TAKEN][0] += len(json.loads(await request.read())["data"]["pushes"])
    return web.Response(status=204)


async def tell(request: web.Request) -> web.Response:
    """Say how many came."""
    return web.json_response(request.app[TAKEN][0])


async def serve(port: int) -> None:
    """Serve until the process is ended."""
    app = web.Application(client_max_size=1 << 26)
    app[TAKEN] = [0]
    app.router.add_post("/", take)
    app.router.add_get("/", tell)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await asyncio.Event().wait()


asyncio.run(serve(int(sys.argv[1])))
