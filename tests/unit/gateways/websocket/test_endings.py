"""How connections end: the last words, the close code, and what is let through before them."""

import pytest

from tests.support.raw_socket import CLOSE
from tests.unit.gateways.websocket.door_stage import an_open_door, on_uvloop
from unisono.domain.errors import Draining


@on_uvloop
async def test_a_silent_client_is_told_and_left() -> None:
    async with an_open_door() as door:
        client = await (await door.connect()).login()
        for connection in door.registry:
            connection.heard_at_s -= 51
            connection.end_if_silent(50)
        bye, code = await client.last_words()
        assert (bye["code"], bye["advice"], code) == ("timeout", "reconnect", 4410)


@on_uvloop
async def test_a_close_reason_is_never_cut_inside_a_character() -> None:
    """A client that gets a reason which is no UTF-8 has to break the connection (RFC 6455, section 8.1)."""
    async with an_open_door() as door:
        client = await (await door.connect()).login()
        reasons: list[bytes] = []
        take = client.socket._dispatch

        def note(opcode: int, payload: bytes, *, is_last: bool) -> None:
            if opcode == CLOSE:
                reasons.append(payload[2:])
            take(opcode, payload, is_last=is_last)

        client.socket._dispatch = note  # type: ignore[method-assign]
        for connection in door.registry:
            connection.end(Draining(reason="ä" * 100))
        await client.closed()
        assert reasons[0].decode().endswith("ä")
        assert len(reasons[0]) in {122, 123}


@pytest.mark.parametrize(
    "offence",
    [
        b"\xc1\x80\x00\x00\x00\x00",  # a reserved bit
        b"\x83\x80\x00\x00\x00\x00",  # an opcode that nobody gave a meaning
        b"\x09\x80\x00\x00\x00\x00",  # a control frame in pieces
        b"\x80\x80\x00\x00\x00\x00",  # the end of a message without its beginning
        b"\x81\x02{}",  # a frame that is not masked
        b"\x89\x00",  # a ping that is not masked
        b"\x01\x80\x00\x00\x00\x00" + b"\x00\x80\x00\x00\x00\x00" * 1023,  # a message in too many pieces
    ],
)
@on_uvloop
async def test_who_breaks_the_rules_of_the_transport_is_told_by_the_standard_code(offence: bytes) -> None:
    async with an_open_door() as door:
        client = await (await door.connect()).login()
        client.socket.send_bytes(offence)
        assert await client.closed() == 1002
        await door.counted("connections_closed", "malformed")
        assert door.app.telemetry.defects == []
