"""The same requests written in other ways: spaces, another order, escapes, defaults, wider numbers."""

from collections.abc import Iterator

import msgspec

Variant = tuple[str, bytes, bytes, object]
PING = {"id": 1, "do": {"op": "ping"}}


def variants() -> Iterator[Variant]:
    """Give name, JSON, MessagePack and meaning. Where one encoding has no such variant, it is written plainly."""
    packed = msgspec.msgpack.encode
    ping = packed(PING)
    yield "spaces", b' \t\r\n{ "id" : 1 ,\n"do" : {"op"\t:"ping"} } \n', ping, PING
    yield "another order of fields", b'{"do":{"op":"ping"},"id":1}', packed({"do": {"op": "ping"}, "id": 1}), PING
    join = {"id": 1, "do": {"op": "join", "conversation": "c\u00e9\U0001f642"}}
    last = packed({"id": 1, "do": {"conversation": "c\u00e9\U0001f642", "op": "join"}})
    yield "the operation last", msgspec.json.encode({"id": 1, "do": {**join_fields(join), "op": "join"}}), last, join
    escaped = rb'{"id":1,"do":{"op":"\u006aoin","conversation":"c\u00e9\ud83d\ude42"}}'
    yield "escapes where none are needed", escaped, packed(join), join
    defaults = {"id": 1, "do": {"op": "sync", "checkpoint": 0, "after": None, "limit": 500}}
    yield (
        "defaults and nulls spelled out",
        msgspec.json.encode(defaults),
        packed(defaults),
        {"id": 1, "do": {"op": "sync"}},
    )
    wide = b"\x82\xa2id\xcf\x00\x00\x00\x00\x00\x00\x00\x01\xa2do\x81\xa2op\xa4ping"
    yield "wider numbers than needed", b'{"id":1,"do":{"op":"ping"}}', wide, PING
    signed = b"\x82\xa2id\xd3\x00\x00\x00\x00\x00\x00\x00\x01\xa2do\x81\xa2op\xa4ping"
    yield "signed numbers", b'{"id":1,"do":{"op":"ping"}}', signed, PING
    long = b"\xdf\x00\x00\x00\x02\xdb\x00\x00\x00\x02id\x01\xda\x00\x02do\xde\x00\x01\xd9\x02op\xd9\x04ping"
    yield "longer headers than needed", b'{"id":1,"do":{"op":"ping"}}', long, PING


def join_fields(request: dict[str, object]) -> dict[str, object]:
    """Give the fields of a request's operation without its name."""
    do = request["do"]
    assert isinstance(do, dict)
    return {name: value for name, value in do.items() if name != "op"}
