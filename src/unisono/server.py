"""The composition root: the only place that knows everybody."""

import asyncio
import ipaddress
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final, TextIO

from aiohttp import hdrs, web
from msgspec import Struct

from unisono.app.node import Node
from unisono.app.rates import RateLimiter
from unisono.clock import SystemClock, SystemEntropy
from unisono.domain.errors import Draining, UnisonoError
from unisono.domain.ids import Epoch
from unisono.domain.rates import Rate
from unisono.gateways.asgi.door import AsgiDoor
from unisono.gateways.files.door import FilesDoor
from unisono.gateways.hosting.address import Network
from unisono.gateways.hosting.admission import Admission, AdmissionLimits
from unisono.gateways.hosting.lobby import DoorOptions, Lobby, Pace
from unisono.gateways.hosting.outbox import Flusher
from unisono.gateways.hosting.refusal import SERVER_NAME
from unisono.gateways.hosting.registry import Registry
from unisono.gateways.hosting.visitor import Reception, receiving
from unisono.gateways.leancloud.apps import Apps, opened_app
from unisono.gateways.leancloud.door import LeanCloudDoor
from unisono.gateways.leancloud.endpoints import ENDPOINTS
from unisono.gateways.leancloud.routing import RouteOptions
from unisono.gateways.leancloud.station import stations_of
from unisono.gateways.leancloud.web import WebDoor, WebOptions
from unisono.gateways.longpoll.door import LongPollDoor, PollOptions, Spawn
from unisono.gateways.pages.door import PagesDoor
from unisono.gateways.rest.door import RestDoor, RestOptions
from unisono.gateways.rest.guard import Guard
from unisono.gateways.rest.health import Health
from unisono.gateways.rest.operations import Desks
from unisono.gateways.websocket.door import WebSocketDoor
from unisono.identity.belief import is_from_here
from unisono.identity.function import UserIdFunction
from unisono.ports.program import Program
from unisono.served import Served, Shared, desk_of, serving, store_options, watch_app
from unisono.settings import Settings, is_same_origin
from unisono.stores.sql import begin_anew
from unisono.telemetry.lag import LoopLag
from unisono.telemetry.lines import Lines, chosen_format
from unisono.telemetry.meter import Meter
from unisono.telemetry.system import SystemTelemetry, libraries_logged

RETURN_SPREAD_MS: Final = 2_000
"""Over how long clients are spread when they are told to come back after a stop."""
LAG_MAX_S: Final = 1.0
"""An event loop this late is not ready for more work."""


