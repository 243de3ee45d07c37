"""Requests over HTTP, read: what an endpoint is given, and who may ask it."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final, Literal

import msgspec
from msgspec import Struct

from unisono.domain.errors import Invalid, Malformed
from unisono.domain.ids import Instant, Json, UserId, is_user_id
from unisono.gateways.leancloud.apps import App
from unisono.wire.weight import check_weight

Method = Literal["GET", "POST", "PUT", "DELETE"]
Needs = Literal["master", "key"]
"""`master`: the app's own servers alone; `key`: its clients as well."""
Fields = Mapping[str, Json]

_FIELDS: Final = msgspec.json.Decoder(dict[str, object])


class Asked(Struct, frozen=True):
    """One request, at `route` of the server that the client knows as `base`."""

    app: App
    is_master: bool
    route: str
    path: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Fields
    address: str
    base: str

    def now(self) -> Instant:
        """Give the time of day."""
        return self.app.node.parts.clock.now()


CarryOut = Callable[[Asked], Awaitable[Json]]


class Endpoint(Struct, frozen=True):
    """What is answered to a method at a path."""

    method: Method
    path: str
    needs: Needs
    carry_out: CarryOut
    status: int = 200


def read_fields(body: bytes) -> Fields:
    """Read the body of a request; an empty one says nothing.

    Raises:
        Malformed: Not a JSON object, or too many values.
    """
    if not body.strip():
        return {}
    try:
        check_weight(body, is_text=True)
        return _FIELDS.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise Malformed(reason="not a JSON object") from None


def text_in(fields: Fields, name: str) -> str:
    """Give a text that has to be there.

    Raises:
        Invalid: It is not.
    """
    value = fields.get(name)
    if not isinstance(value, str) or not value:
        raise Invalid(field=name, reason="a text is needed")
    return value


def user_named(value: Json, field: str) -> UserId:
    """Give a client id.

    Raises:
        Invalid: It cannot be one.
    """
    if not isinstance(value, str) or not is_user_id(value):
        raise Invalid(field=field, reason="a client id has 1 to 64 printable characters")
    return UserId(value)


def users_in(fields: Fields, name: str) -> tuple[UserId, ...]:
    """Give client ids.

    Raises:
        Invalid: Not a list of them.
    """
    values = fields.get(name, [])
    if not isinstance(values, list):
        raise Invalid(field=name, reason="a list of client ids is needed")
    return tuple(dict.fromkeys(user_named(value, name) for value in values))


def flag_in(fields: Fields, name: str) -> bool:
    """Give what is true or not there.

    Raises:
        Invalid: Something else.
    """
    value = fields.get(name)
    if value is not None and not isinstance(value, bool):
        raise Invalid(field=name, reason="true or false is needed")
    return bool(value)


def number_in(query: Mapping[str, str], name: str, default: int, *, most: int) -> int:
    """Give a number of the query, no more than the most.

    Raises:
        Invalid: Not a number from 0 on.
    """
    text = query.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(2**53))):
        raise Invalid(field=name, reason="a number from 0 on is needed")
    return min(int(text), most)
