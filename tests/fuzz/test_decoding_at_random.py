"""Whatever bytes come, a decoder gives a request or one of two faults, and its work grows no faster than the frame."""

import gc
import sys
import tracemalloc
from collections.abc import Callable
from types import FrameType
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.bad_envelopes import written
from tests.vectors import client
from unisono.domain.errors import Malformed, Unsupported
from unisono.wire.native import JSON, MSGPACK, SUBPROTOCOLS, Request, codec_of, request_id_of
from unisono.wire.weight import VALUES_MAX

GOOD = {
    JSON: [msgspec.json.encode(request) for _, request in client.frames()],
    MSGPACK: [msgspec.msgpack.encode(request) for _, request in client.frames()],
}
subprotocols = st.sampled_from(SUBPROTOCOLS)
scalars = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text() | st.binary()
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4), max_leaves=10
)
words = st.sampled_from(("id", "do", "op", "ping", "send", "content", "conversation", "key", "attributes", "device"))
likely = st.recursive(
    words | st.integers(-1, 9), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=5)
)


def decode(subprotocol: str, frame: bytes) -> Request | None:
    """Decode; None for the two faults that may come out. Any other exception is a defect."""
    codec = codec_of(subprotocol)
    try:
        request = codec.decode(frame)
    except (Malformed, Unsupported):
        request_id_of(frame, codec)
        return None
    assert request_id_of(frame, codec) == request.id
    return request


def keeps_its_meaning(request: Request) -> None:
    """Write what was accepted in both encodings and read the same back from both."""
    for encode, subprotocol in ((msgspec.json.encode, JSON), (msgspec.msgpack.encode, MSGPACK)):
        assert codec_of(subprotocol).decode(encode(request)) == request


@given(subprotocols, st.binary(max_size=200))
def test_any_bytes(subprotocol: str, frame: bytes) -> None:
    decode(subprotocol, frame)


@given(subprotocols, values)
def test_any_value(subprotocol: str, value: object) -> None:
    decode(subprotocol, written(subprotocol, value))


@given(subprotocols, likely)
def test_any_value_of_likely_words(subprotocol: str, value: object) -> None:
    decode(subprotocol, written(subprotocol, {"id": 1, "do": value}))


@given(subprotocols, values)
def test_any_free_value_is_kept_as_it_is_or_refused(subprotocol: str, value: object) -> None:
    do = {"op": "send", "conversation": "c", "key": "k", "content": {"data": {"a": value}}}
    request = decode(subprotocol, written(subprotocol, {"id": 1, "do": do}))
    if request is not None:
        keeps_its_meaning(request)


Mutation = tuple[float, bytes, int]
mutations = st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=3), st.integers(0, 3)), min_size=1, max_size=4)


def mutated(frame: bytes, changes: list[Mutation]) -> bytes:
    """Cut out, put in and overwrite a few bytes here and there."""
    for place, inserted, removed in changes:
        at = int(place * len(frame))
        frame = frame[:at] + inserted + frame[at + removed :]
    return frame


@given(subprotocols, st.data(), mutations)
def test_good_frames_with_a_few_bytes_changed(subprotocol: str, data: st.DataObject, changes: list[Mutation]) -> None:
    short = [frame for frame in GOOD[subprotocol] if len(frame) < 500]
    request = decode(subprotocol, mutated(data.draw(st.sampled_from(short)), changes))
    if request is not None:
        keeps_its_meaning(request)


@pytest.mark.full
@settings(max_examples=20_000, deadline=None)
@given(subprotocols, st.data(), mutations)
def test_good_frames_with_a_few_bytes_changed_at_length(
    subprotocol: str, data: st.DataObject, changes: list[Mutation]
) -> None:
    request = decode(subprotocol, mutated(data.draw(st.sampled_from(GOOD[subprotocol])), changes))
    if request is not None:
        keeps_its_meaning(request)


@pytest.mark.full
@settings(max_examples=20_000, deadline=None)
@given(subprotocols, st.binary(max_size=2000))
def test_any_bytes_at_length(subprotocol: str, frame: bytes) -> None:
    decode(subprotocol, frame)


