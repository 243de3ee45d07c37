"""Well-written values that are no requests: of the frame itself, and of the free values inside."""

from collections.abc import Iterator
from typing import Final

import msgspec

from tests.fuzz.bad_bytes import Bad
from tests.vectors.refused import SEND
from unisono.domain.attributes import NESTING_MAX
from unisono.domain.ids import INTEGER_MAX
from unisono.wire.native import JSON
from unisono.wire.weight import VALUES_MAX

PING: Final = {"op": "ping"}
ENVELOPES: Final[dict[str, object]] = {
    "nothing but null": None,
    "true": True,
    "number": 7,
    "text": "ping",
    "empty array": [],
    "array instead of an object": [7, PING],
    "array of frames": [{"id": 7, "do": PING}],
    "empty object": {},
    "operation without a frame": PING,
    "no id": {"do": PING},
    "no operation": {"id": 7},
    "id null": {"id": None, "do": PING},
    "id 0": {"id": 0, "do": PING},
    "id -1": {"id": -1, "do": PING},
    "id 2 to the 53rd": {"id": INTEGER_MAX + 1, "do": PING},
    "id 2 to the 63rd": {"id": 2**63, "do": PING},
    "id a float": {"id": 7.5, "do": PING},
    "id a text": {"id": "7", "do": PING},
    "id an array": {"id": [7], "do": PING},
    "id an object": {"id": {}, "do": PING},
    "id true": {"id": True, "do": PING},
    "operation null": {"id": 7, "do": None},
    "operation a text": {"id": 7, "do": "ping"},
    "operation a number": {"id": 7, "do": 1},
    "operation an array": {"id": 7, "do": ["ping"]},
    "operation empty": {"id": 7, "do": {}},
    "name of the operation null": {"id": 7, "do": {"op": None}},
    "name of the operation a number": {"id": 7, "do": {"op": 1}},
    "name of the operation an array": {"id": 7, "do": {"op": ["ping"]}},
    "name in another field": {"id": 7, "do": {"kind": "ping"}},
    "unknown field": {"id": 7, "do": PING, "x": 1},
    "unknown field that looks like a prototype": {"id": 7, "do": PING, "__proto__": {}},
    "unknown field without a name": {"id": 7, "do": PING, "": 1},
    "unknown field with a very long name": {"id": 7, "do": PING, "x" * 10_000: 1},
    "unknown field that quotes our words": {"id": 7, "do": {**PING, "Invalid value - at `$.do.op`": 1}},
    "frame of a server": {"is": "reply", "re": 7, "answer": {"kind": "done"}},
}
UNKNOWN: Final = ("teleport", "", "PING", " ping", "ping ", "ping\n", "pi", "pingping", "\U0001f642", "x" * 10_000)


def bad_envelopes(subprotocol: str) -> Iterator[Bad]:
    """Give frames that are no requests, and requests for what nobody knows."""
    for name, value in ENVELOPES.items():
        yield name, written(subprotocol, value), "malformed"
    for op in UNKNOWN:
        shown = op if len(op) < 20 else f"{op[:3]}... of {len(op)} characters"
        yield f"operation {shown!r}", written(subprotocol, {"id": 7, "do": {"op": op}}), "unsupported"


def bad_values(subprotocol: str) -> Iterator[Bad]:
    """Give free values that not every reader keeps, in each place that takes them."""
    values: dict[str, object] = {
        "integer 2 to the 53rd": {"a": INTEGER_MAX + 1},
        "integer -2 to the 53rd": {"a": -INTEGER_MAX - 1},
        "integer of 64 bits deep inside": {"a": [{"b": [2**64 - 1]}]},
        "nesting one level too deep": nested(NESTING_MAX + 1),
        "nesting far too deep": nested(500),
        "array instead of an object": [1],
        "text instead of an object": "a",
        "number instead of an object": 1,
    }
    for name, value in values.items():
        data = {"id": 7, "do": {**SEND, "content": {"data": value}}}
        yield f"{name}, in data", written(subprotocol, data), "malformed"
        attributes = {"id": 7, "do": {**SEND, "content": {"attributes": value}}}
        yield f"{name}, in attributes", written(subprotocol, attributes), "malformed"
        create = {"id": 7, "do": {"op": "create", "key": "k", "attributes": value}}
        yield f"{name}, in attributes of a conversation", written(subprotocol, create), "malformed"
    many = {"id": 7, "do": {**SEND, "content": {"data": {"a": [0] * VALUES_MAX}}}}
    yield "too many values, in data", written(subprotocol, many), "malformed"
    if subprotocol == JSON:
        yield from _only_json()


def _only_json() -> Iterator[Bad]:
    for name, raw in {
        "NaN": "NaN",
        "Infinity": "-Infinity",
        "float beyond range": "1e999",
        "integer of 30 digits": "9" * 30,
        "integer of 5000 digits": "9" * 5000,
        "half a surrogate pair": r'"\ud83d"',
        "nesting without end": "[" * 2_000,
        "nesting beyond all measure": "[" * 2_000 + "]" * 2_000,
    }.items():
        content = f'{{"id":7,"do":{{"op":"send","conversation":"c","key":"k","content":{{"data":{{"a":{raw}}}}}}}}}'
        yield f"{name}, in data", content.encode(), "malformed"


def nested(levels: int) -> dict[str, object]:
    """Nest arrays in an object, `levels` of them in all."""
    value: object = []
    for _ in range(levels - 2):
        value = [value]
    return {"a": value}


def written(subprotocol: str, value: object) -> bytes:
    """Write a value in an encoding."""
    return msgspec.json.encode(value) if subprotocol == JSON else msgspec.msgpack.encode(value)
