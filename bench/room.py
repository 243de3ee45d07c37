"""(f) A room in which some do not read: what the others notice of them, and what they cost in memory.

The stuck are in the room first, and large messages fill what the server keeps for them. Then the others come, and
everybody is sent so many messages a second. The same without the stuck is what it is compared with.
"""

import asyncio
import base64
import os
import socket
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any, Final

from bench import unisono
from bench.figures import Figure, Goal, Reading, Run, Series, compared, judged, noted, take_turns
from bench.plan import Plan
from bench.processes import HOST, BenchError
from bench.wsload import Target, load

ALONE: Final = "all read"
BESIDE: Final = "beside stuck readers"
P99: Final = "latency_p99_us"
MEMORY: Final = "memory_end_mib"
NO_SLOWER: Final = Goal("ratio", "at most", 1.3)
FILLING: Final = 128
FILLING_BYTES: Final = 48 * 1024
OUTBOX_MIB: Final = 1.0
"""What waits for one connection at most, as the server is set by default."""
DROPPED: Final = "unisono_events_dropped_total{"
RECEIVE_BYTES: Final = 4096
MESSAGE_BYTES: Final = 128


@contextmanager
def a_room(stuck: int) -> Iterator[Target]:
    """Serve a room in which so many people do not read, and are owed more than the server keeps for them."""
    with unisono.fresh_server() as node, ExitStack() as silent:
        room = asyncio.run(_make_room(node))
        for index in range(stuck):
            silent.enter_context(_stuck_reader(node, room, f"stuck{index}"))
        asyncio.run(_fill(node, room))
        if _dropped(node) < stuck:
            raise BenchError("nothing was dropped: the stuck are not stuck")
        enter = unisono.command(2, {"op": "enter", "conversation": room})
        script = (*unisono.login_script("r%d"), "--send", enter, "--expect", '"re":2')
        greeting = ("--pub-send", unisono.login("p0"), "--pub-expect", '"kind":"welcome"')
        publisher = (*greeting, "--pub-send", enter, "--pub-expect", '"re":2')
        yield node.target(*script, *publisher, "--payload", unisono.send(room))


def measure(plan: Plan) -> list[Figure]:
    """Give the latency of those who read, alone and beside the stuck, and the memory that the stuck cost."""
    runs = {name: _run(name, stuck, plan) for name, stuck in ((ALONE, 0), (BESIDE, plan.stuck_readers))}
    return figures_of(take_turns(runs, repeats=plan.repeats), plan)


def _run(name: str, stuck: int, plan: Plan) -> Run:
    def run() -> Iterator[tuple[str, Reading]]:
        readers = plan.room_sessions - plan.stuck_readers
        plan.say(f"room of {readers + stuck}: {name}")
        times = ("-d", str(plan.room_s), "-W", "1", "-s", str(MESSAGE_BYTES))
        with a_room(stuck) as target:
            for reading in load("fanout", target, "-n", str(readers), "-r", str(plan.room_per_s), *times):
                yield name, reading

    return run


def figures_of(series: Mapping[str, Series], plan: Plan) -> list[Figure]:
    """Make figures of readings."""
    alone, beside = series[ALONE], series[BESIDE]
    room = f"room of {plan.room_sessions}, {plan.room_per_s}/s"
    slower = Figure(f"{room}, {plan.stuck_readers} stuck: p99 of the others", beside.median(P99), "µs")
    kept = Figure(
        f"{room}: memory that {plan.stuck_readers} stuck cost", beside.median(MEMORY) - alone.median(MEMORY), "MiB"
    )
    bound = Goal("value", "at most", plan.stuck_readers * OUTBOX_MIB)
    return [
        noted(Figure(f"{room}, {ALONE}: p99", alone.median(P99), "µs"), alone),
        noted(judged(compared(slower, ALONE, alone.median(P99)), NO_SLOWER), beside),
        noted(judged(kept, bound), beside),
        noted(Figure(f"{room}, {ALONE}: server CPU", alone.median("server_cpu_share"), "cores"), alone),
    ]


async def _make_room(node: unisono.Node) -> str:
    async with unisono.client(node, "host") as host:
        made = await host.ask({"op": "create", "key": "room", "of": "room"})
        return str(made["conversation"])


async def _fill(node: unisono.Node, room: str) -> None:
    """Say more, and of high priority, than is kept for one who does not read."""
    async with unisono.client(node, "filler") as host:
        await host.ask({"op": "enter", "conversation": room})
        for number in range(FILLING):
            said: dict[str, Any] = {"op": "send", "conversation": room, "key": f"fill-{number}", "priority": "high"}
            await host.ask({**said, "content": {"text": "x" * FILLING_BYTES}})


def _dropped(node: unisono.Node) -> int:
    """Give how many deliveries the server spared congested connections."""
    with urllib.request.urlopen(f"http://{HOST}:{node.port}/metrics", timeout=unisono.ANSWER_S) as answer:
        lines = answer.read().decode().splitlines()
    return sum(int(float(line.split()[-1])) for line in lines if line.startswith(DROPPED))


@contextmanager
def _stuck_reader(node: unisono.Node, room: str, user: str) -> Iterator[None]:
    """Be in the room with a connection that is never read from again."""
    with socket.socket() as peer:
        # Or the kernel would take for them what the server is to keep, or drop.
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
        peer.settimeout(unisono.ANSWER_S)
        peer.connect((HOST, node.port))
        key = base64.b64encode(os.urandom(16)).decode()
        peer.sendall(
            f"GET {unisono.PATH} HTTP/1.1\r\nHost: {HOST}:{node.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Protocol: {unisono.SUBPROTOCOL}\r\n\r\n".encode()
        )
        _await(peer, b"\r\n\r\n")
        peer.sendall(_masked(unisono.login(user)))
        _await(peer, b'"kind":"welcome"')
        peer.sendall(_masked(unisono.command(2, {"op": "enter", "conversation": room})))
        _await(peer, b'"re":2')
        yield


def _await(peer: socket.socket, expected: bytes) -> None:
    seen = b""
    while expected not in seen:
        if not (more := peer.recv(4096)):
            raise BenchError(f"the server closed instead of {expected.decode()!r}: {seen[-200:]!r}")
        seen += more


def _masked(text: str) -> bytes:
    """Make a text frame of a client; a mask of zeros is one, too."""
    body = text.encode()
    return bytes([0x81, 0x80 | 126]) + len(body).to_bytes(2, "big") + bytes(4) + body
