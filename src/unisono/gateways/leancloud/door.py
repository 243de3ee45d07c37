"""The handshake: `/` and `/leancloud`, by the subprotocols of LeanCloud's clients."""

from functools import partial
from typing import Final

from aiohttp import hdrs, web

from unisono.domain.errors import Draining, NotFound, Timeout, UnisonoError
from unisono.gateways.hosting.admission import Admission
from unisono.gateways.hosting.closing import Goodbye
from unisono.gateways.hosting.host import Guest, Host, Manner
from unisono.gateways.hosting.lobby import DoorOptions, Lobby
from unisono.gateways.hosting.outbox import Flusher
from unisono.gateways.hosting.refusal import refuse
from unisono.gateways.hosting.registry import Registry
from unisono.gateways.leancloud.parcels import LeanCloudEncoder, framed
from unisono.gateways.leancloud.station import Stations
from unisono.gateways.leancloud.talk import LOGIN, READ_BYTES, Talk
from unisono.ports.clock import Clock
from unisono.ports.telemetry import Telemetry
from unisono.wire.leancloud.codes import ERRORS, error_of
from unisono.wire.leancloud.envelope import MESSAGING
from unisono.wire.leancloud.frames import encode
from unisono.wire.leancloud.realtime_pb2 import GenericCommand, goaway
from unisono.wire.leancloud.subprotocols import QUERY, Choice, Dialect, choose

PATHS: Final = ("/", "/leancloud")
SILENCE_S: Final = 400.0
"""How long a client may be silent: those from 3.5 on say something every 180 s."""
_TOO_LATE: Final = ERRORS[4108]


class LeanCloudDoor:
    """Serves LeanCloud's clients, of whatever app."""

    def __init__(
        self,
        stations: Stations,
        options: DoorOptions,
        *,
        admission: Admission,
        registry: Registry,
        flusher: Flusher,
        clock: Clock,
        telemetry: Telemetry,
    ) -> None:
        self._stations = stations
        self._options = options
        self._admission = admission
        self._clock = clock
        self._telemetry = telemetry
        self._encoder = LeanCloudEncoder()
        lobby = Lobby(
            options, admission=admission, registry=registry, flusher=flusher, clock=clock, telemetry=telemetry
        )
        self._host = Host(lobby)

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Register the paths."""
        for path in PATHS:
            router.add_get(path, self.handle)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Check a handshake, then serve the connection until it closes. A page is asked for without one."""
        if hdrs.UPGRADE not in request.headers:
            return refuse(NotFound())
        return await self._host.receive(request, self._manner)

    def _manner(self, request: web.Request) -> Manner:
        choice = _choice(request)
        return Manner(
            label="leancloud",
            # The answer has to repeat what was offered, and nothing where the URL offered it.
            protocols=(choice.dialect.name,) if choice.is_echoed else (),
            encoder=self._encoder,
            say_bye=partial(self._say_bye, choice.dialect),
            goodbye=_goodbye,
            serve=partial(self._serve, choice.dialect),
            frame_bytes=READ_BYTES,
            silence_s=SILENCE_S,
        )

    async def _serve(self, dialect: Dialect, guest: Guest) -> None:
        talk = Talk(
            self._stations,
            guest,
            dialect,
            options=self._options,
            admission=self._admission,
            telemetry=self._telemetry,
        )
        await talk.run()

    def _say_bye(self, dialect: Dialect, fault: UnisonoError) -> bytes:
        """Give the last frame: clients of a node that goes are told to look for another one."""
        if not isinstance(fault, Draining):
            return b""
        return framed(encode(GenericCommand(cmd=goaway, service=MESSAGING, serverTs=self._clock.now()), dialect))


def _choice(request: web.Request) -> Choice:
    offered = [name.strip() for name in request.headers.get(hdrs.SEC_WEBSOCKET_PROTOCOL, "").split(",")]
    return choose([name for name in offered if name], request.query.get(QUERY))


def _goodbye(fault: UnisonoError | None) -> Goodbye:
    if fault is None:
        return Goodbye()
    is_late = isinstance(fault, Timeout) and fault.numbers.get("what") == LOGIN
    error = _TOO_LATE if is_late else error_of(fault)
    return Goodbye(error.code, error.name)
