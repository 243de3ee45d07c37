"""The conversation query as data: what must hold of a conversation, and in which order they come.

A condition is about a field: one of `FIELDS`, or a value in the conversation's attributes, `attr.` and its path. Values
are compared within their kind (text, number, boolean), texts by code point; null is no value. What is found in
attributes is bounded (`flatten`), so that it can be indexed.
"""

import math
from collections.abc import Iterator, Mapping
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from unisono.domain.errors import Invalid
from unisono.domain.ids import INTEGER_MAX, NO_NUL, Json, UserIdIn
from unisono.domain.pattern import pattern

TEXT_MAX_CHARS: Final = 256
FIELD_MAX_CHARS: Final = 200
VALUES_PER_CONDITION_MAX: Final = 100
CONDITIONS_MAX: Final = 30
VALUES_MAX: Final = 200
"""Values and users that all conditions of a query name together."""
DEPTH_MAX: Final = 5
SORT_KEYS_MAX: Final = 5
SKIP_MAX: Final = 10_000
VALUES_FOUND_MAX: Final = 200
"""So many values of a conversation's attributes can be found, in the order they are written."""
TEXT_FOUND_MAX_CHARS: Final = 400
"""Of each text so much: more than a query can ask for, so a longer one equals none, and no more than an index holds."""

Kind = Literal["text", "number", "boolean", "other"]
FieldKind = Literal["text", "number", "boolean", "list"]

FIELDS: Final[Mapping[str, FieldKind]] = {
    "id": "text",
    "name": "text",
    "creator": "text",
    "kind": "text",
    "created_at": "number",
    "updated_at": "number",
    "last_message_at": "number",
    "member_count": "number",
    "unique": "boolean",
    "members": "list",
    "muted": "list",
}
ATTRIBUTE: Final = "attr."

FieldIn = Annotated[str, Meta(min_length=1, max_length=FIELD_MAX_CHARS, pattern=NO_NUL)]
TextIn = Annotated[str, Meta(min_length=1, max_length=TEXT_MAX_CHARS, pattern=NO_NUL)]
Value = Annotated[str, Meta(max_length=TEXT_MAX_CHARS, pattern=NO_NUL)] | int | float | bool
Values = Annotated[tuple[Value, ...], Meta(min_length=1, max_length=VALUES_PER_CONDITION_MAX)]
UsersIn = Annotated[tuple[UserIdIn, ...], Meta(min_length=1, max_length=VALUES_PER_CONDITION_MAX)]


class Test(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag_field="is"):
    """Base of all conditions."""


class Equal(Test, frozen=True, tag="equal"):
    """The field has this value."""

    field: FieldIn
    value: Value


class NotEqual(Test, frozen=True, tag="not_equal"):
    """The field has another value, or none."""

    field: FieldIn
    value: Value


class Less(Test, frozen=True, tag="less"):
    """The field has a lower value."""

    field: FieldIn
    value: Value


class LessOrEqual(Test, frozen=True, tag="less_or_equal"):
    """The field has this value or a lower one."""

    field: FieldIn
    value: Value


class Greater(Test, frozen=True, tag="greater"):
    """The field has a higher value."""

    field: FieldIn
    value: Value


class GreaterOrEqual(Test, frozen=True, tag="greater_or_equal"):
    """The field has this value or a higher one."""

    field: FieldIn
    value: Value


class OneOf(Test, frozen=True, tag="one_of"):
    """The field has one of these values."""

    field: FieldIn
    values: Values


class Contains(Test, frozen=True, tag="contains"):
    """The field is a text with this one in it."""

    field: FieldIn
    text: TextIn


class StartsWith(Test, frozen=True, tag="starts_with"):
    """The field is a text that starts with this one."""

    field: FieldIn
    text: TextIn


class EndsWith(Test, frozen=True, tag="ends_with"):
    """The field is a text that ends with this one."""

    field: FieldIn
    text: TextIn


class Matches(Test, frozen=True, tag="matches"):
    """The field is a text in which a regular expression is found (`pattern`)."""

    field: FieldIn
    pattern: TextIn
    ignore_case: bool = False


class Exists(Test, frozen=True, tag="exists"):
    """The field has a value that is not null."""

    field: FieldIn


class Missing(Test, frozen=True, tag="missing"):
    """The field has no value, or null."""

    field: FieldIn


class Includes(Test, frozen=True, tag="includes"):
    """The field is a list with this value in it."""

    field: FieldIn
    value: Value


class Has(Test, frozen=True, tag="has"):
    """The field has one of these values, or is a list with one of them in it."""

    field: FieldIn
    values: Values


class Size(Test, frozen=True, tag="size"):
    """The field is a list of so many values; one in the attributes."""

    field: FieldIn
    count: Annotated[int, Meta(ge=0, le=INTEGER_MAX)]


class WithMembers(Test, frozen=True, tag="with_members"):
    """All of these users are members."""

    users: UsersIn


class ContainsMembers(Test, frozen=True, tag="contains_members"):
    """One of these users at least is a member."""

    users: UsersIn


class AllOf(Test, frozen=True, tag="all"):
    """All of these conditions hold."""

    of: Annotated[tuple["Condition", ...], Meta(min_length=1, max_length=CONDITIONS_MAX)]


class AnyOf(Test, frozen=True, tag="any"):
    """One of these conditions at least holds."""

    of: Annotated[tuple["Condition", ...], Meta(min_length=1, max_length=CONDITIONS_MAX)]


class Not(Test, frozen=True, tag="not"):
    """This condition does not hold."""

    of: "Condition"


