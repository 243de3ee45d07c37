"""How soon a server answers somebody who only asks whether it is there, taken from a process of its own.

Clients that share a process with a crowd or with a flood measure their own event loop above all. Run as a program it
logs in, says so, and asks until its input ends: `python -m tests.support.pulse PORT`.
"""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp

SUBPROTOCOL = "unisono.v1+json"
PAUSE_S = 0.005
ANSWER_TIMEOUT_S = 30.0


@dataclass
class Pulse:
    """How long each answer took, in seconds. Complete when the block that measured has ended."""

    took_s: list[float] = field(default_factory=list)

    def percentile(self, share: float) -> float:
        """Give a percentile."""
        return sorted(self.took_s)[int(share * (len(self.took_s) - 1))]


@asynccontextmanager
async def pulse(port: int) -> AsyncIterator[Pulse]:
    """Ask a server again and again while inside."""
    command = (sys.executable, "-m", "tests.support.pulse", str(port))
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe)
    assert process.stdout is not None
    found = Pulse()
    try:
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            assert await process.stdout.readline() == b"ready\n"
        yield found
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            answer, _ = await process.communicate(b"")
        found.took_s = json.loads(answer)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _measure(port: int) -> list[float]:
    took_s: list[float] = []
    loop, over = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(sys.stdin.fileno(), over.set)
    url = f"http://127.0.0.1:{port}/v1/connect"
    async with aiohttp.ClientSession() as http, http.ws_connect(url, protocols=[SUBPROTOCOL]) as socket:
        await _ask(
            socket,
            1,
            {"op": "login", "login": "login-of-pulse", "user": "pulse", "device": {"id": "d", "platform": "web"}},
        )
        _say("ready")
        while not over.is_set():
            began_s = time.monotonic()
            await _ask(socket, len(took_s) + 2, {"op": "ping"})
            took_s.append(time.monotonic() - began_s)
            await asyncio.sleep(PAUSE_S)
    return took_s


async def _ask(socket: aiohttp.ClientWebSocketResponse, number: int, do: dict[str, object]) -> None:
    await socket.send_str(json.dumps({"id": number, "do": do}))
    async with asyncio.timeout(ANSWER_TIMEOUT_S):
        while (answer := json.loads(await socket.receive_str())).get("re") != number:
            pass
    assert answer["is"] == "reply", answer


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    _say(json.dumps(asyncio.run(_measure(int(sys.argv[1])))))
