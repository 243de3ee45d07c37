"""One connection from its greeting to its end."""

import asyncio
import json

import msgspec
import pytest

from tests.support.raw_socket import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT
from tests.unit.gateways.websocket.door_stage import OPTIONS, PLENTY, an_open_door, login, on_uvloop
from unisono.domain.ids import UserId
from unisono.domain.rates import Rate
from unisono.gateways.hosting.incoming import TURN_BYTES, TURN_FRAMES
from unisono.gateways.hosting.lobby import Pace
from unisono.gateways.hosting.strays import STRAY_BYTES

IN_A_HURRY = msgspec.structs.replace(OPTIONS, pace=Pace(greeting_s=0.01, requests_in_flight=8, strays=PLENTY))
FEW_STRAYS = msgspec.structs.replace(
    OPTIONS, frame_bytes=1 << 18, pace=Pace(greeting_s=60.0, requests_in_flight=8, strays=Rate(per_s=1, burst=9))
)
TWO_AT_A_TIME = msgspec.structs.replace(OPTIONS, pace=Pace(greeting_s=60.0, requests_in_flight=2, strays=PLENTY))


@pytest.mark.parametrize(
    ("frame", "re", "code"),
    [
        ('{"id": 7, "do": {"op": "login"}}', 7, "malformed"),
        ('{"id": 7, "do": {"op": "never-heard-of"}}', 7, "unsupported"),
        ("[]", 0, "malformed"),
        ("", 0, "malformed"),
    ],
)
@on_uvloop
async def test_a_greeting_that_cannot_be_read_is_refused_by_its_id(frame: str, re: int, code: str) -> None:
    async with an_open_door() as door:
        client = await door.connect()
        client.socket.send_text(frame)
        refusal = await client.next_frame()
        assert (refusal["is"], refusal["re"], refusal["code"]) == ("error", re, code)
        bye, _ = await client.last_words()
        assert bye["code"] == code


@pytest.mark.parametrize("frame", ["", "nonsense", "{}", '{"id": 0}', '{"id": "9"}', '{"do": {"op": "ping"}}', "null"])
@on_uvloop
async def test_a_frame_without_an_id_ends_the_connection(frame: str) -> None:
    async with an_open_door() as door:
        client = await (await door.connect()).login()
        client.socket.send_text(frame)
        refusal = await client.answer(0)
        assert refusal["code"] == "malformed"
        bye, code = await client.last_words()
        assert (bye["advice"], code) == ("stop", 1007)


@pytest.mark.parametrize(("subprotocol", "opcode"), [("unisono.v1+json", BINARY), ("unisono.v1+msgpack", TEXT)])
@pytest.mark.parametrize("is_greeted", [True, False])
@on_uvloop
async def test_text_carries_json_and_binary_messagepack(subprotocol: str, opcode: int, is_greeted: bool) -> None:
    async with an_open_door() as door:
        client = await door.connect(subprotocol=subprotocol)
        is_text = subprotocol.endswith("json")
        encode = msgspec.json.encode if is_text else msgspec.msgpack.encode
        decode = msgspec.json.decode if is_text else msgspec.msgpack.decode
        if is_greeted:
            client.socket.send_frame(TEXT if is_text else BINARY, encode({"id": 1, "do": login("alice")}))
            await client.socket.frames.get()
        client.socket.send_frame(opcode, encode({"id": 2, "do": {"op": "ping"}}))
        frames = []
        code = await client.closed()
        while not client.socket.frames.empty():
            frames.append(decode(client.socket.frames.get_nowait()[1]))
        assert [(frame["is"], frame["code"]) for frame in frames if frame["is"] != "facts"] == [
            ("error", "malformed"),
            ("bye", "malformed"),
        ]
        assert code == 1007


@on_uvloop
async def test_a_ping_of_the_transport_is_answered_in_its_turn() -> None:
    async with an_open_door() as door:
        client = await (await door.connect()).login()
        seen: list[tuple[int, bytes]] = []
        take = client.socket._dispatch

        def note(opcode: int, payload: bytes, *, is_last: bool) -> None:
            seen.append((opcode, payload))
            take(opcode, payload, is_last=is_last)

        client.socket._dispatch = note  # type: ignore[method-assign]
        client.socket.send_frame(PONG, b"unasked")
        client.socket.send_frame(PING, b"are you there?")
        assert (await client.ask({"op": "ping"}))["is"] == "reply"
        assert (PONG, b"are you there?") in seen


@on_uvloop
async def test_a_message_in_pieces_is_one_message() -> None:
    async with an_open_door() as door:
        client = await (await door.connect()).login()
        client.socket.send_frame(TEXT, b'{"id": 5, "do": ', first_bits=0)
        client.socket.send_frame(PING, b"in between")
        client.socket.send_frame(CONTINUATION, b'{"op": "ping"}}')
        assert (await client.answer(5))["is"] == "reply"


