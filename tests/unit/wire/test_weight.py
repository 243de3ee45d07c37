"""Counting the values of a frame before they are made."""

from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unisono.domain.errors import Malformed
from unisono.wire.weight import VALUES_MAX, check_weight

Encode = Callable[[object], bytes]
JSON: Encode = msgspec.json.encode
MSGPACK: Encode = msgspec.msgpack.encode

scalars = st.none() | st.booleans() | st.text() | st.floats(allow_nan=False, allow_infinity=False) | st.integers(-9, 99)
values = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)
BULKY = "," * VALUES_MAX
"""A text that makes a frame large enough to be looked at."""


def passes(frame: bytes | str, *, is_text: bool) -> bool:
    try:
        check_weight(frame, is_text=is_text)
    except Malformed:
        return False
    return True


def test_a_refusal_tells_the_limit() -> None:
    with pytest.raises(Malformed) as refused:
        check_weight(JSON([fill(0)]), is_text=True)
    assert refused.value.numbers == {"reason": "too many values", "limit": VALUES_MAX}


def fill(around: int) -> list[object]:
    """Give so many values that a frame with `around` others is full."""
    return [None] * (VALUES_MAX - around)


def count(value: object) -> int:
    if isinstance(value, dict):
        return 1 + sum(map(count, value.values()))
    return 1 + sum(map(count, value)) if isinstance(value, list) else 1


@given(value=values)
@pytest.mark.parametrize("encode", [JSON, MSGPACK])
def test_each_value_counts_once_and_keys_do_not(encode: Encode, value: object) -> None:
    full = [value, BULKY, *fill(count(value) + 2)]
    assert passes(encode(full), is_text=encode is JSON)
    assert not passes(encode([*full, None]), is_text=encode is JSON)


@pytest.mark.parametrize(
    "value",
    [
        "x" * 31,
        "x" * 255,
        "x" * 65_535,
        "x" * 65_536,
        b"x" * 255,
        b"x" * 65_535,
        b"x" * 65_536,
        *(msgspec.msgpack.Ext(5, b"\xdd" * size) for size in (1, 2, 4, 8, 16, 17, 255, 256, 65_536)),
        *(sign * number for number in (1, 127, 128, 255, 256, 65_536, 1 << 32, (1 << 63) - 1) for sign in (1, -1)),
        0.5,
        [0] * 15,
        [0] * 16,
        {str(number): number for number in range(15)},
        {str(number): number for number in range(16)},
        dict.fromkeys(range(300)),
    ],
)
def test_every_kind_of_msgpack_is_walked_past(value: object) -> None:
    full = [value, BULKY, *fill(count(value) + 2)]
    assert passes(MSGPACK(full), is_text=False)
    assert not passes(MSGPACK([*full, None]), is_text=False)


@pytest.mark.parametrize("text", ['a"b', "\\", '\\"', "[{,}]", "é,\u2028", "\\u0022,"])
def test_what_stands_in_a_text_is_no_value(text: str) -> None:
    full = [text * VALUES_MAX, *fill(2)]
    assert passes(JSON(full), is_text=True)
    assert not passes(JSON([*full, None]), is_text=True)


def test_empty_ones_hold_nothing_however_they_are_spaced() -> None:
    empties = b"[ ],{\n},[]," * 100
    assert passes(b"[" + empties + b" " * VALUES_MAX + JSON(fill(302)) + b"]", is_text=True)
    assert not passes(b"[" + empties + b" " * VALUES_MAX + JSON(fill(301)) + b"]", is_text=True)


def test_a_text_frame_may_be_given_as_text() -> None:
    assert not passes("[" * 9 * VALUES_MAX, is_text=True)


@pytest.mark.parametrize(
    "frame",
    [b"\xdd\xff\xff\xff\xff" * VALUES_MAX, b"\xdf\x7f\xff\xff\xff" * VALUES_MAX, b"\x91" * 2 * VALUES_MAX],
)
def test_what_is_announced_counts_whether_it_comes_or_not(frame: bytes) -> None:
    assert not passes(frame, is_text=False)


@pytest.mark.parametrize("frame", [b"\xdb\xff\xff\xff\xff" + bytes(2 * VALUES_MAX), b"\xc1" * 2 * VALUES_MAX])
def test_what_is_not_readable_is_left_to_the_reader(frame: bytes) -> None:
    assert passes(frame, is_text=False)


def test_more_texts_than_could_be_values_are_refused_long_before_the_end() -> None:
    """A megabyte of texts with commas in some of them held up all others for 0.15 s."""
    assert not passes(b"[" + b'"," ' * (3 * VALUES_MAX) + b"]", is_text=True)
    keys = b",".join(b'"%d":","' % number for number in range(VALUES_MAX - 2))
    assert passes(b"{" + keys + b"}", is_text=True)
