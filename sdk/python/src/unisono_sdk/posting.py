"""Asking a server by HTTP POST, over one connection that is kept while it is good (RFC 9112)."""

import asyncio
import base64
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

from unisono_sdk.errors import InvalidArgument, ProtocolFault

HEAD_BYTES: Final = 64 * 1024
"""The longest head, or line, of an answer."""
OK: Final = 200
FIRST_FINAL_STATUS: Final = 200
WITHOUT_BODY: Final = frozenset({204, 304})
DEFAULT_PORTS: Final = {"http": 80, "https": 443}

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered. Names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Poster:
    """Asks one thing at a time. A connection that broke, or was left in the middle, is made anew for the next."""

    def __init__(self, url: str, *, proxy: str | None, body_bytes: int) -> None:
        """Ask below a URL, through an HTTP proxy if there is one. `body_bytes` is the largest answer.

        Raises:
            InvalidArgument: The proxy is not one for HTTP.
        """
        self._url = urlsplit(url)
        self._proxy = None if proxy is None else _proxy(proxy)
        self._body_bytes = body_bytes
        self._streams: Streams | None = None
        self._is_over = False

    async def post(self, path: str, body: bytes) -> Answer:
        """Ask, and give what was answered, whatever it is.

        A server may give up a kept connection at any time, which shows only when something is asked.

        Raises:
            OSError: There is no connection, or it broke.
            ProtocolFault: The answer is no HTTP, or too large.
        """
        if self._streams is None and not self._is_over:
            self._streams = await self._connect()
        if self._streams is None or self._is_over:
            self._drop()
            raise ConnectionAbortedError("given up")
        return await self._ask(self._streams, path, body)

    def abort(self) -> None:
        """Ask nothing more: whoever waits for an answer gets an `OSError`."""
        self._is_over = True
        self._drop()

    def _drop(self) -> None:
        streams, self._streams = self._streams, None
        if streams is not None:
            streams[1].transport.abort()

    async def _ask(self, streams: Streams, path: str, body: bytes) -> Answer:
        reader, writer = streams
        is_whole = False
        try:
            writer.write(self._head(path, body) + body)
            await writer.drain()
            answer, is_kept = await self._read(reader)
            is_whole = is_kept
        except (EOFError, asyncio.LimitOverrunError) as problem:
            raise ConnectionResetError(str(problem)) from None
        except ValueError as problem:
            raise ProtocolFault(f"no HTTP: {problem!s:.120}") from None
        else:
            return answer
        finally:
            if not is_whole and self._streams is streams:
                self._drop()

    def _head(self, path: str, body: bytes) -> bytes:
        url = self._url
        target = f"{url.path}/{path}" + (f"?{url.query}" if url.query else "")
        lines = [
            f"POST {self._origin() if self._is_forwarded() else ''}{target} HTTP/1.1",
            f"Host: {_authority(url)}",
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
        ]
        if url.username is not None:
            lines.append(f"Authorization: {_basic(url)}")
        if self._proxy is not None and self._is_forwarded() and self._proxy.username is not None:
            lines.append(f"Proxy-Authorization: {_basic(self._proxy)}")
        return "".join(f"{line}\r\n" for line in (*lines, "")).encode("latin-1")

    def _origin(self) -> str:
        return f"{self._url.scheme}://{_authority(self._url)}"

    def _is_forwarded(self) -> bool:
        """Say if a proxy reads the requests, and does not only pass bytes on."""
        return self._proxy is not None and self._url.scheme == "http"

    async def _connect(self) -> Streams:
        url, proxy = self._url, self._proxy
        to = url if proxy is None else proxy
        tls = ssl.create_default_context() if url.scheme == "https" else None
        host, port = to.hostname or "", to.port or DEFAULT_PORTS[to.scheme]
        if proxy is None:
            return await asyncio.open_connection(host, port, ssl=tls, limit=HEAD_BYTES)
        reader, writer = await asyncio.open_connection(host, port, limit=HEAD_BYTES)
        if tls is not None:
            try:
                await self._tunnel(reader, writer, proxy)
                await writer.start_tls(tls, server_hostname=url.hostname)
            except BaseException:
                # Cancelled, too: nobody else knows of this connection yet.
                writer.transport.abort()
                raise
        return reader, writer

    async def _tunnel(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, proxy: SplitResult) -> None:
        to = f"{self._url.hostname}:{self._url.port or DEFAULT_PORTS[self._url.scheme]}"
        allowed = "" if proxy.username is None else f"Proxy-Authorization: {_basic(proxy)}\r\n"
        writer.write(f"CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n{allowed}\r\n".encode("latin-1"))
        try:
            status, _, _ = await _read_head(reader)
        except (EOFError, ValueError) as problem:
            raise ConnectionResetError(f"the proxy: {problem}") from None
        if status != OK:
            raise ConnectionRefusedError(f"the proxy answered with {status}")

    async def _read(self, reader: asyncio.StreamReader) -> tuple[Answer, bool]:
        status, version, headers = await _read_head(reader)
        while status < FIRST_FINAL_STATUS:
            status, version, headers = await _read_head(reader)
        is_kept = version == "HTTP/1.1" and headers.get("connection", "").lower() != "close"
        length = headers.get("content-length")
        if status in WITHOUT_BODY:
            return Answer(status, headers, b""), is_kept
        if headers.get("transfer-encoding", "").lower().endswith("chunked"):
            return Answer(status, headers, await self._read_chunks(reader)), is_kept
        if length is None:
            return Answer(status, headers, await self._read_rest(reader)), False
        return Answer(status, headers, await reader.readexactly(self._bounded(int(length)))), is_kept

    async def _read_chunks(self, reader: asyncio.StreamReader) -> bytes:
        body = bytearray()
        while size := int((await reader.readuntil(b"\n")).partition(b";")[0], 16):
            self._bounded(len(body) + size)
            body += await reader.readexactly(size)
            await reader.readuntil(b"\n")
        while (await reader.readuntil(b"\n")).strip():
            pass
        return bytes(body)

    async def _read_rest(self, reader: asyncio.StreamReader) -> bytes:
        body = bytearray()
        while chunk := await reader.read(HEAD_BYTES):
            body += chunk
            self._bounded(len(body))
        return bytes(body)

    def _bounded(self, size: int) -> int:
        if not 0 <= size <= self._body_bytes:
            raise ValueError(f"an answer of {size} bytes")
        return size


async def _read_head(reader: asyncio.StreamReader) -> tuple[int, str, dict[str, str]]:
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    version, status, *_ = first.split(" ")
    if not version.startswith("HTTP/1."):
        raise ValueError(first[:80])
    fields = (line.partition(":") for line in lines if line)
    return int(status), version, {name.strip().lower(): value.strip() for name, _, value in fields}


def _proxy(proxy: str) -> SplitResult:
    parts = urlsplit(proxy)
    if parts.scheme != "http" or not parts.hostname:
        raise InvalidArgument(f"long polling goes through HTTP proxies alone: {parts.scheme}")
    return parts


def _authority(url: SplitResult) -> str:
    return url.netloc.rpartition("@")[2]


def _basic(url: SplitResult) -> str:
    said = f"{unquote(url.username or '')}:{unquote(url.password or '')}"
    return f"Basic {base64.b64encode(said.encode()).decode()}"
