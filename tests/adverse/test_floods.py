"""One peer that sends all it can, in every way it can: what becomes of the others' answers meanwhile."""

import asyncio
import json
import socket
import statistics
import time
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Final, Self

import msgpack
import pytest

from tests.support.figures import Report
from tests.support.raw_socket import BINARY, PING, TEXT, HandshakeRefusedError, RawSocket
from tests.support.server_process import ServerProcess

pytestmark = pytest.mark.adverse

OBSERVERS: Final = 4
PAUSE_S: Final = 0.04
"""Between two requests of an observer: half of what the default rate allows."""
FLOOD_S: Final = 1.5
FLOODERS: Final = 4
BUFFER_BYTES: Final = 1 << 20
FRAME_BYTES: Final = (1 << 20) - 1000
P99_MAX_S: Final = 0.25
"""Of which 0.03 to 0.1 s are the machine's and the load's: one core sends, the other one answers."""
SOCKETS: Final = 2000
SOCKETS_MAX: Final = 500
GREETING_S: Final = 3.0
RSS_GROWTH_MAX_BYTES: Final = 64 << 20
STRANGER: Final = "127.0.0.66"
"""Another address than ours."""
HALF_A_HEAD: Final = b"GET /v1/connect HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "
NUMBERS: Final = count(1)


def login(user: str) -> dict[str, object]:
    device = {"id": "d", "platform": "web"}
    return {"id": 1, "do": {"op": "login", "login": f"login-of-{user}", "user": user, "device": device}}


class Observer:
    """Somebody who asks for something now and then, and notes how long each answer takes."""

    def __init__(self, link: RawSocket) -> None:
        self._link = link
        self.answers_s: list[float] = []

    @classmethod
    async def connect(cls, port: int) -> Self:
        link = await RawSocket.connect(port)
        link.send_text(json.dumps(login(f"observer{next(NUMBERS)}")))
        await link.frames.get()
        return cls(link)

    async def watch(self, until_s: float) -> None:
        asked = 1
        while time.monotonic() < until_s:
            asked += 1
            begun_s = time.monotonic()
            self._link.send_text(json.dumps({"id": asked, "do": {"op": "sessions"}}))
            while json.loads((await self._link.frames.get())[1]).get("re") != asked:
                pass
            self.answers_s.append(time.monotonic() - begun_s)
            await asyncio.sleep(PAUSE_S)
        self._link.abort()