def test_a_good_frame_cut_off_anywhere_is_malformed() -> None:
    for subprotocol in SUBPROTOCOLS:
        for frame in GOOD[subprotocol]:
            for end in range(0, len(frame), max(1, len(frame) // 50)):
                assert decode(subprotocol, frame[:end]) is None


# ------------------------------------------------------------------------------------- work, counted and not timed

Hostile = Callable[[int], bytes]


def _data(value: object) -> dict[str, object]:
    return {"id": 1, "do": {"op": "send", "conversation": "c", "key": "k", "content": {"data": {"a": value}}}}


def _both(make: Callable[[int], object]) -> list[tuple[str, Hostile]]:
    return [
        (JSON, lambda size: msgspec.json.encode(make(size))),
        (MSGPACK, lambda size: msgspec.msgpack.encode(make(size))),
    ]


WITH_ZERO = msgspec.json.encode(_data(0))
HOSTILE: dict[str, list[tuple[str, Hostile]]] = {
    "brackets": [(JSON, lambda size: b"[" * size), (MSGPACK, lambda size: b"\x91" * size)],
    "brackets in a field": [(JSON, lambda size: b'{"id":1,"x":' + b"[" * size)],
    "flat list": _both(lambda size: _data([0] * (size // 2))),
    "empty lists": _both(lambda size: _data([[]] * (size // 3))),
    "objects": _both(lambda size: _data([{"a": 0}] * (size // 9))),
    "many keys": _both(lambda size: _data({f"{n:x}": n for n in range(size // 10)})),
    "colliding keys": [(JSON, lambda size: b'{"id":1,"do":{' + b'"op":"ping",' * (size // 12) + b'"op":"ping"}}')],
    "unknown keys": _both(lambda size: {"x" * n: 0 for n in range(int(size**0.5))}),
    "long id": _both(lambda size: {"id": 1, "do": {"op": "join", "conversation": "a" * size + "\n"}}),
    "long operation": _both(lambda size: {"id": 1, "do": {"op": "p" * size}}),
    "digits": [(JSON, lambda size: b'{"id":' + b"9" * size + b"}")],
    "digits as a free value": [
        (JSON, lambda size: msgspec.json.encode(_data(0)).replace(b":0}", b":" + b"9" * size + b"}"))
    ],
    "fraction": [(JSON, lambda size: b'{"id":0.' + b"9" * size + b"}")],
    "escapes": [(JSON, lambda size: b'{"id":1,"do":{"op":"' + rb"\u0041" * (size // 6) + b'"}}')],
    "spaces": [(JSON, lambda size: b" " * size)],
    "announced lists": [(MSGPACK, lambda size: b"\xdd\xff\xff\xff\xff" * (size // 5))],
    "announced maps": [(MSGPACK, lambda size: b"\xdf\x7f\xff\xff\xff\xa1a" * (size // 7))],
    "users": _both(lambda size: {"id": 1, "do": {"op": "add", "conversation": "c", "users": ["u"] * (size // 4)}}),
}


def steps(subprotocol: str, frame: bytes) -> int:
    """Count the calls, lines and returns of Python, and the calls into C, that decoding takes."""
    count = 0

    def trace(_frame: FrameType, _event: str, _argument: object) -> Any:
        nonlocal count
        count += 1
        return trace

    def profile(_frame: FrameType, _event: str, _argument: object) -> None:
        nonlocal count
        count += 1

    earlier = sys.gettrace(), sys.getprofile()
    gc.disable()  # Other libraries have it call them.
    sys.settrace(trace)
    sys.setprofile(profile)
    try:
        decode(subprotocol, frame)
    finally:
        sys.setprofile(earlier[1])
        sys.settrace(earlier[0])
        gc.enable()
    return count


def peak_bytes(subprotocol: str, frame: bytes) -> int:
    """Measure the most memory that decoding takes at a time."""
    tracemalloc.start()
    try:
        decode(subprotocol, frame)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


WALK = [
    pytest.param(subprotocol, make, id=f"{name}, {subprotocol.rpartition('+')[2]}")
    for name, pairs in HOSTILE.items()
    for subprotocol, make in pairs
]


@pytest.mark.parametrize(("subprotocol", "make"), WALK)
def test_four_times_the_frame_is_at_most_four_times_the_steps(subprotocol: str, make: Hostile) -> None:
    small, large = steps(subprotocol, make(100_000)), steps(subprotocol, make(400_000))
    assert large <= 4.4 * small + 100


@pytest.mark.parametrize(("subprotocol", "make"), WALK)
def test_memory_stays_within_a_multiple_of_the_frame(subprotocol: str, make: Hostile) -> None:
    frame = make(100_000)
    assert peak_bytes(subprotocol, frame) <= 100 * len(frame) + 100_000


def test_a_frame_of_many_values_is_given_up_early() -> None:
    """Looking at each of half a million values would hold up every other connection of the node."""
    frame = msgspec.msgpack.encode(_data([[0]] * 500_000))
    assert steps(MSGPACK, frame) < 1_000


@pytest.mark.parametrize("value", [[[0] * 10] * 100_000, [{"a": [{}, {}]}] * 100_000], ids=["lists", "objects"])
@pytest.mark.parametrize("subprotocol", [JSON, MSGPACK])
def test_what_is_looked_at_of_a_frame_is_bounded_whatever_its_size(subprotocol: str, value: object) -> None:
    """A megabyte of small objects used to hold up every other connection for 0.4 s; 20 steps a value are about 5 ms."""
    frame = (msgspec.json if subprotocol == JSON else msgspec.msgpack).encode(_data([value] * 5))
    assert steps(subprotocol, frame) < 20 * VALUES_MAX
