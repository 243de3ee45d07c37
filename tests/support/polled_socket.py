"""A client that polls, with the members of `RawSocket`: what is tested by the one can be tested by the other."""

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final, Self

import aiohttp

from tests.support.raw_socket import TEXT, HandshakeRefusedError

NORMAL: Final = 1000


class PolledSocket:
    """One connection. `closed` gives the code of the close; None when it broke."""

    def __init__(self, http: aiohttp.ClientSession, opened: Mapping[str, Any]) -> None:
        self.http = http
        self.name: str = opened["connection"]
        self.frames: asyncio.Queue[tuple[int, bytes]] = asyncio.Queue(maxsize=100_000)
        self.closed: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()
        self._outgoing: asyncio.Queue[bytes] = asyncio.Queue(maxsize=100_000)
        self._after = 0
        self._sent = 0
        self._tasks = [asyncio.create_task(self._poll()), asyncio.create_task(self._send())]

    @classmethod
    async def connect(cls, port: int, *, headers: Mapping[str, str] | None = None) -> Self:
        """Open a connection.

        Raises:
            HandshakeRefusedError: The server did not.
        """
        http = aiohttp.ClientSession(f"http://127.0.0.1:{port}", headers=headers)
        async with http.post("/v1/poll/open", data=b"{}") as answer:
            body = await answer.read()
            if answer.status != 200:
                await http.close()
                told = {name.lower(): value for name, value in answer.headers.items()}
                raise HandshakeRefusedError(answer.status, told, body)
        return cls(http, json.loads(body))

    def send_text(self, text: str | bytes) -> None:
        """Send one frame, which has to be a JSON value."""
        self._outgoing.put_nowait(text.encode() if isinstance(text, str) else text)

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

    async def _say_goodbye(self) -> None:
        await self.ask("close", json.dumps({"connection": self.name}).encode())

    async def _poll(self) -> None:
        while True:
            status, batch = await self.ask("poll", json.dumps({"connection": self.name, "after": self._after}).encode())
            if status != 200:
                return self._over(None)
            if batch["batch"] == self._after + 1:
                self._after += 1
                for frame in batch["frames"]:
                    self.frames.put_nowait((TEXT, json.dumps(frame).encode()))
            if "close" in batch:
                return self._over(batch["close"]["code"])

    async def _send(self) -> None:
        while True:
            frames = [await self._outgoing.get()]
            while not self._outgoing.empty() and len(frames) < 256:
                frames.append(self._outgoing.get_nowait())
            self._sent += 1
            head = json.dumps({"connection": self.name, "batch": self._sent})[:-1].encode()
            await self.ask("send", head + b', "frames": [' + b",".join(frames) + b"]}")

    def _over(self, code: int | None) -> None:
        if not self.closed.done():
            self.closed.set_result(code)
        for task in self._tasks:
            if task is not asyncio.current_task():
                task.cancel()
        self._tasks = [asyncio.create_task(self.http.close())]

    async def hang_up(self) -> None:
        """Break the connection, and wait until nothing is left of it."""
        self.abort()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*self._tasks)
