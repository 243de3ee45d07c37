"""How many values a frame holds, found without making them: a megabyte of empty lists takes 0.4 s to become objects.

What is counted is an upper bound for what is not readable, and exact for the rest. Keys are no values.
"""

import re
from typing import Final

from unisono.domain.errors import Malformed

VALUES_MAX: Final = 8192
"""Values in a frame: plain ones, and objects and arrays themselves. More would hold up all other connections."""

_JSON_VALUE_BYTES: Final = 2
"""A value takes a byte at least, and another one that parts it from the next."""
_PARTS: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[{](?!\s*+[\]}])|,', re.DOTALL)
_QUOTE: Final = ord('"')


def check_weight(frame: bytes | str, *, is_text: bool) -> None:
    """Refuse a frame with too many values.

    Raises:
        Malformed: It holds more than `VALUES_MAX`.
    """
    if len(frame) <= VALUES_MAX:
        return
    data = frame.encode() if isinstance(frame, str) else frame
    if _is_json_heavy(data) if is_text else _is_msgpack_heavy(data):
        raise Malformed(reason="too many values", limit=VALUES_MAX)


def _is_json_heavy(data: bytes) -> bool:
    most = len(data) // _JSON_VALUE_BYTES
    if most >= VALUES_MAX:
        # Those inside texts count as well: what is below the limit even so needs no closer look.
        most = data.count(b",") + data.count(b"[") + data.count(b"{")
    if most < VALUES_MAX:
        return False
    values, texts = 1, 0
    for part in _PARTS.finditer(data):
        if data[part.start()] == _QUOTE:
            texts += 1
        else:
            values += 1
        # A text is a value or a key of one; more of them are no JSON, and not worth the way to the end.
        if values > VALUES_MAX or texts > 2 * VALUES_MAX:
            return True
    return False


def _msgpack_sizes() -> tuple[int, ...]:
    """Give the bytes of each kind of object by its first byte, those of what it holds left out."""
    sizes = [1] * 256
    sizes[0xA0:0xC0] = [1 + size for size in range(32)]
    for first, size in {
        0xCA: 5,
        0xCB: 9,
        0xCC: 2,
        0xCD: 3,
        0xCE: 5,
        0xCF: 9,
        0xD0: 2,
        0xD1: 3,
        0xD2: 5,
        0xD3: 9,
    }.items():
        sizes[first] = size
    for power in range(5):
        sizes[0xD4 + power] = 2 + (1 << power)
    return tuple(sizes)


_SIZES: Final = _msgpack_sizes()
_BODIES: Final = (
    {0xC4 + power: (1 << power, 0) for power in range(3)}
    | {0xC7 + power: (1 << power, 1) for power in range(3)}
    | {0xD9 + power: (1 << power, 0) for power in range(3)}
)
"""Bytes, extensions and texts: how wide their length is written, and what stands between it and them."""
_HOLDERS: Final = {0xDC: (2, 1), 0xDD: (4, 1), 0xDE: (2, 2), 0xDF: (4, 2)}
"""Arrays and maps: how wide their length is written, and how many objects each of it stands for."""


def _is_msgpack_heavy(data: bytes) -> bool:
    at, end, values, left = 0, len(data), 1, 1
    while left > 0 and at < end:
        first = data[at]
        left -= 1
        at += _SIZES[first]
        if 0x80 <= first < 0xA0:
            held = first & 0x0F
            values, left = values + held, left + (held if first >= 0x90 else 2 * held)
        elif (body := _BODIES.get(first)) is not None:
            wide, between = body
            at += wide + between + int.from_bytes(data[at : at + wide], "big")
        elif (holder := _HOLDERS.get(first)) is not None:
            wide, objects = holder
            held = int.from_bytes(data[at : at + wide], "big")
            at += wide
            values, left = values + held, left + objects * held
        if values > VALUES_MAX:
            return True
    return False
