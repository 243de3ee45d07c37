"""LeanCloud's door on a free loopback port, over apps whose stores are in memory."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from msgspec import structs

from tests.support.leancloud_client import APP, LeanCloudPeer, LeanCloudSocket
from tests.unit.app.app_stage import AppStage, an_app
from tests.unit.app.fanout_stage import settle
from tests.unit.gateways.websocket.door_stage import LIMITS, OPTIONS
from unisono.domain.devices import Policy
from unisono.gateways.hosting.admission import Admission
from unisono.gateways.hosting.lobby import DoorOptions
from unisono.gateways.hosting.outbox import Flusher
from unisono.gateways.hosting.registry import Registry
from unisono.gateways.hosting.visitor import Reception, receiving
from unisono.gateways.leancloud.apps import opened_app
from unisono.gateways.leancloud.door import LeanCloudDoor
from unisono.gateways.leancloud.station import stations_of
from unisono.leancloud_settings import LeanCloudApp, SignedAct
from unisono.secret import Secret

MASTER_KEY = "m" * 16


class Hall:
    """A door that is open, and the sockets that came through it."""

    def __init__(self, app: AppStage, port: int, registry: Registry, admission: Admission) -> None:
        self.app = app
        self.port = port
        self.registry = registry
        self.admission = admission
        self._sockets: list[LeanCloudSocket] = []

    async def connect(self, subprotocol: str = "lc.protobuf2.3", path: str = "/", **more: Any) -> LeanCloudSocket:
        """Shake hands."""
        socket = await LeanCloudSocket.connect(self.port, subprotocol, path, **more)
        self._sockets.append(socket)
        return socket

    async def open(self, peer: str, **said: Any) -> LeanCloudPeer:
        """Log in on a socket of its own."""
        return await (await self.connect()).open(peer, **said)

    async def hang_up(self) -> None:
        """Break all connections."""
        for socket in self._sockets:
            socket.raw.abort()
            await socket.raw.closed


@asynccontextmanager
async def a_hall(
    options: DoorOptions = OPTIONS,
    *,
    signed: tuple[SignedAct, ...] = (),
    policy: Policy | None = None,
    **app_options: object,
) -> AsyncIterator[Hall]:
    """Open the door while inside."""
    async with an_app(policy=policy, **app_options) as app:
        named = LeanCloudApp(id=APP, key=Secret("k" * 16), master_key=Secret(MASTER_KEY), signed=signed)
        options = structs.replace(options)
        admission, registry = Admission(LIMITS, app.clock, app.telemetry), Registry()
        door = LeanCloudDoor(
            stations_of([opened_app(named, app.node)]),
            options,
            admission=admission,
            registry=registry,
            flusher=Flusher(),
            clock=app.clock,
            telemetry=app.telemetry,
        )
        application = web.Application()
        door.add_to(application.router)
        reception = Reception(admission, app.telemetry, options.trusted_proxies, options.pace.greeting_s)
        try:
            async with receiving(application, reception, "127.0.0.1", 0) as port:
                hall = Hall(app, port, registry, admission)
                yield hall
                await hall.hang_up()
        finally:
            await settle()
