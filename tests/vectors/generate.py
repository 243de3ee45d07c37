"""Makes the vectors: one function for each file, always with the same bytes."""

import json
from collections.abc import Iterable, Iterator

import msgspec

from tests.vectors import client, later, server
from tests.vectors.refused import refused
from tests.vectors.variants import variants
from unisono.wire.native import JSON, MSGPACK, codec_of

Frame = dict[str, object]

AS_JSON, AS_MSGPACK = codec_of(JSON), codec_of(MSGPACK)


def client_frames() -> str:
    """Give client.json."""
    frames = (
        _frame(name, "client", msgspec.json.encode(request), msgspec.msgpack.encode(request))
        for name, request in client.frames()
    )
    return _file("Requests. The server reads each of them as it is meant.", frames)


def client_variants() -> str:
    """Give client_variants.json."""
    frames = (
        _frame(name, "client", as_json, as_msgpack, means=means) for name, as_json, as_msgpack, means in variants()
    )
    return _file("Requests written in other ways, which the server reads as it is meant.", frames)


def server_frames() -> str:
    """Give server.json."""
    return _file("What the server says. Clients read each of them as it is meant.", _server_frames())


def later_frames() -> str:
    """Give server_later.json."""
    frames = (
        {
            **_frame(name, "server", msgspec.json.encode(value), msgspec.msgpack.encode(value)),
            "reads_as": reads_as,
        }
        for name, value, reads_as in later.frames()
    )
    return _file("What a later server may say. Clients read what they know, and pass over the rest.", frames)


def refused_frames() -> str:
    """Give refused.json."""
    return _file("What the server refuses, and the error that answers it.", refused())


def _server_frames() -> Iterator[Frame]:
    for name, frame in (*server.answers(), *server.events(), *server.refusals(), *server.ends()):
        yield _frame(name, "server", msgspec.json.encode(frame), msgspec.msgpack.encode(frame))
    for name, facts, checkpoint in server.placed_facts():
        as_json = AS_JSON.encode_delivery(facts, checkpoint)
        yield _frame(f"facts: {name}", "server", as_json, AS_MSGPACK.encode_delivery(facts, checkpoint))


def _frame(name: str, sender: str, as_json: bytes, as_msgpack: bytes, *, means: object = None) -> Frame:
    return {
        "name": name,
        "from": sender,
        "json": as_json.decode(),
        "msgpack": as_msgpack.hex(),
        "means": json.loads(as_json) if means is None else means,
    }


def _file(about: str, frames: Iterable[Frame]) -> str:
    lines = ",\n".join("    " + json.dumps(frame, ensure_ascii=False) for frame in frames)
    return f'{{\n  "about": {json.dumps(about)},\n  "frames": [\n{lines}\n  ]\n}}\n'