@on_uvloop
async def test_a_client_that_says_goodbye_gets_the_same_back_and_its_session_is_detached() -> None:
    async with an_open_door() as door:
        client = await (await door.connect()).login()
        client.socket.send_frame(CLOSE, b"\x03\xe8done")
        assert await client.closed() == 1000
        await door.counted("connections_closed", "gone")
        (view,) = await door.app.node.own_sessions.list_of(UserId("alice"))
        assert view.state == "detached"
        assert len(door.registry) == 0
        assert len(door.app.node.audience) == 0


@on_uvloop
async def test_a_client_that_vanishes_is_no_defect() -> None:
    async with an_open_door() as door:
        client = await (await door.connect()).login()
        client.socket.abort()
        await door.counted("connections_closed", "gone")
        assert door.app.telemetry.defects == []
        assert len(door.app.node.audience) == 0


@pytest.mark.parametrize(("size", "is_taken"), [(4096, True), (4097, False)])
@on_uvloop
async def test_a_frame_may_be_so_large_and_no_larger(size: int, is_taken: bool) -> None:
    async with an_open_door() as door:
        client = await (await door.connect()).login()
        client.socket.send_text('{"id": 5, "do": {"op": "ping"}}'.ljust(size))
        if is_taken:
            assert (await client.answer(5))["is"] == "reply"
        else:
            assert await client.closed() == 1009
            await door.counted("connections_closed", "too_large")


BAD = (TEXT, b'{"id": 1}')
STRAYS = {
    "pings of the transport": (PING, b""),
    "pongs that nobody asked for": (PONG, b"x"),
    "pings": (TEXT, b'{"id": 1, "do": {"op": "ping"}}'),
    "what cannot be read": BAD,
    "operations not known": (TEXT, b'{"id": 1, "do": {"op": "never-heard-of"}}'),
    "a second greeting": (TEXT, json.dumps({"id": 1, "do": login("alice")}).encode()),
}


@pytest.mark.parametrize("stray", STRAYS.values(), ids=STRAYS)
@on_uvloop
async def test_too_many_frames_that_are_no_commands_end_the_connection(stray: tuple[int, bytes]) -> None:
    """They used to cost nothing but the server's time."""
    async with an_open_door(FEW_STRAYS) as door:
        client = await (await door.connect()).login()
        for _ in range(9):
            client.socket.send_frame(*stray)
        assert (await client.ask({"op": "sessions"}))["is"] == "reply"
        client.socket.send_frame(*stray)
        bye, code = await client.last_words()
        assert (bye["code"], bye["advice"], code) == ("rate_limited", "later", 4443)
        assert bye["retry_after_ms"] > 0
        assert door.app.telemetry.counts["limits_hit", "rates.strays_per_s"] == 1


@on_uvloop
async def test_pings_before_a_greeting_are_counted_too() -> None:
    async with an_open_door(FEW_STRAYS) as door:
        client = await door.connect()
        for _ in range(50):
            client.socket.send_frame(PING, b"")
        bye, code = await client.last_words()
        assert (bye["code"], code) == ("rate_limited", 4443)


@on_uvloop
async def test_commands_refused_for_their_number_are_counted_and_those_carried_out_are_not() -> None:
    async with an_open_door(FEW_STRAYS, commands=Rate(per_s=0.001, burst=30)) as door:
        client = await (await door.connect()).login()
        for _ in range(30):
            assert (await client.ask({"op": "sessions"}))["is"] == "reply"
        for _ in range(9):
            assert (await client.ask({"op": "sessions"}))["code"] == "rate_limited"
        client.issue({"op": "sessions"})
        bye, _ = await client.last_words()
        assert bye["code"] == "rate_limited"


@on_uvloop
async def test_a_large_stray_counts_like_several() -> None:
    async with an_open_door(FEW_STRAYS) as door:
        client = await (await door.connect()).login()
        for _ in range(2):
            client.socket.send_text(b'{"id": 1, "x": "' + b"x" * (5 * STRAY_BYTES) + b'"}')
        bye, _ = await client.last_words()
        assert bye["code"] == "rate_limited"


@pytest.mark.parametrize(
    ("padding", "turn"),
    [(0, TURN_FRAMES), (TURN_BYTES // 4, 4), (TURN_BYTES, 1)],
    ids=["small frames", "large frames", "huge frames"],
)
@on_uvloop
async def test_others_have_their_turn_while_one_sends_all_it_can(padding: int, turn: int) -> None:
    """All that had come used to be read in one turn of the loop, in which nobody else was heard."""
    async with an_open_door(msgspec.structs.replace(OPTIONS, frame_bytes=1 << 18)) as door:
        client = await (await door.connect()).login()
        for _ in range(200):
            client.socket.send_text(b'{"id": 1' + b" " * padding + b"}")
        counts, most, before = door.app.telemetry.counts, 0, 0
        while before < 200:
            await asyncio.sleep(0)
            now = counts.get(("refusals", "malformed"), 0)
            most, before = max(most, now - before), now
        assert 1 <= most <= turn
