"""What a message says: a text or bytes for LeanCloud's clients, a `Content` for everybody else, and back.

The text is JSON where it is of a type (`_lctype`), and anything else where an application sends its own. It comes back
to LeanCloud's clients as it was, byte by byte: where what we would write ourselves differs, in the order of its keys
for example, the content carries the text along in `data`, under `ORIGINAL`. It is believed only where reading it gives
that very content, so nobody can show two different messages.

Native clients find the type, the text, the attributes, and of the built-in types what they expect in `data`.
"""

from base64 import b64decode, b64encode
from binascii import Error as Base64Fault
from typing import Final, TypeVar

import msgspec
from msgspec import structs

from unisono.domain.errors import Malformed
from unisono.domain.facts import Content, MessagePlaced
from unisono.domain.ids import Json
from unisono.wire.json_values import check_value
from unisono.wire.leancloud.attachments import FILES, LOCATION, file_of, lcfile_of, lcloc_of, place_of
from unisono.wire.weight import check_weight

ORIGINAL: Final = "_lc"
"""In `data`: the text as it came; or true, where that is `text` itself because it is of no type."""
UNTYPED_BYTES: Final = -128
"""The type of a message of bytes alone, which have none with LeanCloud."""
RECALLED: Final = '{"_lctype":-127}'
"""What stands in the place of a message that was taken back."""

_TYPE: Final = "_lctype"
_TEXT: Final = "_lctext"
_ATTRIBUTES: Final = "_lcattrs"
_BINARY: Final = "_lcbinary"
"""Bytes that native clients send beside other things, in base64."""
_TYPE_LIMIT: Final = 2**31

T = TypeVar("T")
Fields = dict[str, Json]
_FIELDS: Final = msgspec.json.Decoder(Fields)


def content_of(body: str | bytes) -> Content:
    """Read a body. There is none that cannot be read: what is of no type is a text."""
    if isinstance(body, bytes):
        return Content(type=UNTYPED_BYTES, binary=b64encode(body).decode())
    content = _typed(body)
    if content is None:
        return Content(text=body, data={ORIGINAL: True})
    if _is_plain(content):
        return content if _written(content) == body else _with_original(content, body)
    return Content(type=content.type, text=content.text, data={ORIGINAL: body})


def body_of(content: Content) -> str | bytes:
    """Write a body: bytes where the content is nothing but bytes of no type, else text."""
    if content.binary is not None and content == Content(type=UNTYPED_BYTES, binary=content.binary):
        return b64decode(content.binary)
    original = (content.data or {}).get(ORIGINAL)
    body = content.text if original is True else original
    if isinstance(body, str) and content_of(body) == content:
        return body
    return _written(content)


def text_of(message: MessagePlaced) -> tuple[str, bool]:
    """Write what a message says where a field takes text alone; and say if that is base64 of bytes."""
    if message.is_recalled:
        return RECALLED, False
    body = body_of(message.content)
    return (body, False) if isinstance(body, str) else (b64encode(body).decode(), True)


def _typed(body: str) -> Content | None:
    try:
        check_weight(body, is_text=True)
        fields = _FIELDS.decode(body)
    except (Malformed, msgspec.MsgspecError, RecursionError, ValueError):
        return None
    number = fields.pop(_TYPE, None)
    if not isinstance(number, int) or isinstance(number, bool) or number == 0 or abs(number) >= _TYPE_LIMIT:
        return None
    fields.pop(ORIGINAL, None)
    text = _taken(fields, _TEXT, str)
    attributes = _taken(fields, _ATTRIBUTES, dict)
    binary = _taken(fields, _BINARY, str) if _is_base64(fields.get(_BINARY)) else None
    # A content has to hold something, also where the type says all there is to say.
    is_bare = text is None and attributes is None and binary is None
    data = _to_native(number, fields) or ({} if is_bare else None)
    return Content(type=number, text=text, attributes=attributes, data=data, binary=binary)


def _taken(fields: Fields, name: str, kind: type[T]) -> T | None:
    value = fields.get(name)
    if isinstance(value, kind):
        del fields[name]
        return value
    return None


def _written(content: Content) -> str:
    """Write the form that LeanCloud's JavaScript client gives: text, attributes, fields, and the type last."""
    fields: Fields = {_TEXT: content.text, _ATTRIBUTES: content.attributes, _BINARY: content.binary}
    fields = {name: value for name, value in fields.items() if value is not None}
    for name, value in _from_native(content.type, content.data or {}).items():
        if name not in {_TYPE, ORIGINAL}:
            fields.setdefault(name, value)
    return msgspec.json.encode({**fields, _TYPE: content.type}).decode()


def _with_original(content: Content, body: str) -> Content:
    return structs.replace(content, data={**(content.data or {}), ORIGINAL: body})


def _is_plain(content: Content) -> bool:
    try:
        for value in (content.attributes, content.data):
            check_value(value, "body")
    except Malformed:
        return False
    return True


def _is_base64(value: Json) -> bool:
    try:
        return isinstance(value, str) and b64encode(b64decode(value, validate=True)).decode() == value
    except (Base64Fault, ValueError):
        return False


def _to_native(number: int, fields: Fields) -> Fields:
    data: Fields = {}
    for name, value in fields.items():
        if name == "_lcfile" and number in FILES and (file := file_of(value)) is not None:
            data["file"] = file
        elif name == "_lcloc" and number == LOCATION and (place := place_of(value)) is not None:
            data.update(place)
        else:
            data.setdefault(name, value)
    return data


def _from_native(number: int, data: Fields) -> Fields:
    if number in FILES and (lcfile := lcfile_of(data.get("file"))) is not None:
        return {"_lcfile": lcfile} | {name: value for name, value in data.items() if name not in {"file", "_lcfile"}}
    if number == LOCATION and (lcloc := lcloc_of(data)) is not None:
        rest = {name: value for name, value in data.items() if name not in {"latitude", "longitude", "_lcloc"}}
        return {"_lcloc": lcloc, **rest}
    return data
