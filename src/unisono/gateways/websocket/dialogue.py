"""One client from its greeting to its end: frames in, answers out.

No client holds up the others: after a few frames it waits a turn of the event loop, and what it sends beside commands,
whose number is limited for each user, is limited here for each connection (`Pace.strays`).
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from aiohttp import WebSocketError, WSCloseCode, WSMsgType, web
from msgspec import Struct

from unisono.app.caller import Caller
from unisono.app.greeting import Greeted
from unisono.app.node import Node
from unisono.domain.answers import Answer
from unisono.domain.commands import Command, Login, Ping, Resume
from unisono.domain.errors import (
    AlreadyGreeted,
    Internal,
    Malformed,
    NotGreeted,
    NoUser,
    RateLimited,
    SessionFault,
    Timeout,
    TokenFault,
    TooLarge,
    UnisonoError,
)
from unisono.domain.permission import Standing, check
from unisono.domain.rates import Bucket, Rate, full, take
from unisono.domain.session import Cue, Phase, next_phase
from unisono.gateways.hosting.admission import Admission
from unisono.gateways.hosting.connection import Connection
from unisono.gateways.hosting.frames import PONG, frame
from unisono.gateways.websocket.encoder import NativeEncoder
from unisono.ports.identity import Credential
from unisono.wire.native import Request, request_id_of

PAYLOADS: Final = (WSMsgType.TEXT, WSMsgType.BINARY)
CLOSING: Final = (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR)

TURN_FRAMES: Final = 32
"""Frames read in one turn of the event loop: about 1 ms."""
TURN_BYTES: Final = 64 * 1024
"""Bytes read in one turn of the event loop, and the frame that reaches them."""
STRAY_BYTES: Final = 16 * 1024
"""A stray frame costs one, and one more for each so many bytes: reading it takes as long."""
UNPAID: Final = (RateLimited, AlreadyGreeted, NoUser)
"""Why a command is refused before it is counted among its user's."""

CredentialOf = Callable[[Login], Credential]
Socket = web.WebSocketResponse[bool]


class Pace(Struct, frozen=True):
    """How long a greeting may take, in seconds, and how many requests of a connection are worked on at a time.

    `strays` is the rate of frames that are no command carried out: pings, what cannot be read, what is refused for its
    number. Beyond it the connection ends.
    """

    greeting_s: float
    requests_in_flight: int
    strays: Rate


class Exchange:
    """A request that is being carried out. Implements `app.execute.Exchange`."""

    __slots__ = ("_dialogue", "_request", "_started_s")

    def __init__(self, dialogue: "Dialogue", request: Request, started_s: float) -> None:
        self._dialogue = dialogue
        self._request = request
        self._started_s = started_s

    def acknowledge(self, answer: Answer) -> None:
        """Write the answer."""
        self._dialogue.acknowledge(self._request, answer)

    def over(self, problem: Exception | None) -> None:
        """Write what went wrong, if anything did, and make room for another request."""
        self._dialogue.close_exchange(self._request, self._started_s, problem)