class Flooder(asyncio.Protocol):
    """Sends the same bytes as fast as they are taken, and reads nothing of what it is told."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._transport: asyncio.WriteTransport | None = None
        self.is_gone = asyncio.get_running_loop().create_future()

    def start(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        transport.set_write_buffer_limits(high=BUFFER_BYTES)
        transport.set_protocol(self)
        self.resume_writing()

    def resume_writing(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(self._data * max(1, 2 * BUFFER_BYTES // len(self._data)))

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.is_gone.done():
            self.is_gone.set_result(None)


async def flood(port: int, data: bytes, subprotocol: str, until_s: float) -> int:
    """Flood, and come back as often as one is let in; give how often that was."""
    times = 0
    user = f"mallory{next(NUMBERS)}"
    while time.monotonic() < until_s:
        with suppress(HandshakeRefusedError, OSError, TimeoutError):
            link = await RawSocket.connect(port, subprotocol=subprotocol)
            greeting = login(user)
            is_text = subprotocol.endswith("json")
            link.send_frame(
                TEXT if is_text else BINARY, json.dumps(greeting).encode() if is_text else msgpack.packb(greeting)
            )
            async with asyncio.timeout(FLOOD_S):
                await link.frames.get()
            times += 1
            assert link._transport is not None
            flooder = Flooder(data)
            flooder.start(link._transport)
            async with asyncio.timeout_at(asyncio.get_running_loop().time() + max(0.0, until_s - time.monotonic())):
                await flooder.is_gone
            link._transport.abort()
    return times


def frames(opcode: int, payload: bytes, first_bits: int = 0x80) -> bytes:
    """Write one masked frame."""
    size = len(payload)
    if size < 126:
        head = bytes((first_bits | opcode, 0x80 | size))
    else:
        head = bytes((first_bits | opcode, 0xFF)) + size.to_bytes(8, "big")
    return head + bytes(4) + payload


def sending(values: str) -> bytes:
    """Write a `send` that is as large as a frame may be, full of the same values."""
    begin = '{"id":7,"do":{"op":"send","conversation":"c","key":"k","content":{"data":{"a":['
    return (begin + ",".join([values] * (FRAME_BYTES // (len(values) + 1))) + "]}}}}").encode()


def packed_lists() -> bytes:
    lists: list[list[int]] = [[]] * FRAME_BYTES
    send = {"op": "send", "conversation": "c", "key": "k", "content": {"data": {"a": lists}}}
    return bytes(msgpack.packb({"id": 7, "do": send}))


JSON: Final = "unisono.v1+json"
FLOODS: Final[dict[str, tuple[str, Callable[[], bytes]]]] = {
    "nothing": (JSON, lambda: b""),
    "pings of the transport": (JSON, lambda: frames(PING, b"")),
    "pings": (JSON, lambda: frames(TEXT, b'{"id":7,"do":{"op":"ping"}}')),
    "malformed frames": (JSON, lambda: frames(TEXT, b'{"id":7}')),
    "commands beyond the rate": (JSON, lambda: frames(TEXT, b'{"id":7,"do":{"op":"sessions"}}')),
    "endless pieces": (JSON, lambda: frames(BINARY, b"", 0) + frames(0, b"", 0) * 400_000),
    "nested lists": (JSON, lambda: frames(TEXT, sending("[" * 30 + "]" * 30))),
    "empty lists": (JSON, lambda: frames(TEXT, sending("[]"))),
    "packed lists": ("unisono.v1+msgpack", lambda: frames(BINARY, packed_lists())),
}


@asynccontextmanager
async def watched(port: int) -> AsyncIterator[list[float]]:
    """Have others ask for something for as long as a flood lasts; gives how long their answers took."""
    observers = [await Observer.connect(port) for _ in range(OBSERVERS)]
    answers_s: list[float] = []
    until_s = time.monotonic() + FLOOD_S
    async with asyncio.TaskGroup() as watching:
        for observer in observers:
            watching.create_task(observer.watch(until_s))
        yield answers_s
    for observer in observers:
        answers_s += observer.answers_s


def described(answers_s: list[float]) -> tuple[float, str]:
    """Give the 99th percentile, and all in words."""
    p99_s = statistics.quantiles(answers_s, n=100)[98]
    text = f"p50 {statistics.median(answers_s) * 1000:.1f}, p99 {p99_s * 1000:.1f}, max {max(answers_s) * 1000:.1f} ms"
    return p99_s, f"{len(answers_s)} answers to others: {text}"


@pytest.mark.parametrize("name", FLOODS)
async def test_others_are_answered_while_one_floods(data: Path, report: Report, name: str) -> None:
    subprotocol, make = FLOODS[name]
    frame, times = make(), 0
    async with ServerProcess(data, config="") as server:
        async with watched(server.port) as answers_s:
            if frame:
                until_s = time.monotonic() + FLOOD_S
                floods = [flood(server.port, frame, subprotocol, until_s) for _ in range(FLOODERS)]
                times = sum(await asyncio.gather(*floods))
        server.assert_clean_log()
    p99_s, text = described(answers_s)
    report(f"{name}: {text}; let in {times} times")
    assert p99_s < P99_MAX_S


async def test_sockets_that_never_say_what_they_want_are_few_and_gone_soon(data: Path, report: Report) -> None:
    """They were counted by no limit, and each stayed for 75 s."""
    config = f"[limits]\nvisitors_per_address = {SOCKETS_MAX}\ngreeting_s = {GREETING_S}\n"
    with ExitStack() as held:
        async with ServerProcess(data, config=config) as server:
            rss_bytes = server.rss_bytes()
            async with watched(server.port) as answers_s:
                for _ in range(SOCKETS):
                    held.enter_context(await half_a_head(server.port))
                most = await server.metric("unisono_visitors")
                growth_bytes = server.rss_bytes() - rss_bytes
            async with asyncio.timeout(GREETING_S + 5):
                while await server.metric("unisono_visitors") > 1:
                    await asyncio.sleep(0.1)
            limits_hit = await server.metric('unisono_limits_hit_total{limit="limits.visitors_per_address"}')
            server.assert_clean_log()
    p99_s, text = described(answers_s)
    report(f"{SOCKETS} sockets, {most:.0f} of them taken, {growth_bytes / 1e6:.1f} MB more memory; {text}")
    assert SOCKETS_MAX // 2 < most <= SOCKETS_MAX + 1
    assert limits_hit >= SOCKETS - SOCKETS_MAX
    assert growth_bytes < RSS_GROWTH_MAX_BYTES
    assert p99_s < P99_MAX_S


async def half_a_head(port: int) -> socket.socket:
    """Give a socket that has said half of what it wants, whether it was taken or not."""
    raw = socket.socket()
    raw.setblocking(False)
    raw.bind((STRANGER, 0))
    with suppress(ConnectionError):
        await asyncio.get_running_loop().sock_connect(raw, ("127.0.0.1", port))
        await asyncio.get_running_loop().sock_sendall(raw, HALF_A_HEAD)
    return raw
