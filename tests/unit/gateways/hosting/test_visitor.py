"""Sockets from the moment they are accepted, over real ones: counted, timed, and answered in one form."""

import asyncio
import json
from contextlib import suppress

import pytest
from aiohttp import web
from msgspec.structs import replace

from tests.unit.gateways.websocket.door_stage import (
    LIMITS,
    OPTIONS,
    PATIENCE_S,
    PLENTY,
    TRUST_LOOPBACK,
    Door,
    an_open_door,
    on_uvloop,
)
from unisono.gateways.hosting.lobby import Pace

HALF_A_HEAD = b"GET /v1/connect HTTP/1.1\r\nHost: here\r\n"
IN_A_HURRY = replace(OPTIONS, pace=Pace(greeting_s=0.05, requests_in_flight=8, strays=PLENTY))


class Caller:
    """A socket that says what it is told to."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def connect(cls, door: Door, data: bytes = b"") -> "Caller":
        caller = cls(*await asyncio.open_connection("127.0.0.1", door.port))
        caller.say(data)
        return caller

    def say(self, data: bytes) -> None:
        self._writer.write(data)

    async def heard(self) -> bytes:
        """Give all that came until the other side closed."""
        heard = b""
        async with asyncio.timeout(PATIENCE_S):
            with suppress(ConnectionResetError):
                while chunk := await self._reader.read(65_536):
                    heard += chunk
        self._writer.close()
        return heard

    async def heard_some(self) -> bytes:
        """Give what came first."""
        async with asyncio.timeout(PATIENCE_S):
            return await self._reader.read(65_536)

    def hang_up(self) -> None:
        """Break the connection."""
        self._writer.transport.abort()


async def visitors_become(door: Door, number: int) -> None:
    """Wait until there are so many."""
    async with asyncio.timeout(PATIENCE_S):
        while door.admission.visitors != number:
            await asyncio.sleep(0)


@on_uvloop
async def test_a_socket_is_a_visitor_from_the_beginning_until_it_is_a_connection_or_gone() -> None:
    async with an_open_door() as door:
        silent, other = await Caller.connect(door), await Caller.connect(door, HALF_A_HEAD)
        await visitors_become(door, 2)
        client = await (await door.connect()).login()
        await visitors_become(door, 2)
        silent.hang_up()
        other.hang_up()
        await visitors_become(door, 0)
        client.socket.close()
        await client.closed()
        await door.counted("connections_closed", "gone")
        assert door.admission.visitors == 0


@pytest.mark.parametrize("half", [b"", b"G", HALF_A_HEAD, b"\r\n" * 50, b"POST / HTTP/1.1\r\n"])
@on_uvloop
async def test_who_does_not_finish_the_head_of_a_request_in_time_is_left(half: bytes) -> None:
    """Such sockets were counted by nothing and stayed for 75 s."""
    async with an_open_door(IN_A_HURRY) as door:
        caller = await Caller.connect(door, half)
        assert await caller.heard() == b""
        assert door.admission.visitors == 0
        await door.counted("limits_hit", "limits.greeting_s")


@on_uvloop
async def test_a_head_that_comes_byte_by_byte_has_no_more_time() -> None:
    async with an_open_door(IN_A_HURRY) as door:
        caller = await Caller.connect(door)
        over = asyncio.ensure_future(caller.heard())
        said = 0
        while not over.done():
            caller.say(HALF_A_HEAD[said : said + 1] if said < len(HALF_A_HEAD) else b"X: y\r\n")
            said += 1
            await asyncio.sleep(0.001)
        assert await over == b""


@on_uvloop
async def test_who_said_what_it_wants_is_not_left_for_the_time_of_its_head() -> None:
    async with an_open_door(IN_A_HURRY) as door:
        caller = await Caller.connect(door, b"GET /nowhere HTTP/1.1\r\nHost: here\r\n\r\n")
        assert b" 404 " in await caller.heard_some()
        await asyncio.sleep(0.15)
        caller.say(b"GET /nowhere HTTP/1.1\r\nHost: here\r\n\r\n")
        assert b" 404 " in await caller.heard_some()
        caller.hang_up()


@on_uvloop
async def test_one_address_has_so_many_sockets_and_the_next_is_closed_at_once() -> None:
    async with an_open_door(limits=replace(LIMITS, visitors_per_address=2)) as door:
        held = [await Caller.connect(door, HALF_A_HEAD) for _ in range(2)]
        await visitors_become(door, 2)
        for _ in range(3):
            assert await (await Caller.connect(door, HALF_A_HEAD)).heard() == b""
        await door.counted("limits_hit", "limits.visitors_per_address", times=3)
        held[0].hang_up()
        await visitors_become(door, 1)
        await (await door.connect()).login()
        held[1].hang_up()


@on_uvloop
async def test_a_trusted_proxy_has_as_many_sockets_as_there_are_and_no_more() -> None:
    options = replace(OPTIONS, trusted_proxies=TRUST_LOOPBACK)
    async with an_open_door(options, replace(LIMITS, visitors_per_address=1, visitors=3)) as door:
        held = [await Caller.connect(door, HALF_A_HEAD) for _ in range(3)]
        await visitors_become(door, 3)
        assert await (await Caller.connect(door)).heard() == b""
        await door.counted("limits_hit", "limits.visitors")
        for caller in held:
            caller.hang_up()


MALFORMED = {
    "no HTTP": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),
    "another version": b"GET / HTTP/9.7\r\n\r\n",
    "a bad method": b"G@T / HTTP/1.1\r\nHost: here\r\n\r\n",
    "a bad header": b"GET / HTTP/1.1\r\nHo st: here\r\n\r\n",
    "a header that is too long": b"GET / HTTP/1.1\r\nX: " + b"x" * 20_000 + b"\r\n\r\n",
    "too many headers": b"GET / HTTP/1.1\r\n" + b"".join(b"X%d: 1\r\n" % n for n in range(1000)) + b"\r\n",
    "a path that is too long": b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\n\r\n",
    "two lengths": b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
    "a bad length": b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: -1\r\n\r\n",
    "length and chunks": b"POST / HTTP/1.1\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("request_bytes", MALFORMED.values(), ids=MALFORMED)
@on_uvloop
async def test_what_is_no_http_is_told_so_in_our_form_and_no_version_is_told(request_bytes: bytes) -> None:
    """The library's own answers named Python's version and its own, in a header and in HTML."""
    async with an_open_door() as door:
        heard = await (await Caller.connect(door, request_bytes)).heard()
        head, _, body = heard.partition(b"\r\n\r\n")
        assert head.startswith((b"HTTP/1.1 400 ", b"HTTP/1.0 400 "))
        assert json.loads(body)["code"] == "malformed"
        assert_no_versions(heard)
        await door.counted("connections_refused", "malformed")
        assert door.app.telemetry.defects == []


def assert_no_versions(heard: bytes) -> None:
    assert b"Server: unisono\r\n" in heard
    assert b"aiohttp" not in heard.lower()
    assert b"python" not in heard.lower()


@pytest.mark.parametrize(
    ("request_bytes", "status", "code"),
    [
        (b"GET /nowhere HTTP/1.1\r\nHost: here\r\n\r\n", 404, "not_found"),
        (b"DELETE /v1/connect HTTP/1.1\r\nHost: here\r\n\r\n", 405, "unsupported"),
        (b"GET /v1/connect HTTP/1.1\r\nHost: here\r\nExpect: wonders\r\n\r\n", 417, "unsupported"),
        (b"GET /v1/connect HTTP/1.1\r\nHost: here\r\n\r\n", 400, "unsupported"),
    ],
)
@on_uvloop
async def test_what_nobody_serves_is_told_in_our_form(request_bytes: bytes, status: int, code: str) -> None:
    async with an_open_door() as door:
        caller = await Caller.connect(door, request_bytes)
        heard = await caller.heard_some()
        assert heard.startswith(b"HTTP/1.1 %d " % status)
        assert json.loads(heard.partition(b"\r\n\r\n")[2])["code"] == code
        assert_no_versions(heard)
        if status == 405:
            assert b"\r\nAllow: GET,HEAD\r\n" in heard
        caller.hang_up()


async def fail(request: web.Request) -> web.StreamResponse:
    del request
    raise ZeroDivisionError


async def tell_much(request: web.Request) -> web.StreamResponse:
    del request
    return web.Response(body=bytes(64 << 20))


@on_uvloop
async def test_a_defect_is_told_without_its_reason() -> None:
    async with an_open_door(routes=[web.get("/defect", fail)]) as door:
        heard = await (await Caller.connect(door, b"GET /defect HTTP/1.1\r\nHost: here\r\n\r\n")).heard()
        assert heard.startswith(b"HTTP/1.1 500 ")
        assert json.loads(heard.partition(b"\r\n\r\n")[2])["code"] == "internal"
        assert_no_versions(heard)
        assert [name for name, _ in door.app.telemetry.defects] == ["http_failed"]


@on_uvloop
async def test_who_does_not_take_its_answer_in_time_is_left() -> None:
    async with an_open_door(IN_A_HURRY, routes=[web.get("/much", tell_much)]) as door:
        caller = await Caller.connect(door, b"GET /much HTTP/1.1\r\nHost: here\r\n\r\n")
        await visitors_become(door, 1)
        await door.counted("limits_hit", "limits.greeting_s")
        await visitors_become(door, 0)
        caller.hang_up()
