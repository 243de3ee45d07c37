"""One app on this node: its own store, bus and pushes behind a wall, and what all apps of the node share."""

import re
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from msgspec import Struct

from unisono import __version__
from unisono.app.broadcasting import Broadcasting
from unisono.app.exporting import Exporting
from unisono.app.node import Node
from unisono.app.options import AppOptions, CallRules, FileRules, PresenceRules, PushRules
from unisono.app.parts import Parts
from unisono.app.rates import RateLimiter
from unisono.bus.faulty import FaultyBus
from unisono.bus.local import LocalBus
from unisono.call_settings import Calls
from unisono.clock import SystemClock, SystemEntropy
from unisono.domain.ids import SendKey
from unisono.domain.rates import Rate
from unisono.files.disk import DiskFiles
from unisono.gateways.rest.operations import Desk
from unisono.identity.credentials import revocable
from unisono.identity.function import UserIdFunction
from unisono.identity.opening import opened_grants, opened_identity
from unisono.ports.bus import Bus
from unisono.ports.program import Program
from unisono.ports.push import PushService
from unisono.ports.telemetry import Telemetry
from unisono.push.webhook import WebhookOptions, opened_webhook
from unisono.push_settings import signing_key
from unisono.settings import Settings
from unisono.stores.sql import Store, StoreOptions, open_store
from unisono.telemetry.meter import Meter
from unisono.telemetry.of_app import TelemetryOfApp
from unisono.telemetry.system import SystemTelemetry


class Shared(Struct, frozen=True):
    """What all apps of a node have in common.

    `user_id` says who a user is, where an embedding program brings it. `program` is that program, which has to do with
    the app of native clients alone.
    """

    settings: Settings
    clock: SystemClock
    entropy: SystemEntropy
    telemetry: SystemTelemetry
    user_id: UserIdFunction | None = None
    program: Program | None = None


class Served(Struct, frozen=True):
    """An app that is served."""

    name: str
    node: Node
    store: Store


@asynccontextmanager
async def serving(name: str, shared: Shared) -> AsyncIterator[Served]:
    """Have an app open while inside. Whoever opens it sees to it that its node runs.

    Raises:
        UnisonoError: The store cannot be opened.
        UnusableIdentityError: The identity cannot be made.
    """
    settings, clock = shared.settings, shared.clock
    telemetry = shared.telemetry if name == settings.app else TelemetryOfApp(shared.telemetry, name)
    async with AsyncExitStack() as stack:
        identity = stack.enter_context(opened_identity(settings, name, clock, telemetry, shared.user_id))
        store = await open_store(store_options(settings, name), clock)
        stack.push_async_callback(store.close)
        parts = Parts(
            log=store.log,
            directory=store.directory,
            sessions=store.sessions,
            seats=store.seats,
            requests=store.requests,
            claims=store.claims,
            kept_events=store.kept_events,
            calls=store.calls,
            wills=store.wills,
            search=store.search,
            threads=store.threads,
            traces=store.traces,
            contacts=store.contacts,
            due_pushes=store.due_pushes,
            push_targets=store.push_targets,
            policies=store.policies,
            erasures=store.erasures,
            files=store.files,
            file_bytes=DiskFiles(_files_folder(settings, name), shared.entropy),
            bus=_bus(settings),
            identity=identity,
            grants=opened_grants(settings, name, clock, telemetry),
            clock=clock,
            entropy=shared.entropy,
            telemetry=telemetry,
            push=await _open_push(stack, name, shared, telemetry),
            program=shared.program if name == settings.app else None,
        )
        node = Node(parts, _app_options(settings, name), name=_node_name(settings), server=f"unisono/{__version__}")
        await node.start()
        yield Served(name, node, store)


def desk_of(node: Node, rate: RateLimiter) -> Desk:
    """Give what operators do with an app."""
    parts = node.parts
    return Desk(
        own_sessions=node.own_sessions,
        trees=node.trees,
        executor=node.executor,
        broadcasting=Broadcasting(node.executor),
        announcing=node.announcing,
        exporting=Exporting(parts, node.own_sessions, node.filing),
        erasing=node.erasing,
        importing=node.importing,
        governing=node.governing,
        clock=parts.clock,
        rate=rate,
        requests=parts.requests,
        name_token=revocable,
        new_key=lambda: SendKey(parts.entropy.secret()),
    )


