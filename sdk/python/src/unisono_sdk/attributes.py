"""Attributes of a conversation, changed by paths such as `attr.place.city`."""

from collections.abc import Mapping, Sequence

from unisono_sdk.facts import Json


def changed(attributes: Mapping[str, Json], put: Mapping[str, Json] | None, taken: Sequence[str]) -> dict[str, Json]:
    """Give attributes after a change that the server accepted: first `taken` is taken out, then `put` is put in."""
    result = dict(attributes)
    for path in taken:
        result = _without(result, _parts(path))
    for path, value in (put or {}).items():
        result = _with(result, _parts(path), value)
    return result


def _parts(path: str) -> list[str]:
    return path.split(".")[1:]


def _with(value: Mapping[str, Json], path: Sequence[str], new: Json) -> dict[str, Json]:
    first, *rest = path
    if not rest:
        return {**value, first: new}
    inner = value.get(first)
    # A value in the way is one that this client has not seen change yet; the server has.
    return {**value, first: _with(inner if isinstance(inner, dict) else {}, rest, new)}


def _without(value: Mapping[str, Json], path: Sequence[str]) -> dict[str, Json]:
    first, *rest = path
    inner = value.get(first)
    if not rest:
        return {key: kept for key, kept in value.items() if key != first}
    return {**value, first: _without(inner, rest)} if isinstance(inner, dict) else dict(value)
