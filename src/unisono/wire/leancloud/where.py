"""LeanCloud's query language: what `where` and `sort` say, as conditions and sort keys of ours.

`where` is a JSON object, a part of what MongoDB knows: a column and a value, or operators. The columns of LeanCloud are
fields of ours; every other one is a custom attribute. A date in an attribute is kept as the object that clients send,
`{"__type": "Date", "iso": …}`, so it is compared by that text.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Final, Literal, cast, get_args

import msgspec

from unisono.domain import query as q
from unisono.domain.errors import Invalid
from unisono.domain.facts import ConversationKind
from unisono.domain.ids import ConversationId, Instant, Json, UserId
from unisono.domain.query import ATTRIBUTE, SORT_KEYS_MAX, Condition, SortKey
from unisono.wire.leancloud.objects import read_fields
from unisono.wire.leancloud.patterns import text_test
from unisono.wire.leancloud.places import conversation_of

OWN: Final[Mapping[str, str]] = {
    "objectId": "id",
    "name": "name",
    "c": "creator",
    "lm": "last_message_at",
    "createdAt": "created_at",
    "updatedAt": "updated_at",
    "mu": "muted",
}
"""Columns that are a field of a conversation."""
FLAGS: Final[Mapping[str, tuple[str, q.Value]]] = {
    "tr": ("kind", "room"),
    "sys": ("kind", "service"),
    "temp": ("kind", "temporary"),
    "unique": ("unique", True),
}
"""Columns that are true or not there, and what then holds of which field."""
MEMBERS: Final = "m"
UNIQUE_ID: Final = "uniqueId"
"""What a conversation that is unique is called: by its id, as long as it is."""
DATES: Final = frozenset({"last_message_at", "created_at", "updated_at"})
NORMAL: Final[tuple[ConversationKind, ...]] = ("direct", "group")
DEPTH_MAX: Final = 10
"""Levels of `$and` and `$or` that are read at all; of conditions there are `q.DEPTH_MAX`."""

ALWAYS: Final = q.Exists("id")
NEVER: Final = q.Missing("id")

Order = type[q.Less] | type[q.LessOrEqual] | type[q.Greater] | type[q.GreaterOrEqual]
ORDERS: Final[Mapping[str, Order]] = {
    "$lt": q.Less,
    "$lte": q.LessOrEqual,
    "$gt": q.Greater,
    "$gte": q.GreaterOrEqual,
}
Operator = Literal["$eq", "$ne", "$lt", "$lte", "$gt", "$gte", "$exists", "$in", "$nin", "$all", "$size", "$regex"]


class _Asks(msgspec.Struct):
    where: Condition


def condition_of(where: str, asker: UserId | None) -> Condition | None:
    """Give what a `where`, JSON text, asks for; None where it asks for nothing and nobody asks, but the operator.

    Without any wish a client, the `asker`, means the normal conversations that they are a member of.

    Raises:
        Invalid: Not such an object, or what cannot be said here; LeanCloud's 4310. It says what.
    """
    asked = _object(where)
    condition = _all(list(_parts(asked, 1))) if asked else _mine(asker)
    if condition is None:
        return None
    try:
        # Bounds of texts and lists stand in the types, and are checked where plain values become one of them.
        asks = msgspec.convert({"where": msgspec.to_builtins(condition)}, _Asks)
    except msgspec.ValidationError as fault:
        raise Invalid(field="where", reason=str(fault)) from None
    q.check(asks.where, ())
    return asks.where


def ids_of(where: str) -> tuple[ConversationId, ...]:
    """Give the conversations that a `where` asks for by their ids and by nothing else; none, if it asks otherwise.

    Clients ask so for one of which they are told something, or for hundreds at once, more than one query may name.

    Raises:
        Invalid: Not a JSON object.
    """
    asked = _object(where)
    match asked.get("objectId") if len(asked) == 1 else None:
        case {"$in": [*values], **others} if not others:
            return tuple(id_ for value in values if isinstance(value, str) and (id_ := conversation_of(value)))
        case str(value) if (named := conversation_of(value)) is not None:
            return (named,)
        case _:
            return ()


def order_of(sort: str) -> tuple[SortKey, ...]:
    """Give what a `sort` says: columns with commas between them, `-` before one that goes down.

    Raises:
        Invalid: A column by which nothing is sorted, or too many.
    """
    names = [name.strip() for name in sort.split(",") if name.strip()]
    if len(names) > SORT_KEYS_MAX:
        raise Invalid(field="sort", reason="too many columns", limit=SORT_KEYS_MAX)
    keys = tuple(SortKey(_sorted_by(name.lstrip("+-")), descending=name.startswith("-")) for name in names)
    q.check(None, keys)
    return keys


def _sorted_by(column: str) -> str:
    if column in FLAGS or column in {MEMBERS, UNIQUE_ID}:
        raise Invalid(field="sort", reason="not a column to sort by", column=column)
    return _field(column)


def _object(text: str) -> Mapping[str, Json]:
    return read_fields(text, "where") if text else {}


def _as_object(value: Json) -> Mapping[str, Json]:
    if not isinstance(value, dict):
        raise Invalid(field="where", reason="not an object")
    return value


def _mine(asker: UserId | None) -> Condition | None:
    return None if asker is None else q.AllOf((q.WithMembers((asker,)), q.OneOf("kind", NORMAL)))


def _all(conditions: list[Condition]) -> Condition:
    return conditions[0] if len(conditions) == 1 else q.AllOf(tuple(conditions))


def _parts(asked: Mapping[str, Json], depth: int) -> Iterator[Condition]:
    """Give what must hold, all of it."""
    if depth > DEPTH_MAX:
        raise Invalid(field="where", reason="nested too deeply", limit=DEPTH_MAX)
    for column, value in asked.items():
        if column in {"$and", "$or"}:
            parts = [list(_parts(_as_object(one), depth + 1)) for one in _list(column, value)]
            if not parts or not all(parts):
                raise Invalid(field="where", reason="nothing to choose from", operator=column)
            if column == "$or":
                yield q.AnyOf(tuple(_all(part) for part in parts))
            else:
                yield from (condition for part in parts for condition in part)
        elif column.startswith("$"):
            raise Invalid(field="where", reason="not an operator that is known here", operator=column)
        else:
            yield from _of_column(column, value)


def _of_column(column: str, value: Json) -> Iterator[Condition]:
    say = _of_flag if column in FLAGS else SAID.get(column, _of_value)
    for operator, operand in _operations(value):
        yield say(column, operator, operand)


def _operations(value: Json) -> Iterator[tuple[Operator, Json]]:
    """Give the operators of a column with their operands; `$options` belong to the `$regex` beside them."""
    if not isinstance(value, dict) or "__type" in value:
        yield "$eq", value
        return
    if not value:
        raise Invalid(field="where", reason="no operator")
    for operator, operand in value.items():
        if operator == "$regex":
            yield "$regex", (operand, value.get("$options", ""))
        elif operator in get_args(Operator):
            yield cast("Operator", operator), operand
        elif operator != "$options" or "$regex" not in value:
            raise Invalid(field="where", reason="not an operator that is known here", operator=operator)


def _of_flag(column: str, operator: Operator, operand: Json) -> Condition:
    field, value = FLAGS[column]
    if operator not in {"$eq", "$ne", "$exists"} or not isinstance(operand, bool | None):
        raise Invalid(field="where", reason="asked for as true, false or by $exists alone", column=column)
    is_so = bool(operand) is not (operator == "$ne")
    return q.Equal(field, value) if is_so else q.NotEqual(field, value)


def _of_members(_: str, operator: Operator, operand: Json) -> Condition:
    match operator, operand:
        case "$eq", [*users]:
            return q.AllOf((q.WithMembers(_users(users)), q.Equal("member_count", len(set(_users(users))))))
        case "$eq", user:
            return q.WithMembers(_users([user]))
        case "$ne", user:
            return q.Not(q.WithMembers(_users([user])))
        case "$exists", bool():
            return q.Exists("members") if operand else q.Missing("members")
        case "$size", int() if not isinstance(operand, bool):
            return q.AllOf((q.Exists("members"), q.Equal("member_count", operand)))
        case (("$in" | "$nin" | "$all"), []):
            return ALWAYS if operator == "$nin" else NEVER
        case "$all", [*users]:
            return q.WithMembers(_users(users))
        case "$in", [*users]:
            return q.ContainsMembers(_users(users))
        case "$nin", [*users]:
            return q.Not(q.ContainsMembers(_users(users)))
        case _:
            raise Invalid(field="where", reason="not what members can be asked for", operator=operator)


def _users(values: list[Json]) -> tuple[UserId, ...]:
    if not all(isinstance(value, str) for value in values):
        raise Invalid(field="where", reason="a client id is a text", column=MEMBERS)
    return tuple(UserId(cast("str", value)) for value in values)


def _of_unique_id(_: str, operator: Operator, operand: Json) -> Condition:
    """Say what must hold of the name of a unique conversation; one that is not unique has none."""
    if operator in {"$ne", "$nin"}:
        return q.Not(_of_unique_id(_, "$eq" if operator == "$ne" else "$in", operand))
    is_unique = q.Equal("unique", value=True)
    if operator == "$exists" or operand is None:
        is_wanted = operator == "$exists" and bool(operand)
        return is_unique if is_wanted else q.NotEqual("unique", value=True)
    return q.AllOf((is_unique, _of_value("objectId", operator, operand)))


SAID: Final = {MEMBERS: _of_members, UNIQUE_ID: _of_unique_id}
"""Columns of which conditions of their own are said."""


def _of_value(column: str, operator: Operator, operand: Json) -> Condition:
    """Say what must hold of a column with a value, or of an attribute, which may be a list, too."""
    field = _field(column)
    match operator:
        case "$eq":
            return _is_one_of(field, [operand])
        case "$ne":
            return _not(_is_one_of(field, [operand]))
        case "$in":
            return _is_one_of(field, _list(operator, operand))
        case "$nin":
            return _not(_is_one_of(field, _list(operator, operand)))
        case "$all":
            values = _list(operator, operand)
            return _all([_is_one_of(field, [value]) for value in values]) if values else NEVER
        case "$exists":
            return _exists(field, operand)
        case "$regex":
            return text_test(field, *cast("tuple[Json, Json]", operand))
        case "$size":
            return q.Size(field, _count(operand))
        case _:
            return ORDERS[operator](*_compared(field, operand))


def _field(column: str) -> str:
    return OWN.get(column, ATTRIBUTE + column)


def _list(operator: str, operand: Json) -> list[Json]:
    if not isinstance(operand, list):
        raise Invalid(field="where", reason="takes a list", operator=operator)
    return operand


def _count(operand: Json) -> int:
    if isinstance(operand, bool) or not isinstance(operand, int):
        raise Invalid(field="where", reason="takes a number", operator="$size")
    return operand


def _exists(field: str, operand: Json) -> Condition:
    if not isinstance(operand, bool):
        raise Invalid(field="where", reason="takes true or false", operator="$exists")
    return q.Exists(field) if operand else q.Missing(field)


def _not(condition: Condition) -> Condition:
    match condition:
        case q.Missing(field=field):
            return q.Exists(field)
        case q.Equal(field=field, value=value):
            return q.NotEqual(field, value)
        case _:
            return q.Not(condition)


def _is_one_of(field: str, operands: list[Json]) -> Condition:
    """Say that a field has one of some values; null is one of what is missing."""
    conditions: list[Condition] = [q.Missing(field)] if None in operands else []
    by_field: dict[str, list[q.Value]] = {}
    for operand in operands:
        if operand is not None:
            where, value = _compared(field, operand)
            by_field.setdefault(where, []).append(value)
    conditions += [_has(where, tuple(values)) for where, values in by_field.items()]
    if len(conditions) > 1:
        return q.AnyOf(tuple(conditions))
    return conditions[0] if conditions else NEVER


def _has(field: str, values: tuple[q.Value, ...]) -> Condition:
    if q.path_of(field) is not None or q.FIELDS[field] == "list":
        return q.Has(field, values)
    return q.Equal(field, values[0]) if len(values) == 1 else q.OneOf(field, values)


def _compared(field: str, operand: Json) -> tuple[str, q.Value]:
    """Give which field is compared with which value."""
    if field in DATES:
        return field, _instant(operand)
    if isinstance(operand, dict) and operand.get("__type") == "Date" and q.path_of(field) is not None:
        return f"{field}.iso", _iso(operand)
    if not isinstance(operand, str | int | float | bool):
        raise Invalid(field="where", reason="not a value to compare with", value=type(operand).__name__)
    if field == "id" and isinstance(operand, str):
        return field, conversation_of(operand) or operand
    return field, operand


def _iso(operand: Mapping[str, Json]) -> str:
    iso = operand.get("iso")
    if not isinstance(iso, str):
        raise Invalid(field="where", reason="not a date")
    return iso


def _instant(operand: Json) -> Instant:
    """Read a date: an object of the type, or its text alone."""
    iso = _iso(operand) if isinstance(operand, dict) else operand
    try:
        at = datetime.fromisoformat(cast("str", iso))
    except (ValueError, TypeError):
        raise Invalid(field="where", reason="not a date") from None
    at = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    return Instant(round((at - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1000))
