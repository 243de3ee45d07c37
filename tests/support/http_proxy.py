"""A proxy that knows HTTP and no WebSocket, and may be a bad one: it loses, repeats and cuts, by a seed."""

import asyncio
from dataclasses import dataclass
from random import Random
from types import TracebackType
from typing import Final, Self

import aiohttp
from aiohttp import hdrs, web

PASSED_ON: Final = (hdrs.CONTENT_TYPE, hdrs.ORIGIN, hdrs.COOKIE, "X-Thing")
HANDED_BACK: Final = (hdrs.CONTENT_TYPE, hdrs.RETRY_AFTER)


@dataclass(frozen=True, slots=True)
class HttpFaults:
    """Shares of requests, 0 to 1, except `cut_after_s`: answers that take longer are given up.

    - `lose_request`: the connection breaks, and the server never heard of the request
    - `lose_answer`: it breaks after the server has answered
    - `repeat`: the server is asked a second time, and that answer is given
    - `give_up`: answered with 502, whatever the server said
    """

    lose_request: float = 0.0
    lose_answer: float = 0.0
    repeat: float = 0.0
    give_up: float = 0.0
    cut_after_s: float | None = None


class HttpProxy:
    """Listens on a free port of this machine. Use as an async context manager."""

    def __init__(self, upstream_port: int, *, seed: int = 0, faults: HttpFaults | None = None) -> None:
        self.faults = faults or HttpFaults()
        self.port = 0
        self.upgrades_refused = 0
        self.requests = 0
        self.harmed = 0
        self.upstream_port = upstream_port
        self._chance = Random(seed)
        self._http: aiohttp.ClientSession | None = None
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        application = web.Application(client_max_size=1 << 26)
        application.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        assert self._runner is not None
        assert self._http is not None
        await self._http.close()
        await self._runner.cleanup()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        if hdrs.UPGRADE in request.headers:
            self.upgrades_refused += 1
            return web.Response(status=403, text="<h1>Forbidden by policy</h1>", content_type="text/html")
        self.requests += 1
        faults, body = self.faults, await request.read()
        if self._draws(faults.lose_request):
            return self._cut(request)
        try:
            async with asyncio.timeout(faults.cut_after_s):
                answer = await self._ask(request, body)
                if self._draws(faults.repeat):
                    answer = await self._ask(request, body)
        except (aiohttp.ClientError, TimeoutError):
            return self._cut(request)
        if self._draws(faults.lose_answer):
            return self._cut(request)
        if self._draws(faults.give_up):
            return web.Response(status=502, text="Bad Gateway")
        return answer

    async def _ask(self, request: web.Request, body: bytes) -> web.Response:
        assert self._http is not None
        headers = {name: request.headers[name] for name in PASSED_ON if name in request.headers}
        url = f"http://127.0.0.1:{self.upstream_port}{request.path_qs}"
        async with self._http.request(request.method, url, data=body, headers=headers) as answer:
            handed = {name: answer.headers[name] for name in HANDED_BACK if name in answer.headers}
            return web.Response(status=answer.status, body=await answer.read(), headers=handed)

    def _draws(self, share: float) -> bool:
        drawn = share > 0 and self._chance.random() < share
        self.harmed += drawn
        return drawn

    def _cut(self, request: web.Request) -> web.Response:
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=500)
