"""A push service as an operator may run one: on a free port, checking what comes by the book of Standard Webhooks."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

KEY = "whsec_" + base64.b64encode(b"a key of at least 24 bytes").decode()


class Answer(Exception):
    """What to answer instead of taking what comes."""

    def __init__(self, status: int, **headers: str) -> None:
        super().__init__(status)
        self.status = status
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


class PushDesk:
    """Keeps what it took. `mood` says of an attempt, counted from 1, what to answer instead, or for what to wait."""

    def __init__(self, key: str = KEY) -> None:
        self.url = ""
        self.mood: Mapping[int, Answer | asyncio.Event] = {}
        self.attempts: list[tuple[Mapping[str, str], bytes]] = []
        self.bodies: list[dict[str, Any]] = []
        self.pushes: list[dict[str, Any]] = []
        self.calls: list[dict[str, Any]] = []
        self.reads: list[dict[str, Any]] = []
        self._key = base64.b64decode(key.removeprefix("whsec_"))
        self._more = asyncio.Event()

    async def until(self, holds: Callable[[], bool], timeout_s: float = 60.0) -> None:
        """Wait until something holds, looked at whenever a request came."""
        async with asyncio.timeout(timeout_s):
            while not holds():
                self._more.clear()
                await self._more.wait()

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.attempts.append((dict(request.headers), body))
        self._more.set()
        if not self.is_signed(request.headers, body):
            return web.Response(status=401)
        mood = self.mood.get(len(self.attempts))
        if isinstance(mood, Answer):
            return web.Response(status=mood.status, headers=mood.headers)
        posted = json.loads(body)
        self.bodies.append(posted)
        self.pushes += posted["data"].get("pushes", ())
        self.calls += posted["data"].get("calls", ())
        self.reads += posted["data"].get("reads", ())
        if mood is not None:
            await mood.wait()
        return web.Response(status=204)

    def is_signed(self, headers: Mapping[str, str], body: bytes) -> bool:
        content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        digest = base64.b64encode(hmac.new(self._key, content, hashlib.sha256).digest()).decode()
        return f"v1,{digest}" in headers["webhook-signature"].split(" ")


@asynccontextmanager
async def push_desk() -> AsyncIterator[PushDesk]:
    """Serve while inside."""
    desk = PushDesk()
    application = web.Application()
    application.router.add_post("/push", desk.take)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        desk.url = f"http://127.0.0.1:{port}/push"
        yield desk
    finally:
        await runner.cleanup()
