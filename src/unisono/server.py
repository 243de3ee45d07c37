"""The composition root: the only place that knows everybody."""

import asyncio
import ipaddress
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final, TextIO

from aiohttp import hdrs, web
from msgspec import Struct

from unisono import __version__
from unisono.app.broadcasting import Broadcasting
from unisono.app.exporting import Exporting
from unisono.app.node import Node
from unisono.app.options import AppOptions, PresenceRules, PushRules
from unisono.app.parts import Parts
from unisono.app.rates import RateLimiter
from unisono.bus.faulty import FaultyBus
from unisono.bus.local import LocalBus
from unisono.clock import SystemClock, SystemEntropy
from unisono.domain.errors import Draining, UnisonoError
from unisono.domain.ids import Epoch, SendKey
from unisono.domain.rates import Rate
from unisono.gateways.hosting.address import Network
from unisono.gateways.hosting.admission import Admission, AdmissionLimits
from unisono.gateways.hosting.outbox import Flusher
from unisono.gateways.hosting.refusal import SERVER_NAME
from unisono.gateways.hosting.registry import Registry
from unisono.gateways.hosting.visitor import Reception, receiving
from unisono.gateways.rest.door import RestDoor, RestOptions
from unisono.gateways.rest.guard import Guard
from unisono.gateways.rest.health import Health
from unisono.gateways.rest.operations import Desk
from unisono.gateways.websocket.dialogue import Pace
from unisono.gateways.websocket.door import DoorOptions, WebSocketDoor
from unisono.identity.belief import is_from_here
from unisono.identity.credentials import revocable
from unisono.identity.function import UserIdFunction
from unisono.identity.opening import opened_grants, opened_identity
from unisono.ports.bus import Bus
from unisono.ports.push import PushService
from unisono.push.webhook import WebhookOptions, opened_webhook
from unisono.push_settings import signing_key
from unisono.settings import Settings, is_same_origin
from unisono.stores.sql import Store, StoreOptions, begin_anew, open_store
from unisono.telemetry.lag import LoopLag
from unisono.telemetry.lines import Lines, chosen_format
from unisono.telemetry.meter import Meter
from unisono.telemetry.system import SystemTelemetry, libraries_logged

RETURN_SPREAD_MS: Final = 2_000
"""Over how long clients are spread when they are told to come back after a stop."""
LAG_MAX_S: Final = 1.0
"""An event loop this late is not ready for more work."""


