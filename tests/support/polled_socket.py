"""A client that polls, with the members of `RawSocket`: what is tested by the one can be tested by the other.

Made of the protocol page alone: it repeats what got no answer, as it was, and takes each batch once.
"""

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final, Self, cast

import aiohttp

from tests.support.raw_socket import TEXT, HandshakeRefusedError, RawSocket

NORMAL: Final = 1000
PAUSE_S: Final = 0.02
FRAMES_MAX: Final = 256
PATIENCE_S: Final = 10.0
"""How long a request is repeated."""


class PolledSocket:
    """One connection. `closed` gives the code of the close; None when it broke."""

    def __init__(
        self,
        http: aiohttp.ClientSession,
        opened: Mapping[str, Any],
        on_frame: Callable[[int, bytes], None] | None,
        patience_s: float,
    ) -> None:
        self.http = http
        self.name: str = opened["connection"]
        self.on_frame = on_frame or self._keep
        self.frames: asyncio.Queue[tuple[int, bytes]] = asyncio.Queue(maxsize=100_000)
        self.closed: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()
        self.repeats = 0
        self.keeps_numbers = True
        """Without it a batch that is repeated is a new one: for showing what numbers are good for."""
        self._patience_s = patience_s
        self._outgoing: asyncio.Queue[bytes] = asyncio.Queue(maxsize=100_000)
        self._after = 0
        self._sent = 0
        self._batch: list[bytes] = []
        self._tasks = [asyncio.create_task(self._poll()), asyncio.create_task(self._send())]

    @classmethod
    async def connect(
        cls,
        port: int,
        *,
        headers: Mapping[str, str] | None = None,
        on_frame: Callable[[int, bytes], None] | None = None,
        patience_s: float = PATIENCE_S,
    ) -> Self:
        """Open a connection.

        Raises:
            HandshakeRefusedError: The server did not.
            OSError: There is no connection, or it broke.
        """
        http = aiohttp.ClientSession(f"http://127.0.0.1:{port}", headers=headers)
        try:
            return cls(http, await _opened(http), on_frame, patience_s)
        except BaseException:
            await http.close()
            raise

    def send_text(self, text: str | bytes) -> None:
        """Send one frame, which has to be a JSON value."""
        self._outgoing.put_nowait(text.encode() if isinstance(text, str) else text)

    def send_frame(self, opcode: int, payload: bytes) -> None:
        """Send one frame; there are those of text alone."""
        assert opcode == TEXT
        self.send_text(payload)

    def close(self, code: int = NORMAL) -> None:
        """Say that this client goes."""
        del code
        self._tasks.append(asyncio.create_task(self._say_goodbye()))

    def abort(self) -> None:
        """Break the connection without a word."""
        self._over(None)

    async def ask(self, what: str, body: bytes) -> tuple[int, dict[str, Any]]:
        """Ask for something; give the status and the answer."""
        async with self.http.post(f"/v1/poll/{what}", data=body) as answer:
            return answer.status, json.loads(await answer.read() or b"{}")

    async def hang_up(self) -> None:
        """Break the connection, and wait until nothing is left of it."""
        self.abort()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*self._tasks)

    async def _say_goodbye(self) -> None:
        await self.ask("close", json.dumps({"connection": self.name}).encode())

    async def _repeat(self, what: str, body: Callable[[], bytes]) -> dict[str, Any] | None:
        """Ask until there is an answer; None when the connection is over."""
        begun_s = time.monotonic()
        while time.monotonic() - begun_s < self._patience_s:
            try:
                status, told = await self.ask(what, body())
            except (aiohttp.ClientError, OSError, ValueError):
                status, told = 0, {}
            if status == 200:
                return told
            if "code" in told and not told["retryable"]:
                break
            self.repeats += 1
            await asyncio.sleep(PAUSE_S)
        self._over(None)
        return None

    async def _poll(self) -> None:
        while True:
            batch = await self._repeat("poll", self._poll_body)
            if batch is None:
                return
            if batch["batch"] == self._after + 1:
                self._after = batch["batch"]
                for frame in batch["frames"]:
                    self.on_frame(TEXT, json.dumps(frame).encode())
            if "close" in batch:
                self._over(batch["close"]["code"])
                return

    async def _send(self) -> None:
        while True:
            frames = [await self._outgoing.get()]
            while not self._outgoing.empty() and len(frames) < FRAMES_MAX:
                frames.append(self._outgoing.get_nowait())
            self._sent += self.keeps_numbers
            self._batch = frames
            if await self._repeat("send", self._send_body) is None:
                return

    def _poll_body(self) -> bytes:
        return json.dumps({"connection": self.name, "after": self._after}).encode()

    def _send_body(self) -> bytes:
        self._sent += not self.keeps_numbers
        head = json.dumps({"connection": self.name, "batch": self._sent})[:-1].encode()
        return head + b', "frames": [' + b",".join(self._batch) + b"]}"

    def _keep(self, opcode: int, payload: bytes) -> None:
        self.frames.put_nowait((opcode, payload))

    def _over(self, code: int | None) -> None:
        if self.closed.done():
            return
        self.closed.set_result(code)
        for task in self._tasks:
            if task is not asyncio.current_task():
                task.cancel()
        self._tasks = [asyncio.create_task(self.http.close())]


async def _opened(http: aiohttp.ClientSession) -> dict[str, Any]:
    try:
        async with http.post("/v1/poll/open", data=b"{}") as answer:
            body = await answer.read()
    except aiohttp.ClientError as problem:
        raise ConnectionResetError(str(problem)) from None
    if answer.status != 200:
        told = {name.lower(): value for name, value in answer.headers.items()}
        raise HandshakeRefusedError(answer.status, told, body)
    opened: dict[str, Any] = json.loads(body)
    return opened


async def open_socket(
    port: int,
    on_frame: Callable[[int, bytes], None] | None = None,
    *,
    polls: bool,
    receive_bytes: int | None = None,
    subprotocol: str = "unisono.v1+json",
) -> RawSocket:
    """Connect by polls or by WebSocket, for who uses what both have."""
    if polls:
        return cast("RawSocket", await PolledSocket.connect(port, on_frame=on_frame))
    return await RawSocket.connect(port, on_frame=on_frame, receive_bytes=receive_bytes, subprotocol=subprotocol)
