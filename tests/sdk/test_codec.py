"""What is not of the protocol stops at the codec, in either direction."""

import json
from typing import Any

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unisono_sdk.codec import JSON, MSGPACK
from unisono_sdk.commands import Ping, SendMessage
from unisono_sdk.errors import InvalidArgument, ProtocolFault
from unisono_sdk.facts import Content
from unisono_sdk.frames import Delivery, Request, UnknownFrame

PLACED = {"kind": "message", "sender": "a", "key": "k", "content": {"text": "x"}}
FACTS: dict[str, Any] = {"is": "facts", "stream": "c/1", "epoch": 1, "checkpoint": 1}
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


def facts(*seqs: object, at: object = 1) -> dict[str, Any]:
    """Make a delivery."""
    return {**FACTS, "facts": [{"seq": seq, "at": at, "fact": PLACED} for seq in seqs]}


def send(attributes: Any) -> Request:
    """Make a send with attributes."""
    content = Content(text="x", attributes=attributes)
    return Request(id=1, do=SendMessage(conversation="c", key="k", content=content))


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "1", '{"is":1}', '{"re":1}', '{"is":NaN}', "[" * 100_000])
def test_text_that_is_no_frame_is_a_fault(text: str) -> None:
    with pytest.raises(ProtocolFault):
        JSON.decode(text)


@pytest.mark.parametrize("payload", [b"", b"\xc1", b"\x90", b"\x81\x01\x02", b"\x91" * 5000, b"\xa2\xff\xff"])
def test_bytes_that_are_no_frame_are_a_fault(payload: bytes) -> None:
    with pytest.raises(ProtocolFault):
        MSGPACK.decode(payload)


@pytest.mark.parametrize(
    "value",
    [
        {"is": "reply"},
        {"is": "reply", "re": "1", "answer": {"kind": "done"}},
        {"is": "reply", "re": True, "answer": {"kind": "done"}},
        {"is": "reply", "re": 1, "answer": {"kind": "placed"}},
        {"is": "reply", "re": 1, "answer": {}},
        {"is": "error", "re": 1},
        {"is": "bye", "code": 1, "message": "", "advice": "stop"},
        {**FACTS, "facts": {}},
        {**FACTS, "facts": [{"seq": 1, "at": 1, "fact": {"kind": "message", "sender": "a"}}]},
        {**FACTS, "facts": [{"seq": 1, "at": 1, "fact": {}}]},
        facts(0),
        facts("1"),
        facts(1, at=None),
        facts(1, 3),
        facts(2, 1),
    ],
)
def test_a_frame_that_lacks_something_is_a_fault(value: Any) -> None:
    with pytest.raises(ProtocolFault):
        JSON.decode(json.dumps(value))
    with pytest.raises(ProtocolFault):
        MSGPACK.decode(msgpack.packb(value))


def test_the_wrong_kind_of_frame_is_a_fault() -> None:
    with pytest.raises(ProtocolFault):
        JSON.decode(b"{}")
    with pytest.raises(ProtocolFault):
        MSGPACK.decode("{}")


def test_unknown_frames_and_more_fields_are_passed_over() -> None:
    assert JSON.decode('{"is":"typing","by":"a"}') == UnknownFrame(tag="typing")
    frame = JSON.decode(json.dumps({**facts(4, 5), "new": 1}))
    assert isinstance(frame, Delivery)
    assert [fact.seq for fact in frame.facts] == [4, 5]


@pytest.mark.parametrize("value", [{"x": object()}, {"x": float("nan")}, {"x": "\ud800"}, {"x": {1, 2}}])
def test_what_cannot_be_written_is_told_to_the_caller(value: Any) -> None:
    with pytest.raises(InvalidArgument):
        JSON.encode(send(value))


@pytest.mark.parametrize("value", [{"x": object()}, {"x": 2**70}, {"x": "\ud800"}])
def test_what_cannot_be_packed_is_told_to_the_caller(value: Any) -> None:
    with pytest.raises(InvalidArgument):
        MSGPACK.encode(send(value))


def test_a_ping_is_short() -> None:
    assert JSON.encode(Request(id=7, do=Ping())) == '{"id":7,"do":{"op":"ping"}}'


@given(values)
def test_any_value_is_a_frame_or_a_fault(value: Any) -> None:
    for codec, payload in ((JSON, json.dumps(value)), (MSGPACK, _packed(value))):
        try:
            codec.decode(payload)
        except ProtocolFault:
            continue


def _packed(value: Any) -> bytes:
    try:
        return bytes(msgpack.packb(value))
    except (OverflowError, ValueError):
        return b""
