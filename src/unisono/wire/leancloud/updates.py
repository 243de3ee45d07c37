"""What a conversation is to be like: the `attr` of `conv/start` and `conv/update`, as ours.

Keys are paths, with dots between their parts; `name` is a column, all others are attributes.
"""

from typing import Final

from msgspec import Struct

from unisono.domain import attributes
from unisono.domain.attributes import PREFIX
from unisono.domain.commands import Amendment, Append, Increase, TakeOut, UpdateConversation
from unisono.domain.errors import Invalid
from unisono.domain.ids import ConversationId, Json
from unisono.wire.leancloud.objects import COLUMNS, Fields, read_fields

NAME: Final = "name"
_OPERATION: Final = "__op"


def update_of(conversation: ConversationId, attr: str) -> UpdateConversation:
    """Read what is to be changed in a conversation. An empty name takes the name away.

    Raises:
        Invalid: Not a JSON object, a column that cannot be changed, or an operation that is not known.
    """
    fields = dict(read_fields(attr))
    name = _name_of(fields)
    put: Fields = {}
    taken: list[str] = []
    amend: dict[str, Amendment] = {}
    for key, value in fields.items():
        match _operation_of(value):
            case None:
                put[PREFIX + key] = value
            case Delete():
                taken.append(PREFIX + key)
            case amendment:
                amend[PREFIX + key] = amendment
    return UpdateConversation(conversation, name, put or None, tuple(taken), amend or None)


def founding_of(attr: str) -> tuple[str | None, Fields | None]:
    """Read the name and the attributes of a conversation that is to begin.

    Raises:
        Invalid: Not a JSON object, a column that cannot be given, or keys that cannot be.
    """
    fields = dict(read_fields(attr)) if attr else {}
    name = _name_of(fields)
    return name or None, attributes.changed(None, {PREFIX + key: value for key, value in fields.items()}, ())


def _name_of(fields: Fields) -> str | None:
    """Take the name out of fields; the others are to be attributes. Null, or its deletion, is an empty one."""
    for key in fields.keys() - {NAME}:
        if key.partition(".")[0] in COLUMNS:
            raise Invalid(field="attr", reason="not a column to be changed", column=key)
    if NAME not in fields:
        return None
    name = fields.pop(NAME)
    if name is None or isinstance(_operation_of(name), Delete):
        return ""
    if not isinstance(name, str):
        raise Invalid(field="attr", reason="a name is a text")
    return name


def _operation_of(value: Json) -> "Delete | Amendment | None":
    """Read the operation that a value is; None for a value that is meant as it is.

    Raises:
        Invalid: An operation that is not known here, or not as it must be.
    """
    if not isinstance(value, dict) or _OPERATION not in value:
        return None
    match value:
        case {"__op": "Delete"}:
            return Delete()
        case {"__op": "Increment", "amount": int(by) | float(by)} if not isinstance(by, bool):
            return Increase(by)
        case {"__op": "Decrement", "amount": int(by) | float(by)} if not isinstance(by, bool):
            return Increase(-by)
        case {"__op": "Add", "objects": [*values]} if values:
            return Append(tuple(values))
        case {"__op": "AddUnique", "objects": [*values]} if values:
            return Append(tuple(values), once=True)
        case {"__op": "Remove", "objects": [*values]} if values:
            return TakeOut(tuple(values))
    raise Invalid(field="attr", reason="not an operation that is known here", operation=str(value[_OPERATION])[:32])


class Delete(Struct, frozen=True):
    """Take out what is there."""
