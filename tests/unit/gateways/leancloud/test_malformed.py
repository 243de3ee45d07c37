"""Frames that are none: each is answered as docs/protocol/leancloud.md says, and costs nobody else anything."""

from base64 import b64decode
from functools import cache
from pathlib import Path

import msgspec
import pytest

from tests.fuzz.leancloud import Entry
from tests.support.raw_socket import BINARY, TEXT
from tests.unit.gateways.leancloud.door_stage import a_hall
from tests.unit.gateways.websocket.door_stage import OPTIONS, on_uvloop
from unisono.domain.rates import Rate
from unisono.gateways.hosting.lobby import Pace
from unisono.wire.leancloud import realtime_pb2 as pb

FILE = Path(__file__).parents[3] / "fuzz" / "leancloud.jsonl"


@cache
def entries() -> tuple[Entry, ...]:
    """Read the corpus."""
    return tuple(msgspec.json.decode(line, type=Entry) for line in FILE.read_bytes().splitlines())


@pytest.mark.timeout(600)
@on_uvloop
async def test_each_is_refused_by_its_serial_or_closes_its_own_connection() -> None:
    async with a_hall() as hall:
        ann = await hall.open("ann")
        for entry in entries():
            socket = await hall.connect(entry.subprotocol)
            socket.raw.send_frame(TEXT if entry.frame == "text" else BINARY, b64decode(entry.encoded))
            if entry.serial is None:
                assert await socket.closed() in {4114, 4109}, entry.name
                assert socket.heard == [], entry.name
            else:
                while not socket.heard:
                    await socket.wait_until_heard()
                (refused,) = socket.heard
                assert (refused.cmd, refused.i) == (pb.error, entry.serial), entry.name
                assert refused.errorMessage.code in {4114, 4109}, entry.name
                await socket.open("bob")
                socket.raw.abort()
        await ann.start("bob")


@on_uvloop
async def test_a_frame_beyond_the_limit_is_told_so_and_one_beyond_any_sense_closes() -> None:
    async with a_hall() as hall:
        socket = await hall.connect()
        ann = await socket.open("ann")
        command = ann.direct("nowhere", "x" * 140_000)
        refused = await socket.ask(command)
        assert (refused.cmd, refused.errorMessage.reason) == (pb.error, "FRAME_TOO_LONG")
        await ann.start("bob")
        socket.raw.send_frame(BINARY, bytes(300_000))
        assert await socket.closed() == 1009


@on_uvloop
async def test_who_says_too_much_that_is_no_command_is_cut_off() -> None:
    few = Pace(greeting_s=60.0, requests_in_flight=8, strays=Rate(per_s=0.001, burst=5))
    async with a_hall(msgspec.structs.replace(OPTIONS, pace=few)) as hall:
        socket = await hall.connect()
        for _ in range(6):
            socket.say(pb.GenericCommand(cmd=pb.echo))
        assert await socket.closed() == 4116
