"""One client from its greeting to its end: frames in, answers out."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Final, Protocol

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
    UnisonoError,
)
from unisono.domain.permission import Standing, check
from unisono.domain.session import Cue, Phase, next_phase
from unisono.gateways.hosting.admission import Admission
from unisono.gateways.hosting.connection import Connection
from unisono.gateways.hosting.incoming import Payload
from unisono.gateways.hosting.lobby import Pace
from unisono.gateways.native.encoder import NativeEncoder
from unisono.ports.identity import Credential
from unisono.wire.native import Request, request_id_of

UNPAID: Final = (RateLimited, AlreadyGreeted, NoUser)
"""Why a command is refused before it is counted among its user's."""

CredentialOf = Callable[[Login], Credential]


class Incoming(Protocol):
    """Where a client's frames come from."""

    async def next(self) -> Payload | None:
        """Give what the client sent next, or None when it is over."""

    def note_stray(self, size_bytes: int = 0) -> None:
        """Count a frame that no user's rate counts, and end a connection that sends too many of them."""


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
        "_incoming",
        "_node",
        "_pace",
        "_phase",
        "_room",
    )

    def __init__(
        self,
        node: Node,
        incoming: Incoming,
        connection: Connection,
        encoder: NativeEncoder,
        *,
        admission: Admission,
        pace: Pace,
    ) -> None:
        self._node = node
        self._incoming = incoming
        self._connection = connection
        self._encoder = encoder
        self._admission = admission
        self._pace = pace
        self._phase = Phase.GREETING
        self._in_flight = 0
        self._room: asyncio.Event | None = None

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
        signals = self._node.signals
        if isinstance(request.do, Resume):
            signals.hold(self._connection)
        try:
            await self._let_in(request, credential_of, address)
        finally:
            signals.release(self._connection)

    async def _let_in(self, request: Request, credential_of: CredentialOf, address: str) -> None:
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
            await self._converse(greeted.caller, is_back=isinstance(command, Resume))
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

    async def _converse(self, caller: Caller, *, is_back: bool) -> None:
        async with asyncio.TaskGroup() as tasks:
            bringing: asyncio.Task[None] | None = None
            if is_back and caller.session is not None:
                # Beside the rest: neither a slow store nor one that is away costs the connection anything.
                bringing = tasks.create_task(self._node.telling.bring_sometime(caller.session, self._connection))
            with suppress(TimeoutError):
                async with self._connection.until_end():
                    await self._start_requests(caller, tasks)
            if bringing is not None:
                bringing.cancel()
            if caller.session is not None:
                self._node.asking.questions.give_up(caller.session, caller.fence)
        await self._wait_until_fewer(1)

    async def _start_requests(self, caller: Caller, tasks: asyncio.TaskGroup) -> None:
        start = self._node.executor.start
        while (request := await self._next_request()) is not None:
            if isinstance(request.do, Ping):
                self._incoming.note_stray()
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
                self._incoming.note_stray()
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
                self._incoming.note_stray(len(payload))

    async def _next_payload(self) -> bytes | None:
        """Give what the client sent next, or None when it is over."""
        payload = await self._incoming.next()
        return None if payload is None else self._checked(payload)

    def _checked(self, payload: Payload) -> bytes | None:
        if payload.is_text is self._encoder.codec.is_text:
            return payload.data
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
