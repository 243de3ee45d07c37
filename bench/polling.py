"""(l) What a delivery by long polling costs: the same messages to the same sessions, by WebSocket and by polls.

One program plays all hearers, once of each kind, so that the server alone differs. Messages are sent one at a time,
each after the one before was heard by everybody: every delivery is a poll's whole answer, which is the dearest case.
"""

import asyncio
import json
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AsyncExitStack
from typing import Any, Final

import aiohttp

from bench import contenders, unisono
from bench.figures import Figure, Reading, Run, Series, compared, noted, take_turns
from bench.plan import Plan
from bench.processes import HOST, BenchError
from bench.profile import cpu_by_thread

WEBSOCKET, LONGPOLL = "by WebSocket", "by long polling"
HEARERS: Final = 200
HEARD_S: Final = 30.0

Hear = Callable[["Crowd", aiohttp.ClientSession, str, int], Coroutine[None, None, None]]


def measure(plan: Plan) -> list[Figure]:
    """Give the server's CPU time per delivery by each way."""
    runs = {WEBSOCKET: _run(plan, WEBSOCKET, _hear_socket), LONGPOLL: _run(plan, LONGPOLL, _hear_polls)}
    return figures_of(take_turns(runs, repeats=plan.repeats, extra=0))


def figures_of(series: dict[str, Series]) -> list[Figure]:
    """Make figures of readings."""
    usual = series[WEBSOCKET].median("server_us_per_delivery")
    polled = series[LONGPOLL].median("server_us_per_delivery")
    unit, what = "µs CPU/delivery", f"{HEARERS} sessions, one message at a time"
    return [
        noted(Figure(f"{what}, {WEBSOCKET}", usual, unit), series[WEBSOCKET]),
        noted(compared(Figure(f"{what}, {LONGPOLL}", polled, unit), WEBSOCKET, usual), series[LONGPOLL]),
    ]


class Crowd:
    """Counts what is heard of the conversation, by all hearers together."""

    def __init__(self) -> None:
        self.heard = 0
        self.ready = 0
        self._changed = asyncio.Event()

    def take(self, frame: dict[str, Any]) -> None:
        """Take a frame of the server."""
        if frame["is"] == "facts" and frame["stream"].startswith("c/"):
            self.heard += sum(fact["fact"]["kind"] == "message" for fact in frame["facts"])
        elif frame["is"] == "reply":
            self.ready += 1
        self._changed.set()

    async def wait_until(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds of the counts.

        Raises:
            BenchError: It takes too long.
        """
        try:
            async with asyncio.timeout(HEARD_S):
                while not holds():
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise BenchError(f"{self.heard} deliveries, and no more") from None


def _run(plan: Plan, name: str, hear: Hear) -> Run:
    def run() -> Iterator[tuple[str, Reading]]:
        plan.say(f"{HEARERS} sessions {name}")
        with unisono.fresh_server() as node:
            [group] = unisono.make_groups(node, "p0", [[f"b{index}" for index in range(HEARERS)]])
            yield name, asyncio.run(_listen(node, group, hear, plan.durable_s))

    return run


async def _listen(node: unisono.Node, group: str, hear: Hear, seconds: float) -> Reading:
    crowd = Crowd()
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)))
        hearers = [asyncio.create_task(hear(crowd, http, f"b{index}", node.port)) for index in range(HEARERS)]
        stack.callback(lambda: [task.cancel() for task in hearers])
        await crowd.wait_until(lambda: crowd.ready >= HEARERS)
        speaker = await stack.enter_async_context(
            http.ws_connect(f"http://{HOST}:{node.port}{unisono.PATH}", protocols=[unisono.SUBPROTOCOL])
        )
        await speaker.send_str(unisono.login("p0"))
        await _speak(crowd, speaker, group, 0.3)
        before, used_s = crowd.heard, sum(cpu_by_thread(node.pid).values())
        await _speak(crowd, speaker, group, seconds)
        deliveries = crowd.heard - before
        used_s = sum(cpu_by_thread(node.pid).values()) - used_s
    return {"server_us_per_delivery": 1e6 * used_s / deliveries, "deliveries": float(deliveries)}


async def _speak(crowd: Crowd, speaker: aiohttp.ClientWebSocketResponse, group: str, seconds: float) -> None:
    text, begun_s = "m" * contenders.MESSAGE_BYTES, time.monotonic()
    while time.monotonic() - begun_s < seconds:
        goal, key = crowd.heard + HEARERS, time.monotonic_ns()
        do = {"op": "send", "conversation": group, "key": f"k{key}", "content": {"text": text}}
        await speaker.send_str(unisono.command(key % (1 << 50), do))
        await crowd.wait_until(lambda goal=goal: crowd.heard >= goal)  # type: ignore[misc]  # a lambda's default has no type


async def _hear_socket(crowd: Crowd, http: aiohttp.ClientSession, user: str, port: int) -> None:
    url = f"http://{HOST}:{port}{unisono.PATH}"
    async with http.ws_connect(url, protocols=[unisono.SUBPROTOCOL]) as socket:
        await socket.send_str(unisono.login(user))
        async for message in socket:
            crowd.take(json.loads(message.data))


async def _hear_polls(crowd: Crowd, http: aiohttp.ClientSession, user: str, port: int) -> None:
    url = f"http://{HOST}:{port}/v1/poll"
    async with http.post(f"{url}/open", data=f'{{"frames": [{unisono.login(user)}]}}') as answer:
        opened = json.loads(await answer.read())
    batch = opened
    while "close" not in batch:
        for frame in batch["frames"]:
            crowd.take(frame)
        body = json.dumps({"connection": opened["connection"], "after": batch["batch"]})
        async with http.post(f"{url}/poll", data=body) as answer:
            batch = json.loads(await answer.read())
