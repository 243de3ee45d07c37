"""What clients must not send, readable: the corpus in tests/fuzz goes far beyond these."""

from collections.abc import Iterator

import msgspec

from unisono.domain.errors import UnisonoError
from unisono.wire.native import JSON, MSGPACK, codec_of, request_id_of

LOGIN = {"op": "login", "login": "12345678", "device": {"id": "d", "platform": "web"}}
SEND = {"op": "send", "conversation": "c", "key": "k", "content": {"text": "x"}}

BAD: dict[str, object] = {
    "no object": [1, {"op": "ping"}],
    "nothing in it": {},
    "no id": {"do": {"op": "ping"}},
    "id 0": {"id": 0, "do": {"op": "ping"}},
    "negative id": {"id": -1, "do": {"op": "ping"}},
    "id too great": {"id": 2**53, "do": {"op": "ping"}},
    "id a text": {"id": "1", "do": {"op": "ping"}},
    "id a float": {"id": 1.5, "do": {"op": "ping"}},
    "no operation": {"id": 7},
    "operation without a name": {"id": 7, "do": {}},
    "operation a text": {"id": 7, "do": "ping"},
    "operation not known": {"id": 7, "do": {"op": "teleport"}},
    "operation in capitals": {"id": 7, "do": {"op": "PING"}},
    "unknown field beside the operation": {"id": 7, "do": {"op": "ping"}, "urgent": True},
    "unknown field in the operation": {"id": 7, "do": {"op": "ping", "payload": "x"}},
    "missing field": {"id": 7, "do": {"op": "join"}},
    "field of a wrong type": {"id": 7, "do": {"op": "join", "conversation": 5}},
    "null where a value must be": {"id": 7, "do": {"op": "join", "conversation": None}},
    "empty id of a conversation": {"id": 7, "do": {"op": "join", "conversation": ""}},
    "id of a conversation too long": {"id": 7, "do": {"op": "join", "conversation": "c" * 65}},
    "control character in an id": {"id": 7, "do": {"op": "join", "conversation": "a\nb"}},
    "line break at the end of an id": {"id": 7, "do": {"op": "join", "conversation": "a\n"}},
    "platform with a capital": {"id": 7, "do": {**LOGIN, "device": {"id": "d", "platform": "Web"}}},
    "platform with a line break": {"id": 7, "do": {**LOGIN, "device": {"id": "d", "platform": "web\n"}}},
    "login id too short": {"id": 7, "do": {**LOGIN, "login": "1234567"}},
    "login id too long": {"id": 7, "do": {**LOGIN, "login": "l" * 65}},
    "unknown field in a device": {"id": 7, "do": {**LOGIN, "device": {"id": "d", "platform": "web", "os": "x"}}},
    "page of nothing": {"id": 7, "do": {"op": "sync", "limit": 0}},
    "page too long": {"id": 7, "do": {"op": "sync", "limit": 1001}},
    "negative seq": {"id": 7, "do": {"op": "mark_read", "conversation": "c", "seq": -1}},
    "seq too great": {"id": 7, "do": {"op": "mark_read", "conversation": "c", "seq": 2**53}},
    "no users": {"id": 7, "do": {"op": "add", "conversation": "c", "users": []}},
    "kind of conversation not known": {"id": 7, "do": {"op": "create", "key": "k", "of": "crowd"}},
    "key too long": {"id": 7, "do": {**SEND, "key": "k" * 129}},
    "content a text": {"id": 7, "do": {**SEND, "content": "x"}},
    "unknown field in a content": {"id": 7, "do": {**SEND, "content": {"text": "x", "html": "y"}}},
    "type too great": {"id": 7, "do": {**SEND, "content": {"type": 2**31, "text": "x"}}},
    "attributes that are no object": {"id": 7, "do": {**SEND, "content": {"attributes": [1]}}},
    "integer that not every reader keeps": {"id": 7, "do": {**SEND, "content": {"attributes": {"a": 2**53}}}},
}

RAW: dict[str, tuple[str, bytes]] = {
    "JSON cut off": (JSON, b'{"id":7,"do":{"op":"ping"}'),
    "JSON with something behind it": (JSON, b'{"id":7,"do":{"op":"ping"}}{}'),
    "JSON with a comma too many": (JSON, b'{"id":7,"do":{"op":"ping",}}'),
    "JSON with a comment": (JSON, b'{"id":7,/* now */"do":{"op":"ping"}}'),
    "JSON with half a surrogate pair": (JSON, rb'{"id":7,"do":{"op":"join","conversation":"\ud83d"}}'),
    "nothing as JSON": (JSON, b""),
    "MessagePack cut off": (MSGPACK, b"\x82\xa2id\x07\xa2do\x81\xa2op"),
    "MessagePack with something behind it": (MSGPACK, b"\x82\xa2id\x07\xa2do\x81\xa2op\xa4ping\xc0"),
    "MessagePack with bytes for a text": (MSGPACK, b"\x82\xa2id\x07\xa2do\x81\xa2op\xc4\x04ping"),
    "nothing as MessagePack": (MSGPACK, b""),
}


def refused() -> Iterator[dict[str, object]]:
    """Give each frame with the error that answers it."""
    for name, value in BAD.items():
        as_json, as_msgpack = msgspec.json.encode(value), msgspec.msgpack.encode(value)
        answer = answer_to(JSON, as_json)
        assert answer == answer_to(MSGPACK, as_msgpack)
        yield {"name": name, "from": "client", "json": as_json.decode(), "msgpack": as_msgpack.hex(), **answer}
    for name, (subprotocol, raw) in RAW.items():
        written = {"json": raw.decode()} if subprotocol == JSON else {"msgpack": raw.hex()}
        yield {"name": name, "from": "client", **written, **answer_to(subprotocol, raw)}


def answer_to(subprotocol: str, frame: bytes) -> dict[str, object]:
    """Give the code and the request id of the error that answers a frame."""
    codec = codec_of(subprotocol)
    try:
        codec.decode(frame)
    except UnisonoError as fault:
        return {"code": fault.code, "re": request_id_of(frame, codec)}
    raise AssertionError(f"{frame[:80]!r} is no bad frame")
