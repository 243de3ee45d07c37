"""A door on a free loopback port, with an app over a store in memory behind it; and a client that speaks by hand."""

import asyncio
import functools
import ipaddress
import json
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, Literal, ParamSpec, Self, cast

import pytest
import uvloop
from aiohttp import web

from tests.support.polled_socket import PolledSocket
from tests.support.raw_socket import RawSocket
from tests.unit.app.app_stage import AppStage, an_app
from tests.unit.app.fanout_stage import settle
from unisono.domain.rates import Rate
from unisono.gateways.hosting.admission import Admission, AdmissionLimits
from unisono.gateways.hosting.lobby import DoorOptions, Pace
from unisono.gateways.hosting.outbox import Flusher
from unisono.gateways.hosting.registry import Registry
from unisono.gateways.hosting.visitor import Reception, receiving
from unisono.gateways.longpoll.door import LongPollDoor, PollOptions
from unisono.gateways.websocket.door import WebSocketDoor
from unisono.settings import is_same_origin

P = ParamSpec("P")
Frame = dict[str, Any]
PATIENCE_S = 10
PLENTY = Rate(per_s=1e6, burst=1_000_000)
LIMITS = AdmissionLimits(
    visitors=100,
    visitors_per_address=100,
    connections=100,
    connections_per_address=100,
    handshakes_in_progress=100,
    handshakes_per_s=10_000,
    handshakes_of_address=PLENTY,
)
OPTIONS = DoorOptions(
    origins=frozenset({"https://app.example"}),
    is_same_origin=is_same_origin,
    trusted_proxies=(),
    outbox_bytes=1 << 20,
    frame_bytes=4096,
    pace=Pace(greeting_s=60.0, requests_in_flight=8, strays=PLENTY),
)
POLLS = PollOptions(wait_s=25.0, away_s=20.0, batch_bytes=1 << 18)
Carrier = Literal["websocket", "longpoll"]
both: Final = pytest.mark.parametrize("carrier", ["websocket", "longpoll"])
"""A test that holds for both carriers of the native protocol."""
TRUST_LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)


def on_uvloop(test: Callable[P, Coroutine[None, None, None]]) -> Callable[P, None]:
    """Run a test on the loop that the server runs on, with a deadline."""

    @functools.wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        async def in_time() -> None:
            async with asyncio.timeout(3 * PATIENCE_S):
                await test(*args, **kwargs)

        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(in_time())

    return run


class Client:
    """Speaks JSON over a raw socket."""

    def __init__(self, socket: RawSocket) -> None:
        self.socket = socket
        self._request = 0

    def issue(self, do: Frame) -> int:
        """Send a request and give its id."""
        self._request += 1
        self.socket.send_text(json.dumps({"id": self._request, "do": do}))
        return self._request

    async def next_frame(self) -> Frame:
        """Give what the server says next."""
        async with asyncio.timeout(PATIENCE_S):
            _, payload = await self.socket.frames.get()
        frame: Frame = json.loads(payload)
        return frame

    async def answer(self, request: int) -> Frame:
        """Give the answer to a request, passing over what was pushed meanwhile."""
        while (frame := await self.next_frame()).get("re") != request:
            pass
        return frame

    async def ask(self, do: Frame) -> Frame:
        """Give the answer to one request."""
        return await self.answer(self.issue(do))

    async def login(self, user: str = "alice", device: str = "d") -> Self:
        """Log in."""
        frame = await self.ask(login(user, device))
        assert frame["is"] == "reply", frame
        return self

    async def closed(self) -> int | None:
        """Wait for the close; give its code."""
        async with asyncio.timeout(PATIENCE_S):
            return await self.socket.closed

    async def last_words(self) -> tuple[Frame, int | None]:
        """Give the bye and the close code."""
        while (frame := await self.next_frame())["is"] != "bye":
            pass
        code = await self.closed()
        assert self.socket.frames.empty()
        return frame, code


def login(user: str, device: str = "d", **more: object) -> Frame:
    """Give a login."""
    described: Frame = {"id": device, "platform": "web", "label": f"{user}'s {device}"}
    return {"op": "login", "device": described, "login": f"login-{user}-{device}", "token": user, **more}


class Door:
    """A door that is open."""

    def __init__(self, app: AppStage, port: int, registry: Registry, admission: Admission, carrier: Carrier) -> None:
        self.app = app
        self._carrier: Carrier = carrier
        self.port = port
        self.registry = registry
        self.admission = admission
        self._clients: list[Client] = []
        self._polled: list[PolledSocket] = []

    async def connect(self, *, subprotocol: str | None = "unisono.v1+json", **headers: str) -> Client:
        """Shake hands."""
        named: Mapping[str, str] = {name.replace("_", "-"): value for name, value in headers.items()}
        if self._carrier == "longpoll":
            # The members that both have are all that such a test may use.
            polled = await PolledSocket.connect(self.port, headers=named)
            self._polled.append(polled)
            client = Client(cast("RawSocket", polled))
        else:
            client = Client(await RawSocket.connect(self.port, subprotocol=subprotocol, headers=named))
        self._clients.append(client)
        return client

    async def hang_up(self) -> None:
        """Break all connections."""
        for client in self._clients:
            client.socket.abort()
            await client.socket.closed
        for polled in self._polled:
            await polled.hang_up()

    async def counted(self, name: str, label: str, times: int = 1) -> None:
        """Wait until something was counted so often."""
        async with asyncio.timeout(PATIENCE_S):
            while self.app.telemetry.counts.get((name, label), 0) < times:
                await asyncio.sleep(0)


@asynccontextmanager
async def an_open_door(
    options: DoorOptions = OPTIONS,
    limits: AdmissionLimits = LIMITS,
    *,
    carrier: Carrier = "websocket",
    polls: PollOptions = POLLS,
    routes: Sequence[web.RouteDef] = (),
    **app_options: object,
) -> AsyncIterator[Door]:
    """Open a door while inside."""
    async with an_app(policy=None, **app_options) as app:
        admission, registry = Admission(limits, app.clock, app.telemetry), Registry()
        flusher, application = Flusher(), web.Application()
        door = WebSocketDoor(app.node, options, admission=admission, registry=registry, flusher=flusher)
        door.add_to(application.router)
        application.add_routes(routes)
        reception = Reception(admission, app.telemetry, options.trusted_proxies, options.pace.greeting_s)
        try:
            async with asyncio.TaskGroup() as tasks:
                polled = LongPollDoor(
                    app.node,
                    options,
                    polls,
                    admission=admission,
                    registry=registry,
                    flusher=flusher,
                    spawn=tasks.create_task,
                )
                polled.add_to(application.router)
                async with receiving(application, reception, "127.0.0.1", 0) as port:
                    door_at_work = Door(app, port, registry, admission, carrier)
                    yield door_at_work
                    await door_at_work.hang_up()
                    polled.shut()
        finally:
            await settle()
