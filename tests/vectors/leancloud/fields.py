"""Frames of LeanCloud's clients and of servers to them, written by hand: a second opinion on the numbers of the schema.

A field is its name, its number and its value; a tuple repeats it, a list is a message inside.
"""

from collections.abc import Iterator
from typing import Final

Value = bool | int | str | bytes | tuple["Value", ...] | list["Field"]
Field = tuple[str, int, Value]

PEER: Final[Field] = ("peerId", 4, "ann")
IM: Final[tuple[Field, ...]] = (PEER, ("service", 8, 2), ("serverTs", 9, 1_763_726_400_123))
CID: Final = "69203ac0d3b07384d113edec"
MID: Final = "r4Fp2Yq8bJxZAAAAAAAAKg"


def request(cmd: int, i: int, *more: Field, op: int | None = None) -> list[Field]:
    """Give what a client asks for."""
    return [("cmd", 1, cmd), *([("op", 2, op)] if op else ()), ("i", 5, i), *more]


def answer(cmd: int, i: int, *more: Field, op: int | None = None) -> list[Field]:
    """Give what a server answers."""
    return [("cmd", 1, cmd), *([("op", 2, op)] if op else ()), PEER, ("i", 5, i), *IM[1:], *more]


def pushed(cmd: int, *more: Field, op: int | None = None) -> list[Field]:
    """Give what a server says by itself, or a client without asking."""
    return [("cmd", 1, cmd), *([("op", 2, op)] if op else ()), *IM, *more]


def conv(*fields: Field) -> Field:
    """Give the body of an operation on a conversation."""
    return ("convMessage", 110, list(fields))


PATCH: Final[list[Field]] = [
    ("cid", 1, CID),
    ("mid", 2, MID),
    ("timestamp", 3, 1_763_726_400_123),
    ("recall", 4, False),
    ("data", 5, '{"_lctext":"b","_lctype":-1}'),
    ("mentionAll", 9, False),
]


def said(fields: list[Field]) -> dict[str, object]:
    """Give a frame by the names of its fields; bytes in hex."""
    return {name: _plain(value) for name, _, value in fields}


def _plain(value: Value) -> object:
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if isinstance(value, bytes):
        return value.hex()
    return said(value) if isinstance(value, list) else value


def written(fields: list[Field]) -> bytes:
    """Write a frame, field by field, in the order given."""
    return b"".join(part for _, number, value in fields for part in _field(number, value))


def _field(number: int, value: Value) -> Iterator[bytes]:
    for each in value if isinstance(value, tuple) else (value,):
        if isinstance(each, int):
            yield varint(number << 3) + varint(each % 2**64)
            continue
        assert not isinstance(each, tuple)
        body = each if isinstance(each, bytes) else each.encode() if isinstance(each, str) else written(each)
        yield varint(number << 3 | 2) + varint(len(body)) + body


def varint(number: int) -> bytes:
    """Write a number of up to 64 bits, seven at a time."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)
