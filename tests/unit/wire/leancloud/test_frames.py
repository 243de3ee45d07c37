"""Frames: the hand-written ones are read and written alike, and what cannot be read gives one of two faults."""

import json
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.message import Message
from hypothesis import given
from hypothesis import strategies as st

from tests.vectors.leancloud.frames import frames
from unisono.domain.errors import Malformed, TooLarge
from unisono.wire.leancloud import realtime_pb2 as pb
from unisono.wire.leancloud.frames import FRAME_MAX_BYTES, NEVER_ZERO, decode, encode, serial_of
from unisono.wire.leancloud.subprotocols import DIALECTS

BINARY, TEXT = DIALECTS["lc.protobuf2.3"], DIALECTS["lc.proto2base64.3"]
ECHO = pb.GenericCommand(cmd=pb.echo, i=7)
FILE = Path(__file__).parents[3] / "vectors/leancloud/frames.json"
VECTORS: list[dict[str, Any]] = json.loads(FILE.read_text(encoding="utf-8"))
vectors = pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: f"{vector['by']}: {vector['name']}")


def said(message: Message) -> dict[str, object]:
    """Give a message by the names of its fields, as the vectors do."""
    return {field.name: plain(value) for field, value in message.ListFields()}


def plain(value: object) -> object:
    """Give a field's value as the vectors do."""
    if isinstance(value, Message):
        return said(value)
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, str | int):
        return value
    return [plain(each) for each in value]  # type: ignore[attr-defined]


def padded(size: int) -> bytes:
    """Give an echo of so many bytes."""
    least = len(pb.GenericCommand(cmd=pb.echo, i=7, appId="a" * (size - 20)).SerializeToString())
    return pb.GenericCommand(cmd=pb.echo, i=7, appId="a" * (size - 20 + size - least)).SerializeToString()


def test_the_file_is_in_step_with_what_makes_it() -> None:
    assert FILE.read_text(encoding="utf-8") == frames(), "behind the code: make docs"


@vectors
def test_a_hand_written_frame_says_what_it_was_meant_to(vector: dict[str, Any]) -> None:
    assert said(decode(bytes.fromhex(vector["hex"]), BINARY)) == vector["says"]


@vectors
def test_a_frame_is_written_as_by_hand_in_both_forms(vector: dict[str, Any]) -> None:
    payload = bytes.fromhex(vector["hex"])
    command = pb.GenericCommand.FromString(payload)
    assert encode(command, BINARY) == payload
    assert encode(command, TEXT) == b64encode(payload).decode()
    assert decode(encode(command, TEXT), TEXT) == command


def test_every_command_and_message_has_a_hand_written_frame() -> None:
    assert {vector["says"]["cmd"] for vector in VECTORS} == set(pb.CommandType.values())
    bodies = {name for name in pb.GenericCommand.DESCRIPTOR.fields_by_name if name.endswith("Message")}
    assert bodies <= {name for vector in VECTORS for name in vector["says"]}


def test_a_command_of_zero_is_written() -> None:
    assert encode(pb.GenericCommand(cmd=pb.session), BINARY) == b"\x08\x00"


def test_zeros_that_say_something_are_left_out() -> None:
    ack = pb.GenericCommand(cmd=pb.ack, i=0, ackMessage=pb.AckCommand(code=0, cid="c"))
    assert encode(ack, BINARY) == pb.GenericCommand(cmd=pb.ack, ackMessage=pb.AckCommand(cid="c")).SerializeToString()
    logs = pb.GenericCommand(cmd=pb.logs, logsMessage=pb.LogsCommand(logs=[pb.LogItem(ackAt=0, readAt=0, data="")]))
    assert said(decode(encode(logs, BINARY), BINARY)) == {"cmd": pb.logs, "logsMessage": {"logs": [{"data": ""}]}}
    unread = pb.UnreadTuple(cid="c", unread=0, binaryMsg=b"", mentioned=False)
    command = pb.GenericCommand(cmd=pb.unread, unreadMessage=pb.UnreadCommand(convs=[unread]))
    kept = {"cid": "c", "unread": 0, "mentioned": False}
    assert said(decode(encode(command, BINARY), BINARY))["unreadMessage"] == {"convs": [kept]}


def test_what_is_never_zero_is_in_the_schema() -> None:
    for message, fields in NEVER_ZERO.items():
        assert fields <= set(getattr(pb, message).DESCRIPTOR.fields_by_name)


def test_what_is_not_known_is_left_out() -> None:
    command = decode(ECHO.SerializeToString() + b"\xf8\x3f\x01" + b"\x10\x63", BINARY)
    assert encode(command, BINARY) == ECHO.SerializeToString()
    assert not command.HasField("op")


@pytest.mark.parametrize("name", ["lc.protobuf.1", "lc.protobuf2.3"])
def test_a_frame_of_the_limit_is_read_and_one_byte_more_is_not(name: str) -> None:
    assert decode(padded(FRAME_MAX_BYTES), DIALECTS[name]).i == 7
    with pytest.raises(TooLarge):
        decode(padded(FRAME_MAX_BYTES + 1), DIALECTS[name])


@pytest.mark.parametrize("size", range(100, 106))
def test_the_limit_of_text_is_that_of_the_bytes_in_it(size: int) -> None:
    for limit, is_read in ((size, True), (size - 1, False)):
        text = b64encode(padded(size)).decode()
        if is_read:
            assert decode(text, TEXT, limit_bytes=limit).i == 7
            assert serial_of(text, TEXT, limit_bytes=limit) == 7
        else:
            with pytest.raises(TooLarge):
                decode(text, TEXT, limit_bytes=limit)
            assert serial_of(text, TEXT, limit_bytes=limit) is None


def test_text_far_beyond_the_limit_is_not_even_read() -> None:
    with pytest.raises(TooLarge):
        decode("\u00e9" * 200, TEXT, limit_bytes=100)


@pytest.mark.parametrize(
    ("frame", "dialect"), [(b"\x08\x0e", TEXT), ("CA4=", BINARY), ("CA4", TEXT), ("\u00e9===", TEXT)]
)
def test_a_frame_of_another_form_is_malformed(frame: bytes | str, dialect: Any) -> None:
    with pytest.raises(Malformed):
        decode(frame, dialect)
    assert serial_of(frame, dialect) is None


@pytest.mark.parametrize(
    ("payload", "serial"),
    [
        (b"", None),
        (b"\xff", None),
        (b"\x28\x07", 7),
        (b"\x08\x63\x28\x07", 7),
        (b"\x08\x07\x28\x07\xba\x06\x00", 7),
        (b"\x08\x0e\x28\x00", None),
    ],
)
def test_what_cannot_be_read_is_malformed_and_its_serial_is_found(payload: bytes, serial: int | None) -> None:
    with pytest.raises(Malformed):
        decode(payload, BINARY)
    assert serial_of(payload, BINARY) == serial


texts = st.text(st.characters(exclude_categories=["Cs"]))


@given(texts, st.lists(texts), st.integers(-(2**63), 2**63 - 1), st.binary(min_size=1), st.booleans())
def test_what_is_written_is_read_back(text: str, several: list[str], number: int, raw: bytes, flag: bool) -> None:
    direct = pb.DirectCommand(msg=text, timestamp=number, mentionPids=several, binaryMsg=raw, r=flag)
    command = pb.GenericCommand(cmd=pb.direct, peerId=text, directMessage=direct)
    for dialect in DIALECTS.values():
        frame = encode(command, dialect)
        assert isinstance(frame, str) is dialect.is_text
        assert decode(frame, dialect) == command