Comparison = Equal | NotEqual | Less | LessOrEqual | Greater | GreaterOrEqual
TextTest = Contains | StartsWith | EndsWith | Matches
ListTest = Includes | Has | Size | WithMembers | ContainsMembers
Condition = Comparison | TextTest | OneOf | Exists | Missing | ListTest | AllOf | AnyOf | Not


class SortKey(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A field to sort by. Going up, what has none comes first, then texts, then numbers and booleans."""

    by: FieldIn
    descending: bool = False


NEWEST_FIRST: Final = (SortKey("last_message_at", descending=True),)


class Found(Struct, frozen=True):
    """A value of a conversation's attributes, as it can be found: `nth` in a list, from 1, or 0.

    The `number` of a list is how many values it has.
    """

    path: str
    nth: int
    kind: Kind
    text: str | None = None
    number: float | None = None


def kind_of(value: Json) -> Kind:
    """Say of which kind a value is."""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, str):
        return "text"
    return "number" if isinstance(value, int | float) else "other"


def path_of(field: str) -> str | None:
    """Give the path within the attributes that a field names; None for one of the conversation's own."""
    return field.removeprefix(ATTRIBUTE) if field.startswith(ATTRIBUTE) else None


def flatten(attributes: Mapping[str, Json] | None) -> list[Found]:
    """Give the values of attributes that can be found, `VALUES_FOUND_MAX` at most.

    An element of a list stands at the list's path. Keys that are empty or have a dot in them cannot be asked for.
    """
    found: list[Found] = []
    for one in _values("", attributes or {}):
        if len(found) == VALUES_FOUND_MAX:
            break
        found.append(one)
    return found


def _values(prefix: str, values: Mapping[str, Json]) -> Iterator[Found]:
    for key, value in values.items():
        path = prefix + key
        if not key or "." in key or "\x00" in key or value is None or len(path) > FIELD_MAX_CHARS:
            continue
        yield _found(path, 0, value)
        if isinstance(value, dict):
            yield from _values(path + ".", value)
        elif isinstance(value, list):
            yield from (_found(path, nth, one) for nth, one in enumerate(value, 1) if kind_of(one) != "other")


def _found(path: str, nth: int, value: Json) -> Found:
    match value:
        case str():
            return Found(path, nth, "text", text=value.replace("\x00", "")[:TEXT_FOUND_MAX_CHARS])
        case bool() | int() | float():
            return Found(path, nth, kind_of(value), number=float(value))
        case list():
            return Found(path, nth, "other", number=float(len(value)))
        case _:
            return Found(path, nth, "other")


def named_ids(where: Condition | None) -> tuple[str, ...]:
    """Give the ids that a query names, if it finds no conversation but these; else none.

    Who names its id may find an open conversation that they are no member of.
    """
    match where:
        case Equal(field="id", value=str(value)):
            return (value,)
        case OneOf(field="id", values=values):
            return tuple(value for value in values if isinstance(value, str))
        case AllOf(of=conditions):
            return next((named for one in conditions if (named := named_ids(one))), ())
        case _:
            return ()


def check(where: Condition | None, sort: tuple[SortKey, ...]) -> None:
    """Refuse a query that means nothing or too much.

    Raises:
        Invalid: A field that there is not, a pattern that cannot be read, a number that is none, or beyond the bounds.
    """
    for key in sort:
        _check_field(key.by, is_sort=True)
    values = 0
    for count, (depth, condition) in enumerate(() if where is None else _walk(where, 1), 1):
        if count > CONDITIONS_MAX:
            raise Invalid(field="where", reason="too many conditions", limit=CONDITIONS_MAX)
        if depth > DEPTH_MAX:
            raise Invalid(field="where", reason="nested too deeply", limit=DEPTH_MAX)
        values += _check_one(condition)
        if values > VALUES_MAX:
            raise Invalid(field="where", reason="too many values", limit=VALUES_MAX)


def _walk(condition: Condition, depth: int) -> Iterator[tuple[int, Condition]]:
    yield depth, condition
    if isinstance(condition, AllOf | AnyOf):
        for inner in condition.of:
            yield from _walk(inner, depth + 1)
    elif isinstance(condition, Not):
        yield from _walk(condition.of, depth + 1)


def _check_one(condition: Condition) -> int:
    """Check one; give how many values it names."""
    count = 1
    match condition:
        case WithMembers(users=users) | ContainsMembers(users=users):
            return len(users)
        case AllOf() | AnyOf() | Not():
            return 0
        case OneOf(values=values) | Has(values=values):
            count = len(list(map(_check_value, values)))
        case Size(field=field) if path_of(field) is None:
            raise Invalid(field="field", reason="only lists of attributes are counted", name=field)
        case Matches(pattern=text, ignore_case=ignore_case):
            pattern(text, ignore_case=ignore_case)
        case Equal(value=value) | NotEqual(value=value) | Includes(value=value):
            _check_value(value)
        case Less(value=value) | LessOrEqual(value=value) | Greater(value=value) | GreaterOrEqual(value=value):
            _check_value(value)
        case _:
            pass
    _check_field(condition.field)
    return count


def _check_value(value: Value) -> None:
    if isinstance(value, float) and not math.isfinite(value):
        raise Invalid(field="value", reason="not a finite number")
    if isinstance(value, int) and abs(value) > INTEGER_MAX:
        raise Invalid(field="value", reason="not a number that every reader keeps", limit=INTEGER_MAX)


def _check_field(field: str, *, is_sort: bool = False) -> None:
    path = path_of(field)
    is_known = field in FIELDS if path is None else all(path.split("."))
    if not is_known or (is_sort and FIELDS.get(field) == "list"):
        raise Invalid(field="field", reason="not a field that can be asked for", name=field)
