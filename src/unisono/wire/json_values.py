"""Free values inside commands: whatever came, it must be JSON that every reader reads alike.

MessagePack can say more than JSON (bytes, dates, extensions, NaN, keys that are no strings), and JSON more than
MessagePack or JavaScript keep (integers of any size). A message with one such value in it could not be written to its
readers at all, or would tell each of them something else. `weight` has seen to it that there are not too many values.
"""

import math
from collections.abc import Iterable

from unisono.domain import commands as c
from unisono.domain.attributes import NESTING_MAX
from unisono.domain.errors import Malformed
from unisono.domain.facts import Content
from unisono.domain.ids import INTEGER_MAX, Json


def check_values(command: c.Command) -> None:
    """Refuse a command that carries what is not JSON, or JSON that not every reader keeps.

    Raises:
        Malformed: Says what and in which field.
    """
    for field, value in _free_values(command):
        if value is not None:
            check_value(value, field)


def _free_values(command: c.Command) -> Iterable[tuple[str, Json]]:
    match command:
        case c.SendMessage(content=content, push=push) | c.LeaveWill(content=content, push=push):
            return ("content.attributes", content.attributes), ("content.data", content.data), ("push", push)
        case c.EditMessage(content=content):
            return ("content.attributes", content.attributes), ("content.data", content.data)
        case c.CreateConversation(attributes=attributes) | c.SetMember(attributes=attributes):
            return (("attributes", attributes),)
        case c.UpdateConversation(set=values, amend=amend):
            return ("set", values), ("amend", [value for each in (amend or {}).values() for value in _operands(each)])
        case c.Ask(data=data) | c.ReplyTo(data=data):
            return (("data", data),)
        case c.SetObject(value=value):
            return (("value", value),)
        case c.Tell(data=data, content=content):
            said = Content() if content is None else content
            return ("data", data), ("content.attributes", said.attributes), ("content.data", said.data)
        case c.StartCall(data=data) | c.SignalCall(data=data):
            return (("data", data),)
        case _:
            return ()


def _operands(amendment: c.Amendment) -> tuple[Json, ...]:
    return (amendment.by,) if isinstance(amendment, c.Increase) else amendment.values


def check_value(value: Json, field: str) -> None:
    """Refuse one value, named `field`, that is not plain JSON, or not kept by every reader.

    Raises:
        Malformed: Says what.
    """
    level: list[Json] = [value]
    depth = 1
    while level:
        below: list[Json] = []
        for item in level:
            if depth > NESTING_MAX and isinstance(item, dict | list):
                raise Malformed(field=field, reason="nested too deeply", limit=NESTING_MAX)
            below.extend(_inside(item, field))
        level = below
        depth += 1


def _inside(item: Json, field: str) -> Iterable[Json]:
    """Give the values directly inside an object or array; for a plain value that is JSON, none."""
    if isinstance(item, dict):
        if not all(isinstance(key, str) for key in item):
            raise Malformed(field=field, reason="a key that is no string")
        return item.values()
    if isinstance(item, list):
        return item
    if item is None or isinstance(item, str | bool):
        return ()
    if isinstance(item, int):
        if abs(item) > INTEGER_MAX:
            raise Malformed(field=field, reason="an integer that not every reader keeps", limit=INTEGER_MAX)
        return ()
    if isinstance(item, float) and math.isfinite(item):
        return ()
    raise Malformed(field=field, reason="a value that JSON cannot carry")
