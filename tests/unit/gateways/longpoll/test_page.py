"""The page of long polling: its examples are played, its limits are those of the code."""

import json
import re
from pathlib import Path
from typing import Any

import aiohttp

from tests.unit.gateways.websocket.door_stage import Door, an_open_door, on_uvloop
from unisono.domain.errors import Draining
from unisono.gateways.longpoll.door import LINGER_S, PATH
from unisono.settings import Settings
from unisono.wire.codes import CODES
from unisono.wire.longpoll import ENVELOPE_BYTES, FRAMES_MAX

PAGE = (Path(__file__).parents[4] / "docs/protocol/longpoll.md").read_text(encoding="utf-8")
_EXAMPLE = re.compile(r"^```json (\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
EXAMPLES = [(kind, json.loads(text)) for kind, text in _EXAMPLE.findall(PAGE)]


def shape(value: Any) -> Any:
    """Give a value without what differs from one run to the next."""
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [shape(inner) for inner in value]
    return type(value).__name__


class Player:
    """Asks what the page asks, under the name that was given here."""

    def __init__(self, door: Door, http: aiohttp.ClientSession) -> None:
        self._door = door
        self._http = http
        self._name = ""

    async def ask(self, what: str, body: dict[str, Any]) -> tuple[int, Any]:
        if "connection" in body:
            body = {**body, "connection": self._name}
        url = f"http://127.0.0.1:{self._door.port}{PATH}/{what}"
        async with self._http.post(url, data=json.dumps(body)) as answer:
            told = json.loads(await answer.read() or b"null")
            self._name = told["connection"] if what == "open" else self._name
            return answer.status, told


@on_uvloop
async def test_every_example_is_asked_or_answered_like_that() -> None:
    examples = iter(EXAMPLES)
    async with an_open_door() as door, aiohttp.ClientSession() as http:
        player = Player(door, http)
        (_, opening), (_, opened) = next(examples), next(examples)
        status, told = await player.ask("open", opening)
        assert (status, told.keys()) == (200, opened.keys())
        # The fact of this very login may come along, or later.
        assert shape(told["frames"][:1]) == shape(opened["frames"])
        batch_before = told["batch"]
        (_, sending), (_, taken) = next(examples), next(examples)
        assert await player.ask("send", sending) == (200, taken)
        (_, polling), (_, batch) = next(examples), next(examples)
        assert (batch_before, polling["after"], batch["batch"]) == (1, 1, 2)
        replies: list[Any] = []
        while len(replies) < 2:
            status, told = await player.ask("poll", {**polling, "after": batch_before})
            assert (status, told.keys(), told["batch"]) == (200, batch.keys(), batch_before + 1)
            replies += [frame for frame in told["frames"] if frame["is"] == "reply"]
            batch_before = told["batch"]
        assert [frame["re"] for frame in replies] == [frame["re"] for frame in batch["frames"]]
        _, empty = next(examples)
        status, told = await player.ask("poll", {**polling, "after": told["batch"], "wait_s": 0})
        assert shape(told) == shape(empty)
        _, last = next(examples)
        for connection in door.registry:
            connection.end(Draining(retry_after_ms=700))
        status, told = await player.ask("poll", {**polling, "after": told["batch"]})
        assert (status, shape(told)) == (200, shape(last))
        assert (told["close"], told["frames"]) == (last["close"], last["frames"])
        _, closing = next(examples)
        assert await player.ask("close", closing) == (204, None)
        assert next(examples, None) is None


def test_the_examples_are_of_every_request_and_answer() -> None:
    assert {kind for kind, _ in EXAMPLES} == {"open", "opened", "send", "taken", "poll", "batch", "close"}
    assert PAGE.count("```json") == len(EXAMPLES)


def test_the_codes_that_the_page_names_exist() -> None:
    named = set(re.findall(r"refused with `(\w+)`", PAGE))
    assert {"connection_unknown", "invalid"} <= named <= set(CODES)


def test_the_limits_are_those_of_the_code() -> None:
    polls = Settings().longpoll
    rows = dict(re.findall(r"^\| ([^|]+) \| ([^|]+) \|", PAGE[PAGE.index("## 10.") :], re.MULTILINE))
    assert rows["frames in a batch of a client"] == str(FRAMES_MAX)
    assert rows["a body"] == f"a frame and {ENVELOPE_BYTES:,} bytes"
    assert rows["a poll waits"] == f"{polls.wait_s:.0f} s"
    assert rows["silence"] == f"{polls.away_s:.0f} s longer"
    assert rows["bytes of frames in an answer"].startswith(f"{polls.batch_bytes >> 10} KiB")
    assert f"fetched for {LINGER_S:.0f} s" in PAGE
