"""One client from its greeting to its end: frames in, answers out."""

import asyncio
from collections.abc import Callable
from typing import Final

from aiohttp import WSMsgType, web
from msgspec import Struct

from unisono.app.caller import Caller
from unisono.app.greeting import Greeted
from unisono.app.node import Node
from unisono.domain.answers import AnyAnswer
from unisono.domain.commands import Login, Resume
from unisono.domain.errors import Internal, Malformed, NotGreeted, Timeout, UnisonoError, Unsupported
from unisono.domain.permission import Standing, check
from unisono.gateways.hosting.admission import Admission
from unisono.gateways.hosting.connection import Connection
from unisono.gateways.hosting.frames import PONG, frame
from unisono.gateways.websocket.encoder import NativeEncoder
from unisono.ports.identity import Credential
from unisono.wire.native import Request, request_id_of

PAYLOADS: Final = (WSMsgType.TEXT, WSMsgType.BINARY)
CLOSING: Final = (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR)

CredentialOf = Callable[[Login], Credential]
Socket = web.WebSocketResponse[bool]


class Pace(Struct, frozen=True):
    """How long a greeting may take, in seconds, and how many requests of a connection are worked on at a time."""

    greeting_s: float
    requests_in_flight: int


class Dialogue:
    """Reads a client's frames one by one and starts what they ask; answers leave as they come."""

    __slots__ = ("_admission", "_connection", "_encoder", "_in_flight", "_node", "_pace", "_room", "_socket")

    def __init__(
        self, node: Node, socket: Socket, connection: Connection, encoder: NativeEncoder, admission: Admission, pace: Pace
    ) -> None:
        self._node = node
        self._socket = socket
        self._connection = connection
        self._encoder = encoder
        self._admission = admission
        self._pace = pace
        self._in_flight = 0
        self._room: asyncio.Event | None = None

    async def run(self, credential_of: CredentialOf, address: str) -> None:
        """Serve the client until either side ends it."""
        try:
            async with self._connection.until_end():
                greeted = await self._greet(credential_of, address)
                if greeted is not None:
                    await self._converse(greeted)
        except TimeoutError:
            # The connection ends for its own reason, which its last frame has told.
            pass

    async def _greet(self, credential_of: CredentialOf, address: str) -> Greeted | None:
        request_id = 0
        try:
            async with asyncio.timeout(self._pace.greeting_s) as deadline:
                request = await self._next_request()
                if request is None:
                    return None
                request_id = request.id
                with self._admission.greeting():
                    greeted = await self._open(request, credential_of, address)
        except TimeoutError:
            if not deadline.expired():
                raise
            self._connection.end(Timeout(what="greeting", limit_s=int(self._pace.greeting_s)))
            return None
        except UnisonoError as fault:
            self._refuse(request_id, fault)
            self._connection.end(fault)
            return None
        self._connection.answer_nowait(self._encoder.reply(request_id, greeted.welcome))
        self._connection.uncork()
        return greeted

    async def _open(self, request: Request, credential_of: CredentialOf, address: str) -> Greeted:
        command = request.do
        check(type(command), Standing.UNGREETED)
        match command:
            case Login():
                return await self._node.greeting.login(command, credential_of(command), self._connection)
            case Resume():
                return await self._node.greeting.resume(command, address, self._connection)
            case _:
                raise NotGreeted()

    async def _converse(self, greeted: Greeted) -> None:
        caller = greeted.caller
        try:
            async with asyncio.TaskGroup() as tasks:
                while (request := await self._next_request_or_refuse()) is not None:
                    await self._wait_for_room()
                    self._in_flight += 1
                    tasks.create_task(self._carry_out(caller, request))
        finally:
            if caller.session is not None:
                await self._node.leave(caller.session, self._connection)

    async def _carry_out(self, caller: Caller, request: Request) -> None:
        def acknowledge(answer: AnyAnswer) -> None:
            self._connection.push_nowait(self._encoder.reply(request.id, answer))

        try:
            await self._node.executor.execute(caller, request.do, acknowledge)
        except UnisonoError as fault:
            self._refuse(request.id, fault)
        except Exception as defect:  # noqa: BLE001  (the task tree of a request ends here; a defect costs one answer)
            self._node.parts.telemetry.defect("command_failed", defect, op=type(request.do).__name__)
            self._refuse(request.id, Internal())
        finally:
            self._in_flight -= 1
            if self._room is not None:
                self._room.set()

    async def _next_request_or_refuse(self) -> Request | None:
        """Give the next request that can be read; a frame without even an id ends the connection."""
        while True:
            payload = await self._next_payload()
            if payload is None:
                return None
            try:
                return self._encoder.codec.decode(payload)
            except UnisonoError as fault:
                request_id = request_id_of(payload, self._encoder.codec)
                self._refuse(request_id, fault)
                if request_id == 0:
                    self._connection.end(fault)

    async def _next_request(self) -> Request | None:
        payload = await self._next_payload()
        return None if payload is None else self._encoder.codec.decode(payload)

    async def _next_payload(self) -> bytes | None:
        while True:
            message = await self._socket.receive()
            self._connection.heard()
            if message.type in PAYLOADS:
                return self._payload(message.data, is_text=message.type is WSMsgType.TEXT)
            if message.type is WSMsgType.PING:
                self._connection.answer_nowait(frame(bytes(message.data), PONG))
            elif message.type in CLOSING:
                return None

    def _payload(self, data: bytes | str, *, is_text: bool) -> bytes | None:
        self._node.parts.telemetry.count("frames_received")
        if is_text is self._encoder.codec.is_text and isinstance(data, bytes):
            return data
        fault = Malformed(reason="text frames carry JSON, binary frames MessagePack")
        self._refuse(0, fault)
        self._connection.end(fault)
        return None

    async def _wait_for_room(self) -> None:
        while self._in_flight >= self._pace.requests_in_flight:
            if self._room is None:
                self._room = asyncio.Event()
            self._room.clear()
            await self._room.wait()

    def _refuse(self, request: int, fault: UnisonoError) -> None:
        self._node.parts.telemetry.count("refusals", label=fault.code)
        self._connection.answer_nowait(self._encoder.refusal(request, fault))
