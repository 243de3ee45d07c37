"""Shapes of bodies and queries, made from the commands that they become: this door adds no rules to theirs.

A shape is made once, so that the OpenAPI document has it once, too.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any, Union, get_args

import msgspec
from msgspec import NODEFAULT, UNSET, Struct, UnsetType, structs

from unisono.domain.commands import Command


def body_of(command: type[Command], *given: str, optional: tuple[str, ...] = ()) -> type[Struct]:
    """Make the shape of a body: what the command has but for the fields `given` elsewhere.

    Those that are `optional` may be left out, whatever the command says.
    """
    names = tuple(field.name for field in structs.fields(command) if field.name not in given)
    return _body_of(command, names, optional)


@cache
def _body_of(command: type[Command], names: tuple[str, ...], optional: tuple[str, ...]) -> type[Struct]:
    fields = [_field(field, is_optional=field.name in optional) for field in _named(command, names)]
    return _shape(f"{command.__name__}Body", command, fields)


def query_of(command: type[Command], *given: str) -> type[Struct]:
    """Make the shape of a query: what the command has but for the fields `given` elsewhere. Nothing is written null."""
    return _query_of(command, tuple(field.name for field in structs.fields(command) if field.name not in given))


@cache
def _query_of(command: type[Command], names: tuple[str, ...]) -> type[Struct]:
    fields = [
        (field.name, Union[(*_without_none(field.type), UnsetType)], UNSET) if field.default is None else _field(field)
        for field in _named(command, names)
    ]
    return _shape(f"Of{command.__name__}", command, fields)


def values_of(shape: Struct | None) -> Mapping[str, object]:
    """Give what was said, by name."""
    return {} if shape is None else {name: value for name, value in structs.asdict(shape).items() if value is not UNSET}


def _named(command: type[Command], names: tuple[str, ...]) -> list[structs.FieldInfo]:
    return [field for field in structs.fields(command) if field.name in names]


def _field(field: structs.FieldInfo, *, is_optional: bool = False) -> tuple[str, Any, Any]:
    if is_optional:
        return field.name, field.type | UnsetType, UNSET
    return field.name, field.type, field.default if field.default is not NODEFAULT else field.default_factory


def _without_none(kind: Any) -> tuple[Any, ...]:
    return tuple(part for part in get_args(kind) if part is not type(None))


def _shape(name: str, command: type[Command], fields: list[tuple[str, Any, Any]]) -> type[Struct]:
    # What must be given stands first: a default may not stand before what has none.
    needed = [(name, kind) for name, kind, default in fields if default is NODEFAULT]
    others = [field for field in fields if field[2] is not NODEFAULT]
    return msgspec.defstruct(
        name,
        [*needed, *others],
        namespace={"__doc__": command.__doc__},
        module=__name__,
        frozen=True,
        forbid_unknown_fields=True,
        omit_defaults=True,
        kw_only=True,
    )
