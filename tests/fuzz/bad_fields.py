"""Every field of every operation, wrong in every way that its declaration rules out."""

from collections.abc import Iterator
from typing import cast

import msgspec
from msgspec import inspect

from tests.fuzz.bad_bytes import Bad
from tests.fuzz.bad_envelopes import written
from tests.vectors.commands import LEAST, MOST

Fields = dict[str, object]
WRONG_KINDS: dict[str, object] = {"a number": 7, "a text": "x", "an array": [1], "an object": {"x": 1}, "true": True}


def bad_fields(subprotocol: str) -> Iterator[Bad]:
    """Give, for each operation, a request for each way in which one field can be wrong."""
    samples = {type(command): command for command in (*LEAST, *MOST)}
    for command, sample in samples.items():
        info = inspect.type_info(command)
        assert isinstance(info, inspect.StructType)
        good = cast("Fields", msgspec.to_builtins(sample))
        for name, bad in _wrong(info, good):
            yield f"{good['op']}: {name}", written(subprotocol, {"id": 7, "do": bad}), "malformed"


def _wrong(info: inspect.StructType, good: Fields) -> Iterator[tuple[str, Fields]]:
    yield "unknown field", {**good, "unknown": 1}
    for field in info.fields:
        name = field.encode_name
        if field.required:
            yield f"without {name}", {key: value for key, value in good.items() if key != name}
        if isinstance(field.type, inspect.AnyType | inspect.CustomType):
            # Any JSON will do; `bad_values` has what is none.
            continue
        for how, value in _bad_values(field.type, good.get(name)):
            yield f"{name} {how}", {**good, name: value}


def _bad_values(kind: inspect.Type, good: object) -> Iterator[tuple[str, object]]:
    kinds = kind.types if isinstance(kind, inspect.UnionType) else (kind,)
    meant = [each for each in kinds if not isinstance(each, inspect.NoneType)]
    if len(meant) == len(kinds):
        yield "null", None
    fitting = set(map(_fitting, meant))
    for how, value in WRONG_KINDS.items():
        if how not in fitting:
            yield how, value
    if len(meant) == 1:
        yield from _beyond(meant[0], good)
        return
    samples = dict(_tagged(good))
    for each in meant:
        if isinstance(each, inspect.StructType) and each.tag in samples:
            for name, value in _wrong(each, samples[each.tag]):
                yield f"{each.tag} with {name}", value


def _tagged(good: object) -> Iterator[tuple[object, Fields]]:
    """Give all samples of a tagged union that lie within one."""
    if isinstance(good, dict):
        yield good.get("is"), good
        for value in good.values():
            yield from _tagged(value)
    elif isinstance(good, list | tuple):
        for value in good:
            yield from _tagged(value)


def _fitting(kind: inspect.Type) -> str:
    match kind:
        case inspect.StrType() | inspect.LiteralType():
            return "a text"
        case inspect.IntType() | inspect.FloatType():
            return "a number"
        case inspect.BoolType():
            return "true"
        case inspect.VarTupleType():
            return "an array"
        case inspect.DictType() | inspect.StructType():
            return "an object"
        case _:
            raise AssertionError(f"say how {kind} can be wrong")


def _beyond(kind: inspect.Type, good: object) -> Iterator[tuple[str, object]]:
    match kind:
        case inspect.StrType():
            yield from _bad_texts(kind)
        case inspect.LiteralType():
            yield "a word not known", "x"
        case inspect.IntType():
            yield "a float", 7.5
            yield "text of a number", "7"
            if kind.ge is not None:
                yield "one too low", kind.ge - 1
            if kind.le is not None:
                yield "one too high", kind.le + 1
        case inspect.VarTupleType(item_type=item):
            yield from _bad_lists(kind, item, good[0] if isinstance(good, list | tuple) and good else "u")
        case inspect.StructType():
            for name, value in _wrong(kind, cast("Fields", good)):
                yield f"with {name}", value
        case _:
            pass


def _bad_texts(kind: inspect.StrType) -> Iterator[tuple[str, object]]:
    if kind.min_length:
        yield "too short", "x" * (kind.min_length - 1)
    if kind.max_length is not None:
        yield "too long", "x" * (kind.max_length + 1)
    if kind.max_length is not None and kind.max_length <= 256:
        yield "too long beyond the basic plane", "\U0001f642" * (kind.max_length + 1)
    if kind.pattern is not None:
        yield "with NUL", "x" * (kind.min_length or 1) + "\x00"
        if not kind.pattern.endswith("*$"):
            yield "with a line break at the end", "x" * (kind.min_length or 1) + "\n"
            yield "with a control character", "\x7f" * (kind.min_length or 1)


def _bad_lists(kind: inspect.VarTupleType, item: inspect.Type, good: object) -> Iterator[tuple[str, object]]:
    if kind.min_length:
        yield "empty", [good] * (kind.min_length - 1)
    if kind.max_length is not None:
        yield "too long", [good] * (kind.max_length + 1)
    if isinstance(item, inspect.UnionType) and not isinstance(good, str):
        yield "of one that is none", [good, {"is": "none of them"}]
        return
    for how, value in _bad_values(item, good):
        yield f"of one {how}", [good, value]