class Running(Struct, frozen=True):
    """A server that takes work. `port` is the real one where a free one was asked for.

    `node` is that of the app of native clients; `apps` are all of them, by name. `asgi` serves native clients on
    another server's port; without a port of our own, `port` is 0.
    """

    host: str
    port: int
    node: Node
    apps: Mapping[str, Served]
    drain: Callable[[], Awaitable[None]]
    asgi: AsgiDoor

    @property
    def url(self) -> str:
        """Give the address that clients connect to."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"


@asynccontextmanager
async def running(
    settings: Settings,
    *,
    user_id: UserIdFunction | None = None,
    program: Program | None = None,
    listens: bool = True,
    log_target: TextIO = sys.stderr,
) -> AsyncIterator[Running]:
    """Serve while inside. `settings` have their secrets (`config.with_generated_secrets`).

    `program` is the one that embeds the server: it answers requests and has a say in what users do. Where the server
    `listens` to no port of its own, it serves by `Running.asgi` alone.

    Leaving without `drain` closes connections at once; nothing acknowledged is lost either way.

    Raises:
        OSError: The address is taken.
        UnisonoError: The store cannot be opened.
        UnusableIdentityError: The identity cannot be made.
    """
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        telemetry = _open_telemetry(stack, settings, clock, log_target)
        shared = Shared(
            settings=settings,
            clock=clock,
            entropy=SystemEntropy(),
            telemetry=telemetry,
            user_id=user_id,
            program=program,
        )
        walls = settings.leancloud.walls(settings.app)
        apps = {name: await stack.enter_async_context(serving(name, shared)) for name in walls}
        lag = LoopLag(clock, telemetry)
        tasks = await stack.enter_async_context(asyncio.TaskGroup())
        hosting = Hosting(settings, apps, telemetry, lag, spawn=tasks.create_task)
        jobs = [*(app.node.run() for app in apps.values()), hosting.watch(), lag.run()]
        background = [tasks.create_task(job) for job in jobs]
        for task in background:
            stack.callback(task.cancel)
        async with hosting.open(listens=listens) as address:
            yield Running(
                host=settings.server.host,
                port=address,
                node=apps[settings.app].node,
                apps=apps,
                drain=hosting.drain,
                asgi=hosting.asgi,
            )


def begin_logs_anew(settings: Settings) -> Mapping[str, Epoch]:
    """Say that an older copy of the logs was put back; give the epochs under which they go on, by app.

    An app that has no SQLite file yet is passed over.

    Raises:
        OSError: The data directory cannot be used.
        UnisonoError: A store cannot be opened.
    """
    clock = SystemClock()
    return {app: begin_anew(store_options(settings, app), clock) for app in _kept(settings)}


def _kept(settings: Settings) -> Iterator[str]:
    for app in settings.leancloud.walls(settings.app):
        if settings.database.url is not None or (settings.data_dir / f"{app}.sqlite3").exists():
            yield app


class Hosting:
    """The doors of a node on one port."""

    def __init__(
        self, settings: Settings, apps: Mapping[str, Served], telemetry: SystemTelemetry, lag: LoopLag, *, spawn: Spawn
    ) -> None:
        """Serve apps. `spawn` starts tasks of connections that no socket carries."""
        self._settings = settings
        self._spawn = spawn
        self._apps = apps
        self._node = node = apps[settings.app].node
        self._leancloud = Apps(opened_app(app, apps[app.name or settings.app].node) for app in settings.leancloud.apps)
        self._registry = Registry()
        self._admission = Admission(_admission_limits(settings), node.parts.clock, telemetry)
        self._telemetry = telemetry
        self._lag = lag
        self._flusher = Flusher()
        self._polled = self._polled_door()
        self._watch_levels(telemetry.meter)

    def _watch_levels(self, meter: Meter) -> None:
        meter.watch("visitors", lambda: self._admission.visitors)
        meter.watch("connections", lambda: len(self._registry))
        meter.watch("tasks", lambda: len(asyncio.all_tasks()))
        meter.watch("outbox", self._registry.queued_bytes)
        meter.watch("writes", lambda: self._flusher.writes)
        meter.watch("sent", lambda: self._flusher.sent_bytes)
        for app in self._apps.values():
            watch_app(app, meter)

    async def watch(self) -> None:
        """End connections that fell silent, until cancelled."""
        await self._registry.watch(self._settings.limits.heartbeat_s)

    @property
    def asgi(self) -> AsgiDoor:
        """Give what serves native clients of another server."""
        lobby = Lobby(
            _door_options(self._settings),
            admission=self._admission,
            registry=self._registry,
            flusher=self._flusher,
            clock=self._node.parts.clock,
            telemetry=self._telemetry,
        )
        return AsgiDoor(self._node, lobby, self._polled if self._settings.longpoll.enabled else None)

    @asynccontextmanager
    async def open(self, *, listens: bool) -> AsyncIterator[int]:
        """Take connections while inside; gives the port, or 0 without one."""
        try:
            if not listens:
                yield 0
                return
            async with self._listening() as port:
                yield port
        finally:
            self._polled.shut()

    @asynccontextmanager
    async def _listening(self) -> AsyncIterator[int]:
        application = web.Application()
        application.on_response_prepare.append(_name_server)
        door = WebSocketDoor(
            self._node,
            _door_options(self._settings),
            admission=self._admission,
            registry=self._registry,
            flusher=self._flusher,
        )
        door.add_to(application.router)
        if self._leancloud:
            self._leancloud_door().add_to(application.router)
        if self._settings.longpoll.enabled:
            self._polled.add_to(application.router)
        self._rest_door().add_to(application.router)
        if self._leancloud:
            self._web_door().add_to(application.router)
        filings = {name: app.node.filing for name, app in self._apps.items()}
        FilesDoor(filings, self._telemetry, self._settings.limits.greeting_s).add_to(application.router)
        PagesDoor(self._telemetry, has_demo=self._settings.has_demo, sources=self._settings.page_sources).add_to(
            application.router
        )
        reception = Reception(
            admission=self._admission,
            telemetry=self._telemetry,
            trusted_proxies=_trusted_proxies(self._settings),
            patience_s=self._settings.limits.greeting_s,
        )
        server = self._settings.server
        async with receiving(application, reception, server.host, server.port) as port:
            try:
                yield port
            finally:
                # Before the requests are waited for: a poll waits for long, and a tree is watched for ever.
                self._polled.shut()
                for app in self._apps.values():
                    app.node.trees.shut()

    def _polled_door(self) -> LongPollDoor:
        poll = self._settings.longpoll
        return LongPollDoor(
            self._node,
            _door_options(self._settings),
            PollOptions(wait_s=poll.wait_s, away_s=poll.away_s, batch_bytes=poll.batch_bytes),
            admission=self._admission,
            registry=self._registry,
            flusher=self._flusher,
            spawn=self._spawn,
        )

    def _leancloud_door(self) -> LeanCloudDoor:
        return LeanCloudDoor(
            stations_of(self._leancloud),
            _door_options(self._settings),
            admission=self._admission,
            registry=self._registry,
            flusher=self._flusher,
            clock=self._node.parts.clock,
            telemetry=self._telemetry,
        )

    async def drain(self) -> None:
        """Let nobody in, answer what is under way, tell every client when to come back, and wait for them to go."""
        self._admission.close()
        left = await self._registry.end_all(self._draining, self._settings.server.drain_s)
        self._telemetry.event("drained", left=left)

    def _web_door(self) -> WebDoor:
        settings, parts = self._settings, self._node.parts
        proxies = _trusted_proxies(settings)
        options = WebOptions(
            route=RouteOptions(settings.server.advertised_url, proxies, settings.leancloud.route_ttl_s),
            rate=RateLimiter(_operator_rate(settings), parts.clock),
            trusted_proxies=proxies,
            body_s=settings.limits.greeting_s,
            body_bytes=settings.limits.frame_bytes,
        )
        return WebDoor(self._leancloud, ENDPOINTS, options, parts.clock, self._telemetry)

    def _rest_door(self) -> RestDoor:
        parts, metrics = self._node.parts, self._settings.metrics
        options = RestOptions(
            guard=Guard(self._settings.admin),
            metrics_access=metrics.access if metrics.enabled else "nobody",
            exposition=self._exposition,
            is_from_here=is_from_here,
            trusted_proxies=_trusted_proxies(self._settings),
            body_s=self._settings.limits.greeting_s,
            body_bytes=self._settings.limits.frame_bytes,
        )
        rate = RateLimiter(_operator_rate(self._settings), parts.clock)
        desks = Desks(self._settings.app, {name: desk_of(app.node, rate) for name, app in self._apps.items()})
        checks = {"store": self._check_stores, "lease": self._check_leases, "loop": self._check_loop}
        checks["admission"] = self._check_admission
        return RestDoor(desks, options, Health(checks, parts.clock, parts.telemetry), parts.telemetry)

    def _exposition(self, accept: str) -> tuple[bytes, str]:
        from unisono.telemetry.exposition import exposition  # noqa: PLC0415  (76 ms that many servers never need)

        return exposition(self._telemetry.meter, accept)

    async def _check_stores(self) -> str | None:
        async with asyncio.TaskGroup() as tasks:
            asked = {name: tasks.create_task(app.store.healthy()) for name, app in self._apps.items()}
        return _told({name: None if task.result() else "does not answer" for name, task in asked.items()})

    async def _check_leases(self) -> str | None:
        return _told({name: _lack(app.node) for name, app in self._apps.items()})

    async def _check_loop(self) -> str | None:
        return None if self._lag.seconds < LAG_MAX_S else f"{self._lag.seconds:.1f} s late"

    async def _check_admission(self) -> str | None:
        return "draining" if self._admission.is_closed else None

    def _draining(self) -> UnisonoError:
        spread = int(self._node.parts.entropy.fraction() * RETURN_SPREAD_MS)
        return Draining(retry_after_ms=500 + spread)


def _lack(node: Node) -> str | None:
    if node.has_namesake:
        return "another node has this node's name"
    return None if node.has_lease else "lost"


def _told(reasons: Mapping[str, str | None]) -> str | None:
    """Tell what is wrong with which app; with one app alone, what is wrong."""
    told = {name: reason for name, reason in reasons.items() if reason is not None}
    if len(reasons) == 1:
        return next(iter(told.values()), None)
    return "; ".join(f"{name}: {reason}" for name, reason in told.items()) or None


async def _name_server(_: web.Request, response: web.StreamResponse) -> None:
    response.headers[hdrs.SERVER] = SERVER_NAME


def _open_telemetry(
    stack: AsyncExitStack, settings: Settings, clock: SystemClock, log_target: TextIO
) -> SystemTelemetry:
    form = chosen_format(settings.log.format, log_target)
    lines = Lines(log_target, level=settings.log.level, form=form)
    telemetry = SystemTelemetry(Meter(), lines, clock)
    stack.callback(telemetry.close)
    stack.enter_context(libraries_logged(lines, clock))
    return telemetry


def _operator_rate(settings: Settings) -> Rate:
    return Rate(per_s=settings.rates.operator_per_s, burst=settings.rates.operator_burst)


def _admission_limits(settings: Settings) -> AdmissionLimits:
    limits, rates = settings.limits, settings.rates
    return AdmissionLimits(
        visitors=limits.visitors,
        visitors_per_address=limits.visitors_per_address,
        connections=limits.connections,
        connections_per_address=limits.connections_per_address,
        handshakes_in_progress=limits.handshakes_in_progress,
        handshakes_per_s=limits.handshakes_per_s,
        handshakes_of_address=Rate(per_s=rates.handshakes_per_s, burst=rates.handshakes_burst),
    )


def _trusted_proxies(settings: Settings) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(network) for network in settings.server.trusted_proxies)


def _door_options(settings: Settings) -> DoorOptions:
    limits, rates, server = settings.limits, settings.rates, settings.server
    return DoorOptions(
        origins=frozenset(server.origins),
        is_same_origin=is_same_origin,
        trusted_proxies=_trusted_proxies(settings),
        outbox_bytes=limits.outbox_bytes,
        frame_bytes=limits.frame_bytes,
        pace=Pace(
            greeting_s=limits.greeting_s,
            requests_in_flight=limits.requests_in_flight,
            strays=Rate(per_s=rates.strays_per_s, burst=rates.strays_burst),
        ),
    )
