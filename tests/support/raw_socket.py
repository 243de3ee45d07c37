"""A WebSocket client by hand: every byte it sends is ours to choose, so it can also be wrong on purpose.

Nothing is buffered behind the caller's back: `pause` stops reading at the socket itself.
"""

import asyncio
import base64
import os
import socket
import struct
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, Self, cast

CONTINUATION: Final = 0x0
TEXT: Final = 0x1
BINARY: Final = 0x2
CLOSE: Final = 0x8
PING: Final = 0x9
PONG: Final = 0xA
HANDSHAKE_TIMEOUT_S: Final = 30
HEAD_MAX_BYTES: Final = 65536
NO_MASK: Final = bytes(4)


class HandshakeRefusedError(Exception):
    """The server answered with something else than 101."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        super().__init__(f"{status}: {body[:200]!r}")
        self.status = status
        self.headers = headers
        self.body = body


class RawSocket(asyncio.Protocol):
    """One connection. `on_frame` gets opcode and payload of each data frame; `closed` gives the close code, if any."""

    def __init__(self, on_frame: Callable[[int, bytes], None] | None = None) -> None:
        self.on_frame = on_frame or self._keep
        self.frames: asyncio.Queue[tuple[int, bytes]] = asyncio.Queue(maxsize=100_000)
        self.closed: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()
        self.close_code: int | None = None
        self.headers: dict[str, str] = {}
        self.status = 0
        self._opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._received = bytearray()
        self._parts = bytearray()
        self._part_opcode = TEXT
        self._transport: asyncio.Transport | None = None

    @classmethod
    async def connect(
        cls,
        port: int,
        path: str = "/v1/connect",
        *,
        subprotocol: str | None = "unisono.v1+json",
        headers: Mapping[str, str] | None = None,
        on_frame: Callable[[int, bytes], None] | None = None,
        receive_bytes: int | None = None,
    ) -> Self:
        """Connect and shake hands. `receive_bytes` makes the socket's own buffer small.

        Raises:
            HandshakeRefusedError: The server did not switch protocols.
            OSError: There is no connection, or it broke.

        """
        raw = socket.socket()
        raw.setblocking(False)
        if receive_bytes is not None:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        loop = asyncio.get_running_loop()
        link = cls(on_frame)
        try:
            async with asyncio.timeout(HANDSHAKE_TIMEOUT_S):
                await loop.sock_connect(raw, ("127.0.0.1", port))
                await loop.create_connection(lambda: link, sock=raw)
                link.send_bytes(upgrade(port, path, subprotocol, headers or {}))
                await link._opened
        except BaseException:
            link.abort()
            raw.close()
            raise
        return link

    def send_text(self, text: str | bytes) -> None:
        """Send one text frame."""
        self.send_frame(TEXT, text.encode() if isinstance(text, str) else text)

    def send_frame(self, opcode: int, payload: bytes, *, first_bits: int = 0x80, is_masked: bool = True) -> None:
        """Send one frame, right or wrong. `first_bits` are FIN and the reserved ones. A mask of zeros costs nothing."""
        mask_bit = 0x80 if is_masked else 0
        size = len(payload)
        if size < 126:
            head = struct.pack("!BB", first_bits | opcode, mask_bit | size)
        elif size < 65536:
            head = struct.pack("!BBH", first_bits | opcode, mask_bit | 126, size)
        else:
            head = struct.pack("!BBQ", first_bits | opcode, mask_bit | 127, size)
        self.send_bytes(head + (NO_MASK if is_masked else b"") + payload)

    def send_bytes(self, raw: bytes) -> None:
        """Send anything."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(raw)

    def close(self, code: int = 1000) -> None:
        """Begin the closing handshake."""
        self.send_frame(CLOSE, struct.pack("!H", code))

    def abort(self) -> None:
        """Break the connection without a word."""
        if self._transport is not None:
            self._transport.abort()

    def pause(self) -> None:
        """Stop reading from the socket."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()

    def resume(self) -> None:
        """Read again."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Not asserted: the transports of uvloop are none of asyncio's.
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        if not self._opened.done() and not self._take_response():
            return
        while self._take_frame():
            pass

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._opened.done():
            self._opened.set_exception(ConnectionResetError("the connection ended during the handshake"))
        if not self.closed.done():
            self.closed.set_result(self.close_code)

    def _keep(self, opcode: int, payload: bytes) -> None:
        self.frames.put_nowait((opcode, payload))

    def _take_response(self) -> bool:
        end = self._received.find(b"\r\n\r\n")
        if end < 0:
            assert len(self._received) < HEAD_MAX_BYTES
            return False
        first, *lines = bytes(self._received[:end]).decode("latin-1").split("\r\n")
        self.headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        self.status = int(first.split(" ")[1])
        body_bytes = int(self.headers.get("content-length", "0"))
        if self.status != 101 and len(self._received) < end + 4 + body_bytes:
            return False
        del self._received[: end + 4]
        if self.status != 101:
            body = bytes(self._received[:body_bytes])
            self._opened.set_exception(HandshakeRefusedError(self.status, self.headers, body))
            return False
        self._opened.set_result(None)
        return True

    def _take_frame(self) -> bool:
        received = self._received
        if len(received) < 2:
            return False
        size, at = received[1] & 0x7F, 2
        if size >= 126:
            wide = 2 if size == 126 else 8
            if len(received) < 2 + wide:
                return False
            size, at = int.from_bytes(received[2 : 2 + wide], "big"), 2 + wide
        if len(received) < at + size:
            return False
        first, payload = received[0], bytes(received[at : at + size])
        del received[: at + size]
        self._dispatch(first & 0x0F, payload, is_last=bool(first & 0x80))
        return True

    def _dispatch(self, opcode: int, payload: bytes, *, is_last: bool) -> None:
        if opcode == PING:
            self.send_frame(PONG, payload)
        elif opcode == CLOSE:
            self.close_code = int.from_bytes(payload[:2], "big") if len(payload) >= 2 else None
            self.send_frame(CLOSE, payload[:2])
            if self._transport is not None:
                self._transport.close()
        elif opcode in {TEXT, BINARY, CONTINUATION}:
            if opcode != CONTINUATION:
                self._parts.clear()
                self._part_opcode = opcode
            self._parts += payload
            if is_last:
                self.on_frame(self._part_opcode, bytes(self._parts))


def upgrade(
    port: int,
    path: str = "/v1/connect",
    subprotocol: str | None = "unisono.v1+json",
    headers: Mapping[str, str] = MappingProxyType({}),
) -> bytes:
    """Write the request of a handshake."""
    lines = {
        "Host": f"127.0.0.1:{port}",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
    }
    if subprotocol is not None:
        lines["Sec-WebSocket-Protocol"] = subprotocol
    lines |= headers
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"GET {path} HTTP/1.1\r\n{head}\r\n".encode()
