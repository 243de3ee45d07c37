"""The program as a process of its own that has nothing to load any more: see `tests/support/preloading.py`."""

import asyncio
import atexit
import json
import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
CONNECT_POLL_S: Final = 0.02
CONNECT_TIMEOUT_S: Final = 30.0
END_TIMEOUT_S: Final = 10.0


class Preloaded(asyncio.Protocol):
    """A program that was begun; like a process of asyncio, as far as the suites look at one."""

    def __init__(self, stdout: asyncio.StreamReader) -> None:
        self.stdout: asyncio.StreamReader | None = stdout
        self.pid = 0
        self.returncode: int | None = None
        self.connection: asyncio.BaseTransport | None = None
        """It ends with this."""
        self._begun: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._ended = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what it ends with."""
        self.connection = transport

    def data_received(self, data: bytes) -> None:
        """Take the process id, then how it ended."""
        for number in map(int, data.split()):
            if self.pid == 0:
                self.pid = number
                self._begun.set_result(None)
            else:
                self.returncode = number

    def connection_lost(self, error: Exception | None) -> None:
        """End; who cannot say how was killed with what forked it."""
        if self.returncode is None:
            self.returncode = -9
        if not self._begun.done():
            self._begun.set_exception(AssertionError(f"nothing was begun: {error}"))
        self._ended.set()

    async def begun(self) -> None:
        """Wait for the process id."""
        await self._begun

    async def wait(self) -> int:
        """Wait for its end; give its exit status, of a signal the number below zero."""
        await self._ended.wait()
        assert self.returncode is not None
        return self.returncode


async def begin(words: Sequence[str], environment: Mapping[str, str]) -> Preloaded:
    """Begin the program with these words, its own name first; what it writes is read together."""
    loop = asyncio.get_running_loop()
    ours, theirs = os.pipe()
    stdout = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stdout), os.fdopen(ours, "rb", 0))
    try:
        asked = await _asked(words, environment, theirs)
    finally:
        os.close(theirs)
    # Where this is broken off the connection is closed, and with it what it began.
    connection, process = await loop.create_connection(lambda: Preloaded(stdout), sock=asked)
    try:
        await process.begun()
    except BaseException:
        connection.close()
        raise
    return process


async def _asked(words: Sequence[str], environment: Mapping[str, str], out: int) -> socket.socket:
    asked = await _connected()
    try:
        line = json.dumps({"words": list(words), "environment": dict(environment)}).encode() + b"\n"
        sent = socket.send_fds(asked, [line], [out])
        asked.sendall(line[sent:])
    except BaseException:
        asked.close()
        raise
    return asked


async def _connected() -> socket.socket:
    async with asyncio.timeout(CONNECT_TIMEOUT_S):
        while True:
            name, process = _preloading()
            assert process.poll() is None, f"what is forked for the tests ended with {process.returncode}"
            asked = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                asked.connect(f"\0{name}")
            except ConnectionRefusedError:
                # It does not listen yet; later whoever asks waits for its turn.
                asked.close()
                await asyncio.sleep(CONNECT_POLL_S)
            else:
                return asked


@cache
def _preloading() -> tuple[str, subprocess.Popen[bytes]]:
    """Start what is forked, one for this process; give where it listens, and it."""
    name = f"unisono-{os.getpid()}-{secrets.token_hex(8)}"
    words = [sys.executable, "-m", "tests.support.preloading", name]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("UNISONO_")}
    process = subprocess.Popen(
        words,
        cwd=ROOT,
        env=environment | {"PYTHONUNBUFFERED": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    )

    def end() -> None:
        assert process.stdin is not None
        process.stdin.close()
        process.wait(END_TIMEOUT_S)

    atexit.register(end)
    return name, process
