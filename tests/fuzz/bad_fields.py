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
        for how, value in _bad_values(field.type, good.get(name)):
            yield f"{name} {how}", {**good, name: value}


def _bad_values(kind: inspect.Type, good: object) -> Iterator[tuple[str, object]]:
    is_optional = isinstance(kind, inspect.UnionType)
    kinds = kind.types if isinstance(kind, inspect.UnionType) else (kind,)
    (meant,) = [each for each in kinds if not isinstance(each, inspect.NoneType)]
    if not is_optional:
        yield "null", None
    fitting = _fitting(meant)
    for how, value in WRONG_KINDS.items():
        if how != fitting:
            yield how, value
    yield from _beyond(meant, good)


def _fitting(kind: inspect.Type) -> str:
    match kind:
        case inspect.StrType() | inspect.LiteralType():
            return "a text"
        case inspect.IntType():
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
            yield from _bad_lists(kind, item)
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


def _bad_lists(kind: inspect.VarTupleType, item: inspect.Type) -> Iterator[tuple[str, object]]:
    if kind.min_length:
        yield "empty", ["u"] * (kind.min_length - 1)
    if kind.max_length is not None:
        yield "too long", ["u"] * (kind.max_length + 1)
    for how, value in _bad_values(item, "u"):
        yield f"of one {how}", ["u", value]
