"""Plain values (what JSON and MessagePack give) to dataclasses and back, by the dataclasses' own annotations.

Reading is strict about what is there and tolerant of what is more: a missing or mistyped field is an error, an unknown
one is passed over, so that a newer server may add fields. Writing leaves out what has its default.
"""

import types
from base64 import b64decode, b64encode
from collections.abc import Callable, Hashable, Mapping
from contextlib import suppress
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import cache
from typing import Any, Final, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from unisono_sdk.errors import ProtocolFault

Read = Callable[[object, str], object]
T = TypeVar("T")

PLAIN: Final = (int, str, bool, float)


def read(kind: type[T], value: object, at: str = "$") -> T:
    """Read a value as one of a dataclass.

    Raises:
        ProtocolFault: It is none; the message says where.
    """
    return cast("T", _reader(cast("Hashable", kind))(value, at))


def write(value: object) -> object:
    """Give the plain value of a dataclass, a sequence or a plain value."""
    if is_dataclass(value) and not isinstance(value, type):
        return {
            each.name: write(content)
            for each in fields(value)
            if not _has_default(each, content := getattr(value, each.name))
        }
    if isinstance(value, bytes):
        return b64encode(value).decode()
    if isinstance(value, list | tuple):
        return [write(each) for each in value]
    return value


def mapping(value: object, at: str) -> Mapping[str, object]:
    """Take a value for a mapping with texts as keys.

    Raises:
        ProtocolFault: It is something else.
    """
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise ProtocolFault(f"{at}: expected a map, got {_name(value)}")
    return cast("Mapping[str, object]", value)


def _has_default(each: Field[Any], content: object) -> bool:
    return each.default is not MISSING and content == each.default


@cache
def _reader(kind: Hashable) -> Read:
    """Make what reads one annotation."""
    if kind is object:
        return lambda value, _: value
    if kind is bytes:
        return _bytes
    if kind in PLAIN:
        return _plain(cast("type", kind))
    if is_dataclass(kind):
        return _dataclass(cast("type", kind))
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in {Union, types.UnionType}:
        return _union(arguments)
    if origin is tuple:
        return _tuple(_reader(arguments[0]))
    if origin in {dict, Mapping}:
        return _map(_reader(arguments[1]))
    raise TypeError(f"no way to read {kind}")


def _plain(kind: type) -> Read:
    def take(value: object, at: str) -> object:
        # bool is an int to Python, but not to the protocol.
        if type(value) is not kind:
            raise ProtocolFault(f"{at}: expected {kind.__name__}, got {_name(value)}")
        return value

    return take


def _bytes(value: object, at: str) -> object:
    """Read bytes, which are base64 in every encoding."""
    if isinstance(value, str):
        with suppress(ValueError):
            return b64decode(value, validate=True)
    raise ProtocolFault(f"{at}: expected bytes in base64, got {_name(value)}")


def _union(arguments: tuple[object, ...]) -> Read:
    kinds = [each for each in arguments if each is not type(None)]
    is_optional = len(kinds) < len(arguments)
    tagged = {getattr(each, "kind", None): _reader(cast("type", each)) for each in kinds if is_dataclass(each)}
    if len(kinds) > 1 and tagged:
        return _tagged(cast("dict[str, Read]", tagged))
    readers = [_reader(each) for each in kinds]

    def take(value: object, at: str) -> object:
        if value is None and is_optional:
            return None
        for reader in readers[:-1]:
            try:
                return reader(value, at)
            except ProtocolFault:
                continue
        return readers[-1](value, at)

    return take


def _tagged(readers: Mapping[str, Read]) -> Read:
    def take(value: object, at: str) -> object:
        tag = mapping(value, at).get("kind")
        reader = readers.get(tag) if isinstance(tag, str) else None
        if reader is None:
            raise ProtocolFault(f"{at}.kind: not known: {tag!r:.40}")
        return reader(value, at)

    return take


def _tuple(reader: Read) -> Read:
    def take(value: object, at: str) -> object:
        if not isinstance(value, list | tuple):
            raise ProtocolFault(f"{at}: expected a list, got {_name(value)}")
        return tuple(reader(each, f"{at}[{index}]") for index, each in enumerate(value))

    return take


def _map(reader: Read) -> Read:
    def take(value: object, at: str) -> object:
        return {key: reader(each, f"{at}.{key}") for key, each in mapping(value, at).items()}

    return take


def _dataclass(kind: type) -> Read:
    hints = get_type_hints(kind)
    plan: list[tuple[str, bool, Read]] | None = None

    def take(value: object, at: str) -> object:
        nonlocal plan
        if plan is None:
            plan = [(each.name, _is_needed(each), _reader(hints[each.name])) for each in fields(kind)]
        given = mapping(value, at)
        found: dict[str, object] = {}
        for name, is_needed, reader in plan:
            if name in given:
                found[name] = reader(given[name], f"{at}.{name}")
            elif is_needed:
                raise ProtocolFault(f"{at}: lacks {name}")
        return kind(**found)

    return take


def _is_needed(each: Field[Any]) -> bool:
    return each.default is MISSING and each.default_factory is MISSING


def _name(value: object) -> str:
    return type(value).__name__
