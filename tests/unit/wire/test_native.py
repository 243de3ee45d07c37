"""The native codecs: what they accept, how they say no, and that both mean the same."""

import msgspec
import pytest

from unisono.domain.answers import Done
from unisono.domain.commands import Ping, Sync
from unisono.domain.errors import Malformed, Unsupported
from unisono.domain.facts import Content, MessagePlaced, PlacedFact
from unisono.domain.ids import Checkpoint, Epoch, Instant, SendKey, Seq, StreamKey, UserId
from unisono.wire.native import (
    JSON,
    MSGPACK,
    REASON_MAX_CHARS,
    SUBPROTOCOLS,
    Bye,
    Codec,
    Refusal,
    Reply,
    Request,
    codec_of,
    request_id_of,
)

json, msgpack = codec_of(JSON), codec_of(MSGPACK)
BOTH = pytest.mark.parametrize("codec", [json, msgpack], ids=lambda codec: codec.name)
packed = msgspec.msgpack.encode


def plain(codec: Codec, frame: bytes) -> object:
    """Read a frame without knowing its type."""
    return (msgspec.json if codec.is_text else msgspec.msgpack).decode(frame)


def frame(codec: Codec, value: object) -> bytes:
    """Write a frame without knowing its type."""
    return (msgspec.json if codec.is_text else msgspec.msgpack).encode(value)


def test_each_subprotocol_has_its_codec() -> None:
    assert [codec_of(name).name for name in SUBPROTOCOLS] == list(SUBPROTOCOLS)
    assert (json.is_text, msgpack.is_text) == (True, False)


@pytest.mark.parametrize("name", ["", "unisono.v2+json", "UNISONO.V1+JSON", "x" * 1000])
def test_no_other_subprotocol_is_known(name: str) -> None:
    with pytest.raises(Unsupported) as caught:
        codec_of(name)
    assert len(str(caught.value)) < 200


@BOTH
def test_a_request_is_read(codec: Codec) -> None:
    found = codec.decode(frame(codec, {"id": 7, "do": {"op": "sync", "checkpoint": 5}}))
    assert found == Request(7, Sync(checkpoint=Checkpoint(5)))


def test_json_is_read_from_text_too() -> None:
    assert json.decode('{"id":1,"do":{"op":"ping"}}') == Request(1, Ping())


def test_text_is_no_messagepack() -> None:
    """It used to be a TypeError, which nobody expects of a decoder."""
    with pytest.raises(Malformed):
        msgpack.decode('{"id":1,"do":{"op":"ping"}}')


@BOTH
def test_an_operation_not_known_here_is_unsupported_not_malformed(codec: Codec) -> None:
    """So that a newer client can tell an older server from a defect of its own."""
    with pytest.raises(Unsupported):
        codec.decode(frame(codec, {"id": 1, "do": {"op": "teleport"}}))


@BOTH
@pytest.mark.parametrize("name", ["Invalid value $.do.op", "Invalid value - at `$.do.op`"])
def test_a_field_whose_name_looks_like_our_words_is_still_malformed(codec: Codec, name: str) -> None:
    """The text of a problem quotes the frame, and used to be searched for words that the frame could hold."""
    with pytest.raises(Malformed):
        codec.decode(frame(codec, {"id": 1, "do": {"op": "ping", name: 1}}))


@BOTH
def test_a_refusal_is_not_an_echo_of_the_frame(codec: Codec) -> None:
    """A frame of a megabyte used to be answered with a megabyte."""
    for bad in ({"x" * 100_000: 1}, {"id": 1, "do": {"op": "ping", "x" * 100_000: 1}}):
        with pytest.raises(Malformed) as caught:
            codec.decode(frame(codec, bad))
        assert len(str(caught.value.numbers["reason"])) <= REASON_MAX_CHARS


@BOTH
def test_a_value_that_not_every_reader_keeps_stops_here(codec: Codec) -> None:
    content = {"attributes": {"a": 2**53}}
    with pytest.raises(Malformed):
        codec.decode(frame(codec, {"id": 1, "do": {"op": "send", "conversation": "c", "key": "k", "content": content}}))


@BOTH
def test_server_frames_leave_out_what_is_not_there(codec: Codec) -> None:
    assert plain(codec, codec.encode(Reply(3, Done()))) == {"is": "reply", "re": 3, "answer": {"kind": "done"}}
    assert plain(codec, codec.encode(Refusal(3, "not_found", "not found"))) == {
        "is": "error",
        "re": 3,
        "code": "not_found",
        "message": "not found",
    }
    assert plain(codec, codec.encode(Bye("draining", "m", "later", retry_after_ms=5))) == {
        "is": "bye",
        "code": "draining",
        "message": "m",
        "advice": "later",
        "retry_after_ms": 5,
    }


@BOTH
def test_a_delivery_carries_its_facts_as_they_are(codec: Codec) -> None:
    def placed(seq: int, text: str) -> PlacedFact:
        fact = MessagePlaced(UserId("ann"), SendKey(f"k{seq}"), Content(text=text))
        return PlacedFact(StreamKey("c/x"), Epoch(2), Seq(seq), Instant(seq * 10), Checkpoint(0), fact)

    def shown(seq: int, text: str) -> object:
        fact = {"kind": "message", "sender": "ann", "key": f"k{seq}", "content": {"text": text}}
        return {"seq": seq, "at": seq * 10, "fact": fact}

    delivery = codec.encode_delivery([placed(4, "a"), placed(5, "b")], Checkpoint(99))
    assert plain(codec, delivery) == {
        "is": "facts",
        "stream": "c/x",
        "epoch": 2,
        "facts": [shown(4, "a"), shown(5, "b")],
        "checkpoint": 99,
    }


@BOTH
@pytest.mark.parametrize("rest", [{}, {"do": {"op": "teleport"}}, {"do": 5, "more": [1, {"a": None}]}])
def test_the_id_of_an_unreadable_request_is_found(codec: Codec, rest: dict[str, object]) -> None:
    assert request_id_of(frame(codec, {"id": 41, **rest}), codec) == 41


@BOTH
@pytest.mark.parametrize(
    "bad", [{}, {"id": 0}, {"id": -1}, {"id": 2**53}, {"id": "1"}, {"id": 1.0}, {"id": None}, [], 1]
)
def test_what_has_no_usable_id_has_none(codec: Codec, bad: object) -> None:
    assert request_id_of(frame(codec, bad), codec) == 0


def test_what_cannot_be_read_at_all_has_no_id() -> None:
    assert request_id_of(b'{"id":1', json) == 0
    assert request_id_of(b'{"id":1,"a":' + b"[" * 5000, json) == 0
    assert request_id_of(b"\x81", msgpack) == 0
    assert request_id_of('{"id":1}', msgpack) == 0