class Running(Struct, frozen=True):
    """A server that takes work. `port` is the real one where a free one was asked for."""

    host: str
    port: int
    node: Node
    drain: Callable[[], Awaitable[None]]

    @property
    def url(self) -> str:
        """Give the address that clients connect to."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"


@asynccontextmanager
async def running(
    settings: Settings, *, user_id: UserIdFunction | None = None, log_target: TextIO = sys.stderr
) -> AsyncIterator[Running]:
    """Serve while inside. `settings` have their secrets (`config.with_generated_secrets`).

    Leaving without `drain` closes connections at once; nothing acknowledged is lost either way.

    Raises:
        OSError: The address is taken.
        UnisonoError: The store cannot be opened.
        UnusableIdentityError: The identity cannot be made.
    """
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        telemetry = _open_telemetry(stack, settings, clock, log_target)
        store = await open_store(_store_options(settings), clock)
        stack.push_async_callback(store.close)
        identity = stack.enter_context(opened_identity(settings, clock, telemetry, user_id))
        entropy = SystemEntropy()
        parts = Parts(
            log=store.log,
            directory=store.directory,
            sessions=store.sessions,
            seats=store.seats,
            requests=store.requests,
            wills=store.wills,
            search=store.search,
            traces=store.traces,
            due_pushes=store.due_pushes,
            push_targets=store.push_targets,
            erasures=store.erasures,
            bus=_bus(settings),
            identity=identity,
            grants=opened_grants(settings, clock, telemetry),
            clock=clock,
            entropy=entropy,
            telemetry=telemetry,
            push=await _open_push(stack, settings, clock, entropy, telemetry),
        )
        node = Node(parts, _app_options(settings), name=_node_name(settings), server=f"unisono/{__version__}")
        await node.start()
        lag = LoopLag(clock, telemetry)
        hosting = Hosting(settings, node, store, telemetry, lag)
        tasks = await stack.enter_async_context(asyncio.TaskGroup())
        background = [tasks.create_task(job) for job in (node.run(), hosting.watch(), lag.run())]
        for task in background:
            stack.callback(task.cancel)
        async with hosting.listening() as address:
            yield Running(host=settings.server.host, port=address, node=node, drain=hosting.drain)


def begin_log_anew(settings: Settings) -> Epoch:
    """Say that an older copy of the log was put back; give the epoch under which it goes on.

    Raises:
        OSError: The data directory cannot be used.
        UnisonoError: The store cannot be opened.
    """
    return begin_anew(_store_options(settings), SystemClock())


class Hosting:
    """The doors of a node on one port."""

    def __init__(self, settings: Settings, node: Node, store: Store, telemetry: SystemTelemetry, lag: LoopLag) -> None:
        self._settings = settings
        self._node = node
        self._registry = Registry()
        self._admission = Admission(_admission_limits(settings), node.parts.clock, telemetry)
        self._telemetry = telemetry
        self._lag = lag
        self._store = store
        self._flusher = Flusher()
        self._watch_levels(telemetry.meter)

    def _watch_levels(self, meter: Meter) -> None:
        meter.watch("visitors", lambda: self._admission.visitors)
        meter.watch("connections", lambda: len(self._registry))
        meter.watch("sessions_live", lambda: len(self._node.audience))
        meter.watch("users_live", self._node.audience.count_users)
        meter.watch("streams_followed", self._node.fanout.count_streams)
        meter.watch("tasks", lambda: len(asyncio.all_tasks()))
        meter.watch("checkpoint_lag", self._node.sweeping.lag_s)
        if (pushing := self._node.pushing) is not None:
            meter.watch("push_lag", pushing.lag_s)
        meter.watch("rooms", lambda: len(self._node.rooms))
        meter.watch("watches", lambda: self._node.watching.watches)
        meter.watch("outbox", self._registry.queued_bytes)
        meter.watch("store_queue", lambda: self._store.waiting)
        meter.watch("store_batches", lambda: self._store.batches)
        meter.watch("writes", lambda: self._flusher.writes)
        meter.watch("sent", lambda: self._flusher.sent_bytes)

    async def watch(self) -> None:
        """End connections that fell silent, until cancelled."""
        await self._registry.watch(self._settings.limits.heartbeat_s)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[int]:
        """Take connections while inside; gives the port."""
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
        self._rest_door().add_to(application.router)
        reception = Reception(
            admission=self._admission,
            telemetry=self._telemetry,
            trusted_proxies=_trusted_proxies(self._settings),
            patience_s=self._settings.limits.greeting_s,
        )
        server = self._settings.server
        async with receiving(application, reception, server.host, server.port) as port:
            yield port

    async def drain(self) -> None:
        """Let nobody in, answer what is under way, tell every client when to come back, and wait for them to go."""
        self._admission.close()
        left = await self._registry.end_all(self._draining, self._settings.server.drain_s)
        self._telemetry.event("drained", left=left)

    def _rest_door(self) -> RestDoor:
        parts, metrics = self._node.parts, self._settings.metrics
        options = RestOptions(
            guard=Guard(self._settings.admin),
            metrics_access=metrics.access if metrics.enabled else "nobody",
            exposition=self._exposition,
            is_from_here=is_from_here,
            body_s=self._settings.limits.greeting_s,
            body_bytes=self._settings.limits.frame_bytes,
        )
        rates = self._settings.rates
        desk = Desk(
            own_sessions=self._node.own_sessions,
            executor=self._node.executor,
            broadcasting=Broadcasting(self._node.executor),
            announcing=self._node.announcing,
            exporting=Exporting(parts, self._node.own_sessions),
            erasing=self._node.erasing,
            clock=parts.clock,
            rate=RateLimiter(Rate(per_s=rates.operator_per_s, burst=rates.operator_burst), parts.clock),
            requests=parts.requests,
            name_token=revocable,
            new_key=lambda: SendKey(parts.entropy.secret()),
        )
        checks = {"store": self._check_store, "lease": self._check_lease, "loop": self._check_loop}
        checks["admission"] = self._check_admission
        return RestDoor(desk, options, Health(checks, parts.clock, parts.telemetry), parts.telemetry)

    def _exposition(self, accept: str) -> tuple[bytes, str]:
        from unisono.telemetry.exposition import exposition  # noqa: PLC0415  (76 ms that many servers never need)

        return exposition(self._telemetry.meter, accept)

    async def _check_store(self) -> str | None:
        return None if await self._store.healthy() else "does not answer"

    async def _check_lease(self) -> str | None:
        if self._node.has_namesake:
            return "another node has this node's name"
        return None if self._node.has_lease else "lost"

    async def _check_loop(self) -> str | None:
        return None if self._lag.seconds < LAG_MAX_S else f"{self._lag.seconds:.1f} s late"

    async def _check_admission(self) -> str | None:
        return "draining" if self._admission.is_closed else None

    def _draining(self) -> UnisonoError:
        spread = int(self._node.parts.entropy.fraction() * RETURN_SPREAD_MS)
        return Draining(retry_after_ms=500 + spread)


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


async def _open_push(
    stack: AsyncExitStack, settings: Settings, clock: SystemClock, entropy: SystemEntropy, telemetry: SystemTelemetry
) -> PushService | None:
    push = settings.push
    if push.url is None:
        return None
    options = WebhookOptions(
        app=settings.app,
        url=push.url,
        keys=tuple(signing_key(secret) for secret in push.secrets),
        deadline_s=push.deadline_s,
        kept_s=push.kept_s,
        at_once=push.at_once,
    )
    return await stack.enter_async_context(opened_webhook(options, clock, entropy, telemetry))


def _node_name(settings: Settings) -> str:
    # The same after a restart, so that the sessions of the earlier life count as detached at once.
    return settings.server.node or f"{socket.gethostname()}:{settings.server.port}"


def _bus(settings: Settings) -> Bus:
    faults = settings.testing.bus_faults
    return LocalBus() if faults is None else FaultyBus(LocalBus(), faults)


def _store_options(settings: Settings) -> StoreOptions:
    database = settings.database
    return StoreOptions(
        app=settings.app,
        data_dir=settings.data_dir,
        url=database.url.reveal() if database.url is not None else None,
        synchronous=database.synchronous,
        batch_max=database.batch_max,
        queue_max=database.queue_max,
        readers=database.readers,
        deadline_s=database.deadline_s,
    )


def _app_options(settings: Settings) -> AppOptions:
    rates, sessions, presence, push = settings.rates, settings.sessions, settings.presence, settings.push
    return AppOptions(
        quotas=settings.quotas,
        policy=sessions.device_policy(),
        commands=Rate(per_s=rates.commands_per_s, burst=rates.commands_burst),
        logins=Rate(per_s=rates.logins_per_s, burst=rates.logins_burst),
        resumes=Rate(per_s=rates.resumes_per_s, burst=rates.resumes_burst),
        heartbeat_s=settings.limits.heartbeat_s,
        detach_window_s=sessions.detach_window_s,
        ended_kept_s=sessions.ended_kept_s,
        lease_ttl_s=sessions.lease_ttl_s,
        sweep_s=sessions.sweep_s,
        seats_kept_s=sessions.seats_kept_s,
        presence=PresenceRules(
            visible_to=presence.visible_to,
            grace_s=presence.grace_s,
            check_s=presence.check_s,
            watched_per_session=presence.watched_per_session,
        ),
        push=PushRules(push.text, push.grace_s, push.kept_s, push.at_once, push.batch_max),
        retention=settings.retention,
        granted=frozenset(settings.grants.required),
    )


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
