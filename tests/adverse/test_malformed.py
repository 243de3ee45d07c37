"""Every malformed frame of the corpus against the living server: the documented answer, and nobody else hurt."""

import asyncio
import base64
import json
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Final

import msgpack
import pytest

from tests.support.crowd import create, gathered
from tests.support.figures import Report
from tests.support.follower import Frame
from tests.support.polled_socket import open_socket
from tests.support.raw_socket import BINARY, TEXT, RawSocket
from tests.support.server_process import TEST_CONFIG, ServerProcess
from unisono.domain.errors import Malformed
from unisono.wire.codes import CODES
from unisono.wire.longpoll import Open, read

pytestmark = pytest.mark.adverse

CORPUS: Final = Path(__file__).parents[1] / "fuzz" / "corpus.jsonl"
ATTACKERS: Final = 6
ANSWER_TIMEOUT_S: Final = 10
JSON: Final = "unisono.v1+json"
NUMBERS: Final = count(1)


class Attacker:
    """A connection that is greeted and then sends what it should not."""

    def __init__(self, socket: RawSocket, subprotocol: str) -> None:
        self.socket = socket
        self._is_text = subprotocol == JSON

    @classmethod
    async def connect(cls, port: int, subprotocol: str, *, is_greeted: bool, polls: bool = False) -> "Attacker":
        """Connect, and log in as somebody new."""
        attacker = cls(await open_socket(port, polls=polls, subprotocol=subprotocol), subprotocol)
        if is_greeted:
            number = next(NUMBERS)
            device = {"id": "d", "platform": "web"}
            login = {"op": "login", "login": f"attack number {number}", "user": f"mallory{number}", "device": device}
            attacker.say({"id": 1, "do": login})
            assert (await attacker.answer())["answer"]["kind"] == "welcome"
        return attacker

    def say(self, frame: Frame) -> None:
        """Send a proper frame."""
        self.socket.send_frame(
            TEXT if self._is_text else BINARY, json.dumps(frame).encode() if self._is_text else msgpack.packb(frame)
        )

    async def answer(self) -> Frame:
        """Give the next frame that is no delivery."""
        while True:
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                _, payload = await self.socket.frames.get()
            frame: Frame = json.loads(payload) if self._is_text else msgpack.unpackb(payload)
            if frame["is"] != "facts":
                return frame


@dataclass
class Outcome:
    """What became of the frames: findings are differences from what is documented."""

    findings: list[str]
    frames: int = 0
    connections: int = 0


async def attack(port: int, entries: Iterable[Frame], outcome: Outcome, *, polls: bool = False) -> None:
    """Send frames, each on a connection that the one before left open, or on a new one."""
    attacker: Attacker | None = None
    held: tuple[str, str] | None = None
    for entry in entries:
        if attacker is None or held != (entry["subprotocol"], entry["when"]):
            held = (entry["subprotocol"], entry["when"])
            if attacker is not None:
                attacker.socket.abort()
            attacker = await Attacker.connect(port, held[0], is_greeted=held[1] == "after", polls=polls)
            outcome.connections += 1
        outcome.frames += 1
        try:
            finding = await look(attacker, entry)
        except TimeoutError:
            finding = "no answer"
        if finding is not None:
            outcome.findings.append(f"{entry['name']}: {finding}")
        if entry["ends"] or finding is not None:
            attacker.socket.abort()
            attacker = None
    if attacker is not None:
        attacker.socket.abort()


async def look(attacker: Attacker, entry: Frame) -> str | None:
    """Send one frame; give what differs from its documented answer, if anything does."""
    opcode = TEXT if entry["frame"] == "text" else BINARY
    attacker.socket.send_frame(opcode, base64.b64decode(entry["bytes"]))
    error = await attacker.answer()
    told = (error["is"], error.get("code"), error.get("re"))
    if told != ("error", entry["code"], entry["re"]):
        return f"answered {told}, not {entry['code']} to {entry['re']}"
    if not entry["ends"]:
        attacker.say({"id": 99, "do": {"op": "ping"}})
        pong = await attacker.answer()
        return None if pong.get("re") == 99 else f"no longer answers: {pong}"
    bye = await attacker.answer()
    async with asyncio.timeout(ANSWER_TIMEOUT_S):
        close_code = await attacker.socket.closed
    if (bye["is"], bye.get("code"), close_code) == ("bye", entry["code"], CODES[entry["code"]].close):
        return None
    return f"ended with {bye}, close code {close_code}"


def can_be_polled(entry: Frame) -> bool:
    """Say if a frame can stand in a body: what is no JSON value spoils it, and the body is refused as a whole."""
    if entry["frame"] != "text" or entry["subprotocol"] != JSON:
        return False
    try:
        return len(read(b'{"frames": [' + base64.b64decode(entry["bytes"]) + b"]}", Open).frames) == 1
    except Malformed:
        return False


@pytest.mark.rows("L288")
@pytest.mark.timeout(300)
@pytest.mark.parametrize(("polls", "least"), [(False, 200), (True, 80)], ids=["websocket", "longpoll"])
async def test_each_malformed_frame_gets_its_documented_answer_and_hurts_nobody(
    data: Path, report: Report, polls: bool, least: int
) -> None:
    entries = [json.loads(line) for line in CORPUS.read_text().splitlines()]
    entries = [entry for entry in entries if not polls or can_be_polled(entry)]
    outcome = Outcome([])
    async with ServerProcess(data, config=TEST_CONFIG) as server, gathered(server.port) as crowd:
        ann, bob = crowd.add("ann") + crowd.add("bob")
        await crowd.wait_live()
        crowd.talk([ann, bob], [await create(ann, ("ann", "bob"), "room")], ahead=1)
        async with asyncio.TaskGroup() as attackers:
            for number in range(ATTACKERS):
                attackers.create_task(attack(server.port, entries[number::ATTACKERS], outcome, polls=polls))
        await crowd.hush()
        verdict = await crowd.verdict()
        server.assert_clean_log()
        assert (ann.resumes, bob.resumes) == (0, 0)
    report(
        f"{outcome.frames} frames on {outcome.connections} connections, {len(outcome.findings)} answered otherwise; "
        f"meanwhile {verdict}"
    )
    verdict.assert_clean()
    assert outcome.frames == len(entries) >= least
    assert outcome.findings == []


async def test_an_answer_that_is_not_the_documented_one_is_seen(data: Path) -> None:
    """The control: entries that expect something else must be found."""
    entries = [json.loads(line) for line in CORPUS.read_text().splitlines()[:30]]
    wrong = [entry | {"code": "not_found"} for entry in entries[:10]]
    wrong += [entry | {"re": entry["re"] + 1} for entry in entries[10:20]]
    wrong += [entry | {"ends": False} for entry in entries[20:] if entry["ends"]]
    outcome = Outcome([])
    async with ServerProcess(data, config=TEST_CONFIG) as server:
        await attack(server.port, wrong, outcome)
    assert len(outcome.findings) == len(wrong)
