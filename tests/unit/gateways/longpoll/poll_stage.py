"""A client that polls by hand: each request is one of the test's own."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import aiohttp
import msgspec

from tests.unit.gateways.websocket.door_stage import OPTIONS, Door, an_open_door
from unisono.domain.rates import Rate
from unisono.gateways.hosting.lobby import Pace
from unisono.gateways.longpoll.door import PATH

Frame = dict[str, Any]
PING: Frame = {"op": "ping"}
FEW_STRAYS = msgspec.structs.replace(
    OPTIONS, pace=Pace(greeting_s=60.0, requests_in_flight=8, strays=Rate(per_s=1, burst=9))
)
ONE_AT_A_TIME = msgspec.structs.replace(
    OPTIONS, pace=Pace(greeting_s=60.0, requests_in_flight=1, strays=Rate(per_s=1e6, burst=1_000_000))
)


class Answer(NamedTuple):
    status: int
    headers: Mapping[str, str]
    body: bytes


class Poller:
    """Asks by hand: each request is one of the test's own."""

    def __init__(self, door: Door, http: aiohttp.ClientSession) -> None:
        self.door = door
        self.http = http
        self.name = ""

    async def post(self, what: str, body: bytes, *, method: str = "POST", **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        url = f"http://127.0.0.1:{self.door.port}{PATH}/{what}"
        async with self.http.request(method, url, data=body, headers=named) as answer:
            return Answer(answer.status, answer.headers.copy(), await answer.read())

    async def ask(self, what: str, **body: object) -> tuple[int, Frame]:
        answer = await self.post(what, json.dumps(body).encode())
        return answer.status, json.loads(answer.body or b"{}")

    async def open(self, *dos: Frame) -> Frame:
        frames = [{"id": 1 + at, "do": do} for at, do in enumerate(dos)]
        status, opened = await self.ask("open", frames=frames)
        assert status == 200, opened
        self.name = opened["connection"]
        return opened

    async def send(self, batch: int, *dos: Frame) -> tuple[int, Frame]:
        frames = [{"id": 100 * batch + at, "do": do} for at, do in enumerate(dos)]
        return await self.ask("send", connection=self.name, batch=batch, frames=frames)

    async def poll(self, after: int, **more: object) -> tuple[int, Frame]:
        return await self.ask("poll", connection=self.name, after=after, **more)

    async def fetch(self, after: int, frames: int) -> tuple[list[Frame], int]:
        """Give so many frames from a batch on, and the number of the last batch."""
        fetched: list[Frame] = []
        while len(fetched) < frames:
            status, batch = await self.poll(after)
            assert (status, batch["batch"]) == (200, after + 1)
            fetched += batch["frames"]
            after += 1
        return fetched, after


@asynccontextmanager
async def polling(*dos: Frame, **options: Any) -> AsyncIterator[Poller]:
    async with an_open_door(**options) as door, aiohttp.ClientSession() as http:
        poller = Poller(door, http)
        await poller.open(*dos)
        yield poller


def answered(frames: Sequence[Frame]) -> list[int]:
    return [frame["re"] for frame in frames if frame["is"] == "reply"]
