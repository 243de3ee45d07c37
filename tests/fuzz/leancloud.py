"""The corpus of malformed frames of LeanCloud's clients, made from good frames and from the schema itself.

`leancloud.jsonl` holds one frame a line: `name`, unique; `subprotocol`; `frame`, `text` or `binary`; `bytes`, the
payload in base64, of a text its UTF-8; `serial`, of the request that can be told of it, or null where only a close
tells. All of them are 4114 to LeanCloud.
"""

import base64
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Struct

from tests.vectors.leancloud.client import CLIENT
from tests.vectors.leancloud.fields import varint, written
from unisono.wire.leancloud.realtime_pb2 import GenericCommand

BINARY = "lc.protobuf2.3"
TEXT = "lc.proto2base64.3"
ECHO = b"\x08\x0e\x28\x07"
SERIAL = b"\x28\x07"
Bad = tuple[str, bytes, int | None]

BEHIND = {
    "a tag of field 0": b"\x00",
    "a tag cut off": b"\x80",
    "a tag of a kind that there is not": b"\x0f",
    "an end of no group": b"\x0c",
    "a group without an end": b"\x0b",
    "a number cut off": b"\x28\x80",
    "a number of 11 bytes": b"\x28" + b"\xff" * 10 + b"\x01",
    "a text longer than the frame": b"\x1a\x05ab",
    "a text of 4 billion": b"\x1a\xff\xff\xff\xff\x0f",
    "a fixed number cut off": b"\x09\x00",
    "groups in groups": b"\x0b" * 200 + b"\x0c" * 200,
}
COMMANDLESS = {
    "nothing but a serial": SERIAL,
    "a command that there is not": b"\x08\x16" + SERIAL,
    "a command of 32 bits": b"\x08\xff\xff\xff\xff\x0f" + SERIAL,
    "a command below 0": b"\x08" + varint(2**64 - 1) + SERIAL,
    "a command as a text": b"\x0a\x01\x00" + SERIAL,
    "an unknown field alone": b"\xf8\x3f\x01" + SERIAL,
}
NOT_BASE64 = {
    "one character": "A",
    "three characters": "CA4",
    "a space": "CA4o Bw==",
    "a line break": "CA4oBw==\n",
    "padding in front": "=CA4oBw=",
    "padding inside": "CA==4oBw",
    "too much padding": "CA4oBw===",
    "the alphabet of URLs": "CA4o-_==",
    "NUL": "CA4\x00",
    "letters beyond ASCII": "CA4\u00e9",
    "a character beyond 16 bits": "\U0001f642",
    "JSON": '{"cmd":14,"i":7}',
}


class Entry(Struct, frozen=True, kw_only=True):
    """One malformed frame and what becomes of it."""

    name: str
    subprotocol: str
    frame: str
    encoded: str = msgspec.field(name="bytes")
    serial: int | None = None

    @property
    def payload(self) -> bytes | str:
        """Give the frame's payload, as a door hands it on."""
        payload = base64.b64decode(self.encoded)
        return payload.decode() if self.frame == "text" else payload


def corpus() -> str:
    """Give leancloud.jsonl."""
    return "".join(f"{msgspec.json.encode(entry).decode()}\n" for entry in entries())


def entries() -> Iterator[Entry]:
    """Give all frames: the bytes in both forms, then what is wrong with a form."""
    for name, payload, serial in (*_behind(), *_cut_off(), *_commandless(), *_no_text(), *_missing(), *_serials()):
        yield Entry(name=name, subprotocol=BINARY, frame="binary", encoded=_base64(payload), serial=serial)
        text = _base64(_base64(payload).encode())
        yield Entry(name=f"{name}, in base64", subprotocol=TEXT, frame="text", encoded=text, serial=serial)
    for name, text in NOT_BASE64.items():
        yield Entry(name=name, subprotocol=TEXT, frame="text", encoded=_base64(text.encode()))
    yield Entry(name="a binary frame", subprotocol=TEXT, frame="binary", encoded=_base64(ECHO))
    yield Entry(name="a text frame", subprotocol=BINARY, frame="text", encoded=_base64(_base64(ECHO).encode()))


def _behind() -> Iterator[Bad]:
    for name, more in BEHIND.items():
        yield f"{name}, alone", more, None
        yield f"{name}, behind an echo", ECHO + more, None
    for name, frame in CLIENT.items():
        yield f"{name}: a tag cut off behind it", written(frame) + b"\x80", None


def _cut_off() -> Iterator[Bad]:
    for name, frame in CLIENT.items():
        yield f"{name}: cut off before its end", written(frame)[:-1], None


def _commandless() -> Iterator[Bad]:
    yield "an empty frame", b"", None
    for name, payload in COMMANDLESS.items():
        yield name, payload, 7


def _no_text() -> Iterator[Bad]:
    for path, way in _ways(GenericCommand.DESCRIPTOR):
        if way[-1][1]:
            yield f"{path}: text that is not UTF-8", ECHO + _inside(way, b"\xff"), None


def _missing() -> Iterator[Bad]:
    for path, way in _ways(GenericCommand.DESCRIPTOR):
        if path.endswith((".data", ".cid", ".code")) and (inside := way[:-1]) and _needs(path):
            numbers = [(number, False) for number, _ in inside]
            yield f"{path}: a message without it", ECHO + _inside(numbers, b""), 7


def _serials() -> Iterator[Bad]:
    for i in (0, -1, -(2**31)):
        yield f"a serial of {i}", b"\x08\x0e\x28" + varint(i % 2**64), None


Way = list[tuple[int, bool]]
"""Numbers of fields, from the outside in, and whether each is a text."""


def _ways(message: Any) -> Iterator[tuple[str, Way]]:
    for field in message.fields:
        if field.message_type is not None:
            for path, way in _ways(field.message_type):
                yield f"{field.name}.{path}", [(field.number, False), *way]
        else:
            yield field.name, [(field.number, field.type == field.TYPE_STRING)]


def _needs(path: str) -> bool:
    message = GenericCommand.DESCRIPTOR
    *outer, last = path.split(".")
    for name in outer:
        inner = message.fields_by_name[name].message_type
        assert inner is not None
        message = inner
    return bool(message.fields_by_name[last].is_required)


def _inside(way: Way, payload: bytes) -> bytes:
    for number, _ in reversed(way):
        payload = varint(number << 3 | 2) + varint(len(payload)) + payload
    return payload


def _base64(payload: bytes) -> str:
    return base64.b64encode(payload).decode()
