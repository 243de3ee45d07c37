"""The ASGI application: what another program's server reads, served as on our own port, within the same bounds."""

import asyncio
from collections.abc import Sequence
from functools import cache, partial
from typing import Final

from aiohttp import hdrs, web

from unisono.app.node import Node
from unisono.domain.errors import Draining, Malformed, NotFound, Timeout, TooLarge, UnisonoError
from unisono.gateways.asgi.scope import AsgiOpening, Message, Receive, Scope, Send, path_within
from unisono.gateways.asgi.socket import AsgiIncoming, AsgiSink, piece
from unisono.gateways.hosting.closing import CLOSE_DEADLINE_S, Goodbye
from unisono.gateways.hosting.connection import Connection
from unisono.gateways.hosting.lobby import Lobby
from unisono.gateways.hosting.refusal import refuse
from unisono.gateways.longpoll.door import PATH as POLL_PATH
from unisono.gateways.longpoll.door import LongPollDoor
from unisono.gateways.native.choosing import chosen_subprotocol
from unisono.gateways.native.credential import credential_of
from unisono.gateways.native.dialogue import Dialogue
from unisono.gateways.native.encoder import NativeEncoder
from unisono.gateways.websocket.door import PATH as SOCKET_PATH
from unisono.wire.codes import code_of
from unisono.wire.native import codec_of

DENIAL: Final = "websocket.http.response"
"""The extension of ASGI by which a handshake is refused in words."""


class AsgiDoor:
    """Serves the native protocol to what an ASGI server holds."""

    def __init__(self, node: Node, lobby: Lobby, polled: LongPollDoor | None) -> None:
        """Serve a node; with a door for polling where that is wanted."""
        self._node: Final = node
        self._lobby: Final = lobby
        self._polled: Final = polled

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a connection or a request, to its end."""
        if scope["type"] == "websocket":
            await self._serve_socket(scope, receive, send)
        else:
            await self._serve_request(scope, receive, send)

    # ------------------------------------------------------------ WebSocket

    async def _serve_socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        opening = AsgiOpening(scope)
        await receive()
        try:
            if path_within(scope) != SOCKET_PATH:
                raise NotFound()
            self._lobby.check_origin(opening)
            offered: Sequence[str] = scope.get("subprotocols") or ()
            subprotocol = chosen_subprotocol(",".join(offered))
            address = self._lobby.address_of(opening)
            with self._lobby.admission.connection(address):
                await send({"type": "websocket.accept", "subprotocol": subprotocol if offered else None})
                await self._converse(opening, address, _encoder(subprotocol), receive, send)
        except UnisonoError as fault:
            self._lobby.telemetry.count("connections_refused", label=fault.code)
            await _deny(scope, send, fault)

    async def _converse(
        self, opening: AsgiOpening, address: str, encoder: NativeEncoder, receive: Receive, send: Send
    ) -> None:
        sink = AsgiSink(send, is_text=encoder.codec.is_text)
        async with asyncio.TaskGroup() as tasks:
            writing = tasks.create_task(sink.run())
            try:
                with self._lobby.connected(sink, label="asgi", encoder=encoder, say_bye=encoder.bye) as connection:
                    await self._talk(opening, address, encoder, sink, connection, receive=receive)
            finally:
                ending = connection.ending
                sink.close(Goodbye() if ending is None else Goodbye(code_of(ending).close, ending.message))
                await asyncio.wait([writing], timeout=CLOSE_DEADLINE_S)
                writing.cancel()

    async def _talk(
        self,
        opening: AsgiOpening,
        address: str,
        encoder: NativeEncoder,
        sink: AsgiSink,
        connection: Connection,
        *,
        receive: Receive,
    ) -> None:
        lobby = self._lobby
        options = lobby.options
        incoming = AsgiIncoming(
            receive, sink, connection, lobby.strays(connection), lobby.telemetry, frame_bytes=options.frame_bytes
        )
        dialogue = Dialogue(self._node, incoming, connection, encoder, admission=lobby.admission, pace=options.pace)
        await dialogue.run(partial(credential_of, opening, address), address)

    # ------------------------------------------------------------ long polling

    async def _serve_request(self, scope: Scope, receive: Receive, send: Send) -> None:
        before, _, name = path_within(scope).rpartition("/")
        if before != POLL_PATH or self._polled is None:
            await _respond(send, refuse(NotFound()))
            return
        method = str(scope["method"])
        await _respond(send, await self._polled.answer(name, method, AsgiOpening(scope), partial(_read_body, receive)))


async def turn_away(scope: Scope, receive: Receive, send: Send) -> None:
    """Tell a client to come back later: the server does not run now."""
    fault = Draining(retry_after_ms=1000)
    if scope["type"] == "websocket":
        await receive()
        await _deny(scope, send, fault)
    else:
        await _respond(send, refuse(fault))


@cache
def _encoder(subprotocol: str) -> NativeEncoder:
    # One for all connections of a codec: the fan-out writes a fact once for each encoder.
    return NativeEncoder(codec_of(subprotocol), piece)


async def _read_body(receive: Receive, limit_bytes: int, within_s: float) -> bytes:
    body = bytearray()
    try:
        async with asyncio.timeout(within_s):
            while True:
                message = await receive()
                if message["type"] != "http.request":
                    raise Malformed(reason="body")
                body += message.get("body", b"")
                if len(body) > limit_bytes:
                    raise TooLarge(what="body", limit_bytes=limit_bytes)
                if not message.get("more_body", False):
                    return bytes(body)
    except TimeoutError:
        raise Timeout(what="body", limit_s=int(within_s)) from None


async def _deny(scope: Scope, send: Send, fault: UnisonoError) -> None:
    """Refuse a handshake, in words where the server can tell them."""
    if DENIAL in (scope.get("extensions") or {}):
        await _respond(send, refuse(fault), kind="websocket.http.response")
    else:
        await send({"type": "websocket.close", "code": code_of(fault).close, "reason": fault.code})


async def _respond(send: Send, response: web.Response, kind: str = "http.response") -> None:
    body = response.body if isinstance(response.body, bytes) else b""
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in response.headers.items()]
    headers = [pair for pair in headers if pair[0] != hdrs.CONTENT_LENGTH.lower().encode()]
    headers.append((b"content-length", str(len(body)).encode()))
    start: Message = {"type": f"{kind}.start", "status": response.status, "headers": headers}
    await send(start)
    await send({"type": f"{kind}.body", "body": body})