def watch_app(app: Served, meter: Meter) -> None:
    """Have what is counted by app read where it is kept."""
    node, store = app.node, app.store
    levels = {
        "sessions_live": lambda: len(node.audience),
        "users_live": node.audience.count_users,
        "streams_followed": node.fanout.count_streams,
        "checkpoint_lag": node.sweeping.lag_s,
        "search_lag": node.indexing.lag_s,
        "rooms": lambda: len(node.rooms),
        "calls": lambda: len(node.calling),
        "watches": lambda: node.watching.watches,
        "store_queue": lambda: store.waiting,
        "store_batches": lambda: store.batches,
    }
    if node.pushing is not None:
        levels["push_lag"] = node.pushing.lag_s
    for name, read in levels.items():
        meter.watch(name, read, label=app.name)


def store_options(settings: Settings, name: str) -> StoreOptions:
    """Say where and how an app of the server is kept."""
    database = settings.database
    return StoreOptions(
        app=name,
        data_dir=settings.data_dir,
        url=database.url.reveal() if database.url is not None else None,
        synchronous=database.synchronous,
        batch_max=database.batch_max,
        queue_max=database.queue_max,
        readers=database.readers,
        deadline_s=database.deadline_s,
    )


async def _open_push(stack: AsyncExitStack, name: str, shared: Shared, telemetry: Telemetry) -> PushService | None:
    push = shared.settings.push
    if push.url is None:
        return None
    options = WebhookOptions(
        app=name,
        url=push.url,
        keys=tuple(signing_key(secret) for secret in push.secrets),
        deadline_s=push.deadline_s,
        kept_s=push.kept_s,
        at_once=push.at_once,
    )
    return await stack.enter_async_context(opened_webhook(options, shared.clock, shared.entropy, telemetry))


def _node_name(settings: Settings) -> str:
    # The same after a restart, so that the sessions of the earlier life count as detached at once.
    return settings.server.node or f"{socket.gethostname()}:{settings.server.port}"


def _bus(settings: Settings) -> Bus:
    faults = settings.testing.bus_faults
    return LocalBus() if faults is None else FaultyBus(LocalBus(), faults)


def _app_options(settings: Settings, name: str) -> AppOptions:
    rates, sessions, presence, push = settings.rates, settings.sessions, settings.presence, settings.push
    return AppOptions(
        quotas=settings.quotas,
        policy=sessions.device_policy(),
        commands=Rate(per_s=rates.commands_per_s, burst=rates.commands_burst),
        asks=Rate(per_s=rates.asks_per_s, burst=rates.asks_burst),
        asks_at_once=max(1, settings.limits.requests_in_flight // 4),
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
        push=PushRules(
            push.text, push.grace_s, push.kept_s, push.at_once, push.batch_max, calls=push.calls, reads=push.reads
        ),
        calls=_call_rules(settings.calls),
        retention=settings.retention,
        granted=frozenset(settings.grants.required),
        files=_file_rules(settings, name),
        finds_open=settings.leancloud.finds_open(name, settings.app),
        writing=settings.contacts.writing,
    )


def _call_rules(calls: Calls) -> CallRules:
    secret = None if calls.turn_secret is None else calls.turn_secret.reveal().encode()
    to_one = Rate(per_s=calls.to_one_per_hour / 3600, burst=calls.to_one_burst)
    return CallRules(calls.stun_urls, calls.turn_urls, secret, calls.turn_ttl_s, to_one)


def _files_folder(settings: Settings, name: str) -> Path:
    return (settings.files.directory or settings.data_dir / "files") / name


def _file_rules(settings: Settings, name: str) -> FileRules:
    files = settings.files
    return FileRules(
        secret=b"" if files.secret is None else files.secret.reveal().encode(),
        # Whoever told the address of the socket, wss:, has files under https:.
        address=re.sub("^ws", "http", settings.server.advertised_url or "").rstrip("/") + f"/files/{name}",
        links=files.links,
        link_s=files.link_s,
        upload_s=files.upload_s,
        unowned_bytes_per_day=files.unowned_bytes_per_day,
        unowned_per_day=files.unowned_per_day,
        under_way_bytes=files.under_way_bytes,
        free_bytes=files.free_bytes,
    )
