"""The four requests of long polling: open, send, poll, close. All are POST, all bodies are JSON.

A connection lives in a task of its own, from `open` until either side ends it. To the use cases it is a connection like
any other; what a socket does for those is done here by a `Mailbox` and an `Intake`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import nullcontext, suppress
from functools import partial
from typing import Final

from aiohttp import hdrs, web
from msgspec import Raw, Struct

from unisono.app.node import Node
from unisono.domain.errors import ConnectionUnknown, NotFound, TooLarge, UnisonoError, Unsupported
from unisono.gateways.hosting.admission import Admission
from unisono.gateways.hosting.connection import Connection
from unisono.gateways.hosting.lobby import DoorOptions, Lobby
from unisono.gateways.hosting.opening import Opening
from unisono.gateways.hosting.outbox import Flusher
from unisono.gateways.hosting.reading import read_body
from unisono.gateways.hosting.refusal import refuse
from unisono.gateways.hosting.registry import Registry
from unisono.gateways.hosting.visitor import serving_connection
from unisono.gateways.longpoll.intake import Intake
from unisono.gateways.longpoll.mailbox import NOTHING, Mailbox
from unisono.gateways.native.credential import credential_of
from unisono.gateways.native.dialogue import Dialogue
from unisono.gateways.native.encoder import NativeEncoder
from unisono.wire.codes import code_of
from unisono.wire.longpoll import (
    ENVELOPE_BYTES,
    Batch,
    Close,
    Goodbye,
    Open,
    Opened,
    Poll,
    Send,
    Taken,
    piece,
    read,
    write,
)
from unisono.wire.native import JSON, codec_of

PATH: Final = "/v1/poll"
NORMAL_CLOSE: Final = 1000
LINGER_S: Final = 5.0
"""How long the last words of a connection can be fetched."""
PREFLIGHT_KEPT_S: Final = 7200
"""Browsers keep what they were told of a path no longer than that."""

Handler = Callable[[Opening, bytes], Awaitable[web.Response]]
ReadBody = Callable[[int, float], Awaitable[bytes]]
"""Gives the body of a request, within so many bytes and seconds."""
Spawn = Callable[[Coroutine[None, None, None]], asyncio.Task[None]]


class PollOptions(Struct, frozen=True):
    """How long a poll waits, how long a client may be away between two, and what an answer holds."""

    wait_s: float
    away_s: float
    batch_bytes: int


class Polled(Struct, frozen=True, eq=False):
    """A connection that a client polls. `is_left` is set when the client says that it goes."""

    name: str
    mailbox: Mailbox
    connection: Connection
    intake: Intake
    is_left: asyncio.Event


class LongPollDoor:
    """Serves the native protocol to clients that cannot hold a socket open."""

    def __init__(
        self,
        node: Node,
        options: DoorOptions,
        polls: PollOptions,
        *,
        admission: Admission,
        registry: Registry,
        flusher: Flusher,
        spawn: Spawn,
    ) -> None:
        """Serve a node. `spawn` starts the tasks of connections, and sees to it that they are waited for."""
        self._node = node
        self._polls = polls
        self._spawn = spawn
        self._encoder = NativeEncoder(codec_of(JSON), piece)
        self._telemetry = node.parts.telemetry
        self._lobby = Lobby(
            options,
            admission=admission,
            registry=registry,
            flusher=flusher,
            clock=node.parts.clock,
            telemetry=node.parts.telemetry,
        )
        self._polled: dict[str, Polled] = {}
        self._handlers: Mapping[str, Handler] = {
            "open": self._open,
            "send": self._send,
            "poll": self._poll,
            "close": self._close,
        }
        self._tasks: set[asyncio.Task[None]] = set()

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Register the paths."""
        for name in self._handlers:
            resource = router.add_resource(f"{PATH}/{name}")
            resource.add_route(hdrs.METH_POST, partial(self._post, name))
            resource.add_route(hdrs.METH_OPTIONS, self._preflight)

    def shut(self) -> None:
        """End all connections at once."""
        for task in self._tasks:
            task.cancel()

    async def answer(self, name: str, method: str, request: Opening, body: ReadBody) -> web.Response:
        """Answer a request below our path, whoever reads it."""
        if name not in self._handlers:
            return refuse(NotFound())
        if method == hdrs.METH_OPTIONS:
            return await self._preflight(request)
        if method != hdrs.METH_POST:
            response = refuse(Unsupported(what="method"))
            response.set_status(405)
            return response
        return await self._answer(name, request, body)

    async def _post(self, name: str, request: web.Request) -> web.Response:
        async def body(limit_bytes: int, within_s: float) -> bytes:
            return await read_body(request, limit_bytes=limit_bytes, within_s=within_s)

        return await self._answer(name, request, body)

    async def _answer(self, name: str, request: Opening, body: ReadBody) -> web.Response:
        origin, options = None, self._lobby.options
        try:
            origin = self._lobby.check_origin(request)
            said = await body(options.frame_bytes + ENVELOPE_BYTES, options.pace.greeting_s)
            response = await self._handlers[name](request, said)
        except UnisonoError as fault:
            response = refuse(fault)
        _let_read(response, origin)
        self._telemetry.count("poll_requests", label=str(response.status))
        return response

    async def _preflight(self, request: Opening) -> web.Response:
        try:
            origin = self._lobby.check_origin(request)
        except UnisonoError as fault:
            return refuse(fault)
        response = web.Response(status=204)
        _let_read(response, origin)
        response.headers[hdrs.ACCESS_CONTROL_ALLOW_METHODS] = hdrs.METH_POST
        response.headers[hdrs.ACCESS_CONTROL_ALLOW_HEADERS] = hdrs.CONTENT_TYPE
        response.headers[hdrs.ACCESS_CONTROL_MAX_AGE] = str(PREFLIGHT_KEPT_S)
        return response

    async def _open(self, request: Opening, body: bytes) -> web.Response:
        try:
            frames = self._plain(read(body, Open).frames)
            polled = await self._begin(request)
        except UnisonoError as fault:
            self._telemetry.count("connections_refused", label=fault.code)
            raise
        batch = Batch(0, NOTHING)
        if frames:
            await polled.intake.take(1, frames, self._polls.wait_s)
            batch = await polled.mailbox.next_batch(0, self._polls.wait_s)
        return _answer(Opened(polled.name, self._polls.wait_s, batch.batch, batch.frames, batch.close))

    async def _send(self, request: Opening, body: bytes) -> web.Response:
        del request
        ask = read(body, Send)
        polled = self._find(ask.connection)
        return _answer(Taken(await polled.intake.take(ask.batch, self._plain(ask.frames), self._polls.wait_s)))

    async def _poll(self, request: Opening, body: bytes) -> web.Response:
        ask = read(body, Poll)
        polled = self._find(ask.connection)
        before = polled.mailbox.number
        wait_s = self._polls.wait_s if ask.wait_s is None else min(ask.wait_s, self._polls.wait_s)
        with serving_connection(request) if isinstance(request, web.Request) else nullcontext():
            batch = await polled.mailbox.next_batch(ask.after, wait_s)
        if batch.batch == before:
            # Given again, given up for another poll, or a wait for nothing: work that no user's rate counts.
            polled.intake.note_stray()
        return _answer(batch)

    async def _close(self, request: Opening, body: bytes) -> web.Response:
        del request
        polled = self._find(read(body, Close).connection)
        polled.intake.close()
        polled.is_left.set()
        return web.Response(status=204)

    def _find(self, name: str) -> Polled:
        polled = self._polled.get(name)
        if polled is None:
            raise ConnectionUnknown()
        polled.connection.heard()
        return polled

    def _plain(self, frames: Sequence[Raw]) -> list[bytes]:
        limit = self._lobby.options.frame_bytes
        plain = [bytes(frame) for frame in frames]
        if any(len(frame) > limit for frame in plain):
            raise TooLarge(what="frame", limit_bytes=limit)
        return plain

    async def _begin(self, request: Opening) -> Polled:
        """Start a connection; it lives on after the request that asked for it."""
        opened: asyncio.Future[Polled] = asyncio.get_running_loop().create_future()
        task = self._spawn(self._live(request, self._lobby.address_of(request), opened))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return await opened

    async def _live(self, request: Opening, address: str, opened: asyncio.Future[Polled]) -> None:
        try:
            with self._lobby.admission.connection(address):
                await self._host(request, address, opened)
        except UnisonoError as fault:
            if opened.done():
                self._telemetry.event("poll_left_undone", code=fault.code)
            else:
                opened.set_exception(fault)
        except Exception as defect:  # noqa: BLE001  (a connection's task ends here; no other is to end with it)
            self._telemetry.defect("poll_failed", defect)
        finally:
            opened.cancel()

    async def _host(self, request: Opening, address: str, opened: asyncio.Future[Polled]) -> None:
        polls, mailbox = self._polls, Mailbox(self._polls.batch_bytes)
        name = self._node.parts.entropy.secret()
        try:
            with self._lobby.connected(
                mailbox,
                label="longpoll",
                encoder=self._encoder,
                say_bye=self._encoder.bye,
                silence_s=polls.wait_s + polls.away_s,
            ) as connection:
                intake = Intake(connection, self._lobby.strays(connection), self._telemetry)
                polled = self._polled[name] = Polled(name, mailbox, connection, intake, asyncio.Event())
                opened.set_result(polled)
                await self._talk(request, address, polled)
            await _let_fetch_the_end(polled)
        finally:
            self._polled.pop(name, None)
            # A stop of the server ends the task anywhere; a poll that waits is not to hold it up.
            mailbox.close(Goodbye(NORMAL_CLOSE, ""))

    async def _talk(self, request: Opening, address: str, polled: Polled) -> None:
        dialogue = Dialogue(
            self._node,
            polled.intake,
            polled.connection,
            self._encoder,
            admission=self._lobby.admission,
            pace=self._lobby.options.pace,
        )
        try:
            await dialogue.run(partial(credential_of, request, address), address)
        finally:
            polled.intake.close()


async def _let_fetch_the_end(polled: Polled) -> None:
    """Close the mailbox. A client that did not go by itself has a while to fetch why."""
    ending = polled.connection.ending
    if ending is None:
        polled.mailbox.close(Goodbye(NORMAL_CLOSE, ""))
        return
    polled.mailbox.close(Goodbye(code_of(ending).close, ending.message))
    with suppress(TimeoutError):
        async with asyncio.timeout(LINGER_S):
            await polled.is_left.wait()


def _answer(answer: Batch | Opened | Taken) -> web.Response:
    return web.Response(body=write(answer), content_type="application/json")


def _let_read(response: web.Response, origin: str | None) -> None:
    """Have no cache keep it, and let the page read it that asked."""
    response.headers[hdrs.CACHE_CONTROL] = "no-store"
    if origin is not None:
        response.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = origin
        response.headers[hdrs.ACCESS_CONTROL_EXPOSE_HEADERS] = hdrs.RETRY_AFTER
        response.headers[hdrs.VARY] = hdrs.ORIGIN