class Dialogue:
    """Reads a client's frames one by one and starts what they ask; answers leave as they come."""

    __slots__ = (
        "_admission",
        "_connection",
        "_encoder",
        "_in_flight",
        "_node",
        "_pace",
        "_phase",
        "_room",
        "_socket",
        "_strays",
        "_turn_bytes",
        "_turn_frames",
    )

    def __init__(
        self,
        node: Node,
        socket: Socket,
        connection: Connection,
        encoder: NativeEncoder,
        *,
        admission: Admission,
        pace: Pace,
    ) -> None:
        self._node = node
        self._socket = socket
        self._connection = connection
        self._encoder = encoder
        self._admission = admission
        self._pace = pace
        self._phase = Phase.GREETING
        self._in_flight = 0
        self._room: asyncio.Event | None = None
        self._strays: Bucket | None = None
        self._turn_frames = 0
        self._turn_bytes = 0

    async def run(self, credential_of: CredentialOf, address: str) -> None:
        """Serve the client until either side ends it."""
        try:
            payload = await self._first_payload()
        except Timeout as fault:
            self._move(Cue.DEADLINE_PASSED)
            self._refuse(0, fault)
            self._connection.end(fault)
            return
        request = None if payload is None else self._read_greeting(payload)
        if request is not None:
            await self._serve(request, credential_of, address)

    async def _first_payload(self) -> bytes | None:
        """Give what is to greet. Only waiting for it is timed: cutting off a login would leave half of it."""
        payload = None
        try:
            async with asyncio.timeout(self._pace.greeting_s):
                with suppress(TimeoutError):
                    async with self._connection.until_end():
                        payload = await self._next_payload()
        except TimeoutError:
            raise Timeout(what="greeting", limit_s=int(self._pace.greeting_s)) from None
        return payload

    def _read_greeting(self, payload: bytes) -> Request | None:
        try:
            return self._encoder.codec.decode(payload)
        except UnisonoError as fault:
            self._refuse(request_id_of(payload, self._encoder.codec), fault)
            self._connection.end(fault)
            return None

    async def _serve(self, request: Request, credential_of: CredentialOf, address: str) -> None:
        command = request.do
        try:
            greeted = await self._greet(command, credential_of, address)
        except UnisonoError as fault:
            self._refuse_greeting(request, fault)
            return
        except Exception as defect:  # noqa: BLE001  (a defect in the operator's own function costs one login)
            self._node.parts.telemetry.defect("greeting_failed", defect)
            self._refuse_greeting(request, Internal())
            return
        self._move(Cue.CREDENTIALS_ACCEPTED)
        try:
            self._connection.answer_nowait(self._encoder.reply(request.id, greeted.welcome))
            self._connection.uncork()
            await self._converse(greeted.caller)
        finally:
            self._move(Cue.ENDED if self._is_session_over() else Cue.TRANSPORT_LOST)
            if greeted.caller.session is not None:
                await self._node.leave(greeted.caller.session, self._connection, self._phase)

    def _move(self, cue: Cue) -> None:
        self._phase = next_phase(self._phase, cue)

    def _is_session_over(self) -> bool:
        """Say if the connection ended because its session did, and not the other way round."""
        ending = self._connection.ending
        return ending is not None and isinstance(ending, SessionFault | TokenFault)

    async def _greet(self, command: Command, credential_of: CredentialOf, address: str) -> Greeted:
        check(type(command), Standing.UNGREETED)
        with self._admission.greeting():
            match command:
                case Login():
                    return await self._node.greeting.login(command, credential_of(command), self._connection)
                case Resume():
                    return await self._node.greeting.resume(command, address, self._connection)
                case _:
                    raise NotGreeted()

    def _refuse_greeting(self, request: Request, fault: UnisonoError) -> None:
        if isinstance(request.do, Login | Resume):
            outcomes = "logins" if isinstance(request.do, Login) else "resumes"
            self._node.parts.telemetry.count(outcomes, label=fault.code)
        self._move(Cue.CREDENTIALS_REFUSED)
        self._refuse(request.id, fault)
        self._connection.end(fault)

    async def _converse(self, caller: Caller) -> None:
        async with asyncio.TaskGroup() as tasks:
            with suppress(TimeoutError):
                async with self._connection.until_end():
                    await self._start_requests(caller, tasks)
        await self._wait_until_fewer(1)

    async def _start_requests(self, caller: Caller, tasks: asyncio.TaskGroup) -> None:
        start = self._node.executor.start
        while (request := await self._next_request()) is not None:
            if isinstance(request.do, Ping):
                self._note_stray()
            await self._wait_until_fewer(self._pace.requests_in_flight)
            self._in_flight += 1
            work = start(caller, request.do, Exchange(self, request, self._node.parts.clock.monotonic_s()))
            if work is not None:
                tasks.create_task(work)

    def acknowledge(self, request: Request, answer: Answer) -> None:
        """Write the answer to a request."""
        self._connection.push_nowait(self._encoder.reply(request.id, answer))

    def close_exchange(self, request: Request, started_s: float, problem: Exception | None) -> None:
        """Write what went wrong with a request, if anything did, and make room for another."""
        parts = self._node.parts
        if problem is None:
            parts.telemetry.observe_s("command", parts.clock.monotonic_s() - started_s)
        elif isinstance(problem, UnisonoError):
            self._refuse(request.id, problem)
            if isinstance(problem, UNPAID):
                self._note_stray()
        else:
            parts.telemetry.defect("command_failed", problem, op=type(request.do).__name__)
            self._refuse(request.id, Internal())
        self._in_flight -= 1
        if self._room is not None:
            self._room.set()

    async def _next_request(self) -> Request | None:
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
                self._note_stray(len(payload))

    async def _next_payload(self) -> bytes | None:
        """Give what the client sent next, or None when it is over."""
        while self._connection.ending is None:
            await self._take_turns()
            message = await self._socket.receive()
            self._connection.heard()
            self._turn_frames += 1
            if message.type in PAYLOADS:
                self._turn_bytes += len(message.data)
                return self._payload(message.data, is_text=message.type is WSMsgType.TEXT)
            if message.type in CLOSING:
                if isinstance(message.data, WebSocketError):
                    self._connection.finish(_offence(message.data))
                return None
            if message.type is WSMsgType.PING:
                self._connection.answer_nowait(frame(bytes(message.data), PONG))
            self._note_stray()
        return None

    async def _take_turns(self) -> None:
        """Let others go on: frames that are there already are read without any wait of their own."""
        if self._turn_frames >= TURN_FRAMES or self._turn_bytes >= TURN_BYTES:
            self._turn_frames = self._turn_bytes = 0
            await asyncio.sleep(0)

    def _note_stray(self, size_bytes: int = 0) -> None:
        """Count a frame that no user's rate counts, and end a connection that sends too many of them."""
        rate, now_s = self._pace.strays, self._node.parts.clock.monotonic_s()
        if self._strays is None:
            self._strays = full(rate, now_s)
        wait_s = take(self._strays, rate, now_s, 1.0 + size_bytes // STRAY_BYTES)
        if wait_s > 0.0 and self._connection.ending is None:
            self._admission.note_refusal("rates.strays_per_s")
            self._connection.end(RateLimited(what="frames that are no commands", retry_after_ms=int(wait_s * 1000) + 1))

    def _payload(self, data: bytes | str, *, is_text: bool) -> bytes | None:
        self._node.parts.telemetry.count("frames_received")
        self._node.parts.telemetry.count("received", len(data))
        if is_text is self._encoder.codec.is_text and isinstance(data, bytes):
            return data
        fault = Malformed(reason="text frames carry JSON, binary frames MessagePack")
        self._refuse(0, fault)
        self._connection.end(fault)
        return None

    async def _wait_until_fewer(self, requests: int) -> None:
        """Wait until fewer requests than that are worked on."""
        while self._in_flight >= requests:
            if self._room is None:
                self._room = asyncio.Event()
            self._room.clear()
            await self._room.wait()

    def _refuse(self, request: int, fault: UnisonoError) -> None:
        self._node.parts.telemetry.count("refusals", label=fault.code)
        self._connection.answer_nowait(self._encoder.refusal(request, fault))


def _offence(error: WebSocketError) -> UnisonoError:
    """Give the fault of a peer that broke the rules of the transport. The library has told it already, by its code."""
    return TooLarge(what="frame") if error.code == WSCloseCode.MESSAGE_TOO_BIG else Malformed(reason="transport")
