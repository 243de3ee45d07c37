"""The handshake: who gets a connection, and which."""

import asyncio
import json

import msgspec
import pytest
from msgspec.structs import replace

from tests.support.raw_socket import BINARY, HandshakeRefusedError
from tests.unit.gateways.websocket.door_stage import (
    LIMITS,
    OPTIONS,
    TRUST_LOOPBACK,
    Door,
    an_open_door,
    login,
    on_uvloop,
)


async def refused(door: Door, subprotocol: str | None = "unisono.v1+json", **headers: str) -> tuple[int, str]:
    with pytest.raises(HandshakeRefusedError) as refusal:
        await door.connect(subprotocol=subprotocol, **headers)
    return refusal.value.status, json.loads(refusal.value.body)["code"]


@pytest.mark.parametrize("origin", ["https://app.example", None])
@on_uvloop
async def test_pages_that_may_and_programs_get_in(origin: str | None) -> None:
    async with an_open_door() as door:
        await (await door.connect(**({} if origin is None else {"Origin": origin}))).login()


@on_uvloop
async def test_a_page_of_this_server_gets_in() -> None:
    async with an_open_door() as door:
        await (await door.connect(Origin=f"http://127.0.0.1:{door.port}")).login()


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", "", "https://app.example.evil.example", "http://app.example", "http://\xff\xfe"],
)
@on_uvloop
async def test_a_page_from_elsewhere_does_not(origin: str) -> None:
    async with an_open_door() as door:
        assert await refused(door, Origin=origin) == (403, "origin_refused")
        assert len(door.registry) == 0


@pytest.mark.parametrize("header", [b"Origin: http://\xff\xfe", b"Sec-WebSocket-Protocol: \xff\xfe"])
@on_uvloop
async def test_a_header_that_is_no_text_is_refused_like_any_other(header: bytes) -> None:
    """Used to end in an error of the server, which could not tell of it in JSON."""
    async with an_open_door() as door:
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
        lines = (b"GET /v1/connect HTTP/1.1", b"Host: here", b"Connection: close", header, b"", b"")
        writer.write(b"\r\n".join(lines))
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
        assert int(answer.split()[1]) in {400, 403}


@pytest.mark.parametrize(
    ("offered", "given"),
    [
        ("unisono.v1+json", "unisono.v1+json"),
        ("unisono.v1+msgpack", "unisono.v1+msgpack"),
        ("chat, unisono.v1+msgpack, unisono.v1+json", "unisono.v1+msgpack"),
        (None, None),
    ],
)
@on_uvloop
async def test_the_first_subprotocol_that_is_ours_is_taken(offered: str | None, given: str | None) -> None:
    async with an_open_door() as door:
        client = await door.connect(subprotocol=offered)
        assert client.socket.headers.get("sec-websocket-protocol") == given


@pytest.mark.parametrize("offered", ["chat", "unisono.v2+json", "UNISONO.V1+JSON"])
@on_uvloop
async def test_a_subprotocol_that_nobody_knows_is_refused(offered: str) -> None:
    async with an_open_door() as door:
        assert await refused(door, subprotocol=offered) == (400, "unsupported")


@on_uvloop
async def test_a_plain_request_is_told_that_this_is_a_websocket() -> None:
    async with an_open_door() as door:
        assert await refused(door, Upgrade="h2c") == (400, "unsupported")
        assert len(door.registry) == 0


@on_uvloop
async def test_without_a_subprotocol_json_is_spoken() -> None:
    async with an_open_door() as door:
        await (await door.connect(subprotocol=None)).login()


@on_uvloop
async def test_messagepack_is_the_same_in_other_bytes() -> None:
    async with an_open_door() as door:
        client = await door.connect(subprotocol="unisono.v1+msgpack")
        client.socket.send_frame(BINARY, msgspec.msgpack.encode({"id": 1, "do": login("alice")}))
        opcode, payload = await client.socket.frames.get()
        frame = msgspec.msgpack.decode(payload)
        assert opcode == BINARY
        assert (frame["is"], frame["re"], frame["answer"]["user"]) == ("reply", 1, "alice")


