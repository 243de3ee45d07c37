"""What LeanCloud's clients and servers ask over HTTP: the router, and the endpoints of /1.1 and /1.2."""

import asyncio
from collections.abc import Iterable
from typing import Final

from aiohttp import hdrs, web
from msgspec import Struct

from unisono.app.rates import RateLimiter
from unisono.domain.addresses import block_of
from unisono.domain.errors import Unavailable
from unisono.gateways.hosting.address import Network, address_of
from unisono.gateways.hosting.reading import read_body
from unisono.gateways.leancloud.apps import Apps
from unisono.gateways.leancloud.desk import Asked, Endpoint, read_fields
from unisono.gateways.leancloud.http import Handler, HttpRefusal, answered, not_there, serve
from unisono.gateways.leancloud.keys import access_of
from unisono.gateways.leancloud.routing import RouteOptions, Router, place_of
from unisono.ports.clock import Clock
from unisono.ports.telemetry import Telemetry

WORK_DEADLINE_S: Final = 30.0
PREFIXES: Final = ("/1.1", "/1.2")


class WebOptions(Struct, frozen=True):
    """What an operator sets. `body_s` is how long a body may take to come, `body_bytes` how large it may be.

    `rate` counts all requests by address, those of an app's own servers by app, too.
    """

    route: RouteOptions
    rate: RateLimiter
    trusted_proxies: tuple[Network, ...]
    body_s: float
    body_bytes: int


class WebDoor:
    """Serves what is asked over HTTP for all of LeanCloud's apps."""

    def __init__(
        self, apps: Apps, endpoints: Iterable[Endpoint], options: WebOptions, clock: Clock, telemetry: Telemetry
    ) -> None:
        self._apps: Final = apps
        self._endpoints: Final = tuple(endpoints)
        self._options: Final = options
        self._clock: Final = clock
        self._telemetry: Final = telemetry

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Register the paths. Add it last: what is left of its prefixes is not there."""
        handlers: dict[str, dict[str, Handler]] = {}
        for path, handler in Router(self._apps, self._options.route).handlers().items():
            handlers[path] = {hdrs.METH_GET: handler}
        for endpoint in self._endpoints:
            handlers.setdefault(endpoint.path, {})[endpoint.method] = self._handler(endpoint)
        for path, by_method in handlers.items():
            serve(router, self._telemetry, path, by_method)
        nothing: dict[str, Handler] = dict.fromkeys(("GET", "POST", "PUT", "DELETE"), not_there)
        for prefix in PREFIXES:
            serve(router, self._telemetry, prefix + "/{rest:.*}", nothing)

    def _handler(self, endpoint: Endpoint) -> Handler:
        async def handle(request: web.Request) -> web.Response:
            address = address_of(request, self._options.trusted_proxies)
            # Before anything is looked at: else keys could be tried without end.
            self._options.rate.spend(block_of(address))
            access = access_of(request.headers, self._apps, self._clock.now())
            if endpoint.needs == "master" and not access.is_master:
                raise HttpRefusal(401, "The master key is needed.")
            if access.is_master:
                self._options.rate.spend(access.app.id)
            body = await read_body(request, limit_bytes=self._options.body_bytes, within_s=self._options.body_s)
            asked = Asked(
                app=access.app,
                is_master=access.is_master,
                route=request.path,
                path=request.match_info,
                query=request.query,
                headers=request.headers,
                body=read_fields(body),
                address=address,
                base="://".join(place_of(request, self._options.route)),
            )
            try:
                async with asyncio.timeout(WORK_DEADLINE_S):
                    return answered(await endpoint.carry_out(asked), status=endpoint.status)
            except TimeoutError:
                raise Unavailable(deadline_s=int(WORK_DEADLINE_S)) from None

        return handle
