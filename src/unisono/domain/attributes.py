"""Attributes of a conversation: values in values, named by paths such as `attr.place.city`."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Final

import msgspec

from unisono.domain.commands.conversation import Amendment, Append, Increase
from unisono.domain.errors import Invalid
from unisono.domain.ids import INTEGER_MAX, Json

PREFIX: Final = "attr."
PATH_PARTS_MAX: Final = 8
_text: Final = msgspec.json.Encoder(order="sorted").encode
"""Two values that are written alike are the same: true is not 1."""
NESTING_MAX: Final = 32
"""Levels of objects and arrays in a free value, itself included."""

Attributes = dict[str, Json]
Path = list[str]


def changed(
    attributes: Mapping[str, Json] | None, put: Mapping[str, Json] | None, taken: Sequence[str]
) -> Attributes | None:
    """Give attributes after the paths in `taken` were taken out and those in `put` were put in; None for none left.

    Objects on the way to a path are made; taking out what is not there changes nothing.

    Raises:
        Invalid: No such path can be, two of them overlap, or a value that is no object stands in the way.
    """
    put = put or {}
    check_apart((*taken, *put))
    result: Attributes = dict(attributes or {})
    for name in taken:
        result = _without(result, parts_of(name))
    for name, value in put.items():
        result = _with(result, parts_of(name), value, name)
    if depth_of(result) > NESTING_MAX:
        raise Invalid(field="set", reason="nested too deeply", limit=NESTING_MAX)
    return result or None


def amended(attributes: Mapping[str, Json] | None, amend: Mapping[str, Amendment]) -> Attributes:
    """Give the values, by path, that amendments make of those that are there.

    Raises:
        Invalid: No such path can be, what is there is of another type, or a number becomes none that readers keep.
    """
    return {name: _amended(_at(attributes or {}, parts_of(name)), wish, name) for name, wish in amend.items()}


def _at(value: Json, path: Path) -> Json:
    for part in path:
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _amended(value: Json, wish: Amendment, name: str) -> Json:
    match wish:
        case Increase(by=by):
            return _number(_number(0 if value is None else value, name) + by, name)
        case Append(values=values, once=once):
            return _appended(_list(value, name), values, once=once)
        case _:
            taken = {_text(each) for each in wish.values}
            return [each for each in _list(value, name) if _text(each) not in taken]


def _appended(there: list[Json], values: Iterable[Json], *, once: bool) -> list[Json]:
    known = {_text(each) for each in there} if once else set()
    result = list(there)
    for each in values:
        if not once or _text(each) not in known:
            known.add(_text(each))
            result.append(each)
    return result


def _number(value: Json, name: str) -> int | float:
    # Written so that what is not a number does not pass either.
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= INTEGER_MAX:
        return value
    raise Invalid(field="amend", reason="not a number that every reader keeps", path=name)


def _list(value: Json, name: str) -> list[Json]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise Invalid(field="amend", reason="not a list", path=name)
    return value


def parts_of(path: str) -> Path:
    """Split a path.

    Raises:
        Invalid: Not a path of attributes, or of more parts than `PATH_PARTS_MAX`.
    """
    parts = path.removeprefix(PREFIX).split(".")
    if not path.startswith(PREFIX) or not all(parts) or len(parts) > PATH_PARTS_MAX:
        raise Invalid(field="set", reason=f"not a path `{PREFIX}…` of 1 to {PATH_PARTS_MAX} parts", path=path)
    return parts


def depth_of(value: Json) -> int:
    """Count levels of objects and arrays; 0 for a plain value."""
    depth, level = 0, [value]
    while containers := [each for each in level if isinstance(each, dict | list)]:
        depth += 1
        level = [inner for each in containers for inner in (each.values() if isinstance(each, dict) else each)]
    return depth


def check_apart(paths: Iterable[str]) -> None:
    """Let paths through none of which leads through another one.

    Raises:
        Invalid: One does, or no such path can be.
    """
    ordered = sorted(map(parts_of, paths))
    for shorter, longer in pairwise(ordered):
        if longer[: len(shorter)] == shorter:
            raise Invalid(field="set", reason="two paths overlap", path=PREFIX + ".".join(longer))


def _with(value: Attributes, path: Path, new: Json, name: str) -> Attributes:
    first, *rest = path
    if not rest:
        return {**value, first: new}
    inner = value.get(first, {})
    if not isinstance(inner, dict):
        raise Invalid(field="set", reason="a value that is no object stands in the way", path=name)
    return {**value, first: _with(inner, rest, new, name)}


def _without(value: Attributes, path: Path) -> Attributes:
    first, *rest = path
    if first not in value:
        return value
    if not rest:
        return {key: kept for key, kept in value.items() if key != first}
    inner = value[first]
    return {**value, first: _without(inner, rest)} if isinstance(inner, dict) else value