@on_uvloop
async def test_what_is_pushed_is_the_same_for_both_encodings() -> None:
    async with an_open_door() as door:
        text = await (await door.connect()).login("alice", "a")
        packed = await door.connect(subprotocol="unisono.v1+msgpack")
        packed.socket.send_frame(BINARY, msgspec.msgpack.encode({"id": 1, "do": login("alice", "b")}))
        await packed.socket.frames.get()
        await text.ask({"op": "create", "key": "k", "members": ["bob"]})
        pushed = await text.next_frame()
        while pushed["stream"].startswith("u/"):
            pushed = await text.next_frame()
        other = msgspec.msgpack.decode((await packed.socket.frames.get())[1])
        while other["stream"].startswith("u/"):
            other = msgspec.msgpack.decode((await packed.socket.frames.get())[1])
        assert other == pushed
        assert pushed["facts"][0]["fact"]["kind"] == "created"


@on_uvloop
async def test_a_full_node_says_when_to_come() -> None:
    async with an_open_door(limits=replace(LIMITS, connections=1)) as door:
        first = await door.connect()
        with pytest.raises(HandshakeRefusedError) as refusal:
            await door.connect()
        assert refusal.value.status == 503
        assert refusal.value.headers["retry-after"] == "5"
        first.socket.close()
        await first.closed()
        await door.counted("connections_closed", "gone")
        await (await door.connect()).login()


@on_uvloop
async def test_one_address_has_so_many_connections() -> None:
    async with an_open_door(limits=replace(LIMITS, connections_per_address=1)) as door:
        await (await door.connect()).login()
        assert await refused(door) == (429, "rate_limited")


@on_uvloop
async def test_behind_a_proxy_each_peer_is_counted_for_itself_and_none_can_pose_as_another() -> None:
    """A proxy that adds a header of its own, below the peer's, used to let the peer choose its address."""
    options = OPTIONS.__class__(
        **{name: getattr(OPTIONS, name) for name in OPTIONS.__struct_fields__} | {"trusted_proxies": TRUST_LOOPBACK}
    )
    async with an_open_door(options, limits=replace(LIMITS, connections_per_address=1)) as door:
        await door.connect(X_Forwarded_For="192.0.2.1")
        await door.connect(X_Forwarded_For="192.0.2.2")
        assert await refused(door, X_Forwarded_For="192.0.2.9, 192.0.2.1") == (429, "rate_limited")
        twice = {"X_Forwarded_For": "192.0.2.9\r\nX-Forwarded-For: 192.0.2.1"}
        assert await refused(door, **twice) == (429, "rate_limited")


@on_uvloop
async def test_too_many_new_connections_at_once_are_told_to_wait() -> None:
    async with an_open_door(limits=replace(LIMITS, handshakes_per_s=2)) as door:
        codes = []
        for _ in range(4):
            try:
                await door.connect()
                codes.append(101)
            except HandshakeRefusedError as refusal:
                codes.append(refusal.status)
        assert codes[:2] == [101, 101]
        assert codes.count(429) >= 1


@on_uvloop
async def test_a_node_that_goes_down_lets_nobody_in() -> None:
    async with an_open_door() as door:
        door.admission.close()
        assert await refused(door) == (503, "draining")


@on_uvloop
async def test_only_so_many_greetings_are_worked_on_at_a_time() -> None:
    async with an_open_door(limits=replace(LIMITS, handshakes_in_progress=1)) as door:
        gate, reached = asyncio.Event(), asyncio.Event()

        async def hold(method: str) -> None:
            reached.set()
            await gate.wait()

        door.app.mood = hold
        first, second = await door.connect(), await door.connect()
        request = first.issue(login("alice"))
        await reached.wait()
        assert (await second.ask(login("bob")))["code"] == "overloaded"
        bye, code = await second.last_words()
        assert (bye["advice"], code) == ("later", 4429)
        gate.set()
        assert (await first.answer(request))["is"] == "reply"


@on_uvloop
async def test_what_a_peer_brings_along_reaches_the_identity() -> None:
    async with an_open_door() as door:
        client = await door.connect(Cookie="sid=abc", X_Thing="1")
        await client.ask(login("alice", tab="tab-1"))
        (seen,) = door.app.passports.seen
        assert (seen.cookies["sid"], seen.headers["x-thing"], seen.address) == ("abc", "1", "127.0.0.1")
        assert (seen.token, seen.device, seen.tab, seen.path) == ("alice", "d", "tab-1", "/v1/connect")
