"""Client frames: each operation, and the edges of what a request may hold."""

from collections.abc import Iterator
from typing import cast

from msgspec import structs

from tests.vectors.commands import ANN, KEY, LEAST, LOGIN, MOST, ROOM
from unisono.domain import commands as c
from unisono.domain.attributes import NESTING_MAX
from unisono.domain.facts import Content
from unisono.domain.ids import (
    INTEGER_MAX,
    OPAQUE_ID_MAX_CHARS,
    SEND_KEY_MAX_CHARS,
    USER_ID_MAX_CHARS,
    Checkpoint,
    ConversationId,
    DeviceId,
    Fence,
    Platform,
    SendKey,
    Seq,
    SessionId,
    StreamKey,
    UserId,
)
from unisono.wire.native import Request

ASTRAL = "\U0001f642"
TEXTS = {
    "empty": "",
    "emoji": "tea at five? \U0001f375\U0001f469\u200d\U0001f4bb",
    "astral": "\U00020000\U0010ffff",
    "escapes": '"quoted" \\ / \b \f \n \r \t',
    "controls": "\x00\x01\x1f\x7f\x9f",
    "separators": "\u2028\u2029\ufeff",
    "right to left": "\u05e9\u05dc\u05d5\u05dd \u202e",
    "combining": "e\u0301 \u00e9",
    "looks like markup": "</script><!--",
}
VALUES: dict[str, object] = {
    "empty object": {},
    "empty inside": {"a": {}, "b": [], "": ""},
    "every kind": {
        "null": None,
        "yes": True,
        "no": False,
        "int": -7,
        "float": 2.5,
        "text": "x",
        "list": [1, "a"],
    },
    "integers at the edges": {"max": INTEGER_MAX, "min": -INTEGER_MAX, "zero": 0, "byte": 255, "word": 65536},
    "floats": {"tiny": 5e-324, "huge": 1.7976931348623157e308, "third": 1 / 3, "negative": -0.5},
    "unordered keys": {"z": 1, "a": 2, "\U0001f642": 3},
}


def nested(levels: int) -> dict[str, object]:
    """Nest objects and arrays, `levels` of them in all, the outermost an object."""
    value: object = "bottom"
    for level in range(levels - 1):
        value = [value] if level % 2 else {"in": value}
    return {"in": value}


def send(text: str | None = None, **fields: object) -> c.SendMessage:
    """Make a send."""
    return c.SendMessage(ROOM, KEY, structs.replace(Content(text=text), **fields))


def frames() -> Iterator[tuple[str, Request]]:
    """Give all client frames by name."""
    for number, command in enumerate(LEAST, 1):
        yield f"{_op(command)}: least", _request(number, command)
    for number, command in enumerate(MOST, len(LEAST) + 1):
        yield f"{_op(command)}: all fields", _request(number, command)
    for name, command in _edges():
        yield f"{_op(command)}: {name}", _request(1, command)
    yield "ping: greatest request id", Request(INTEGER_MAX, c.Ping())


def _request(number: int, command: c.Command) -> Request:
    assert isinstance(command, c.COMMANDS)
    return Request(number, cast("c.AnyCommand", command))


def _op(command: c.Command) -> str:
    return str(type(command).__struct_config__.tag)


def _edges() -> Iterator[tuple[str, c.Command]]:
    for name, text in TEXTS.items():
        yield f"text, {name}", send(text)
    for name, value in VALUES.items():
        yield f"attributes, {name}", send(attributes=value)
    yield "bytes alone", send(type=9, binary="AAECAwQF/v8=")
    yield "no bytes", send(type=9, binary="")
    yield "data alone", send(type=7, data={"a": 1})
    yield "attributes nested as deep as allowed", send(attributes=nested(NESTING_MAX))
    yield "lowest type", send("x", type=-(2**31))
    yield "highest type", send("x", type=2**31 - 1)
    yield "longest key", c.SendMessage(ROOM, SendKey("k" * SEND_KEY_MAX_CHARS), Content(text="x"))
    yield "longest conversation id", c.Join(ConversationId("c" * OPAQUE_ID_MAX_CHARS))
    yield "longest user id, beyond the basic plane", c.AddMembers(ROOM, (UserId(ASTRAL * USER_ID_MAX_CHARS),))
    yield "as many users as allowed", c.AddMembers(ROOM, tuple(UserId(f"u{n}") for n in range(1000)))
    yield "greatest numbers", c.ReadStream(StreamKey("c/" + "c" * OPAQUE_ID_MAX_CHARS), Seq(INTEGER_MAX), limit=1000)
    yield "least numbers", c.ReadStream(StreamKey("c/x"), Seq(0), limit=1)
    yield "greatest checkpoint", c.Sync(checkpoint=Checkpoint(INTEGER_MAX), limit=1000)
    yield "mark of a place that is not there", c.MarkRead(ROOM, Seq(INTEGER_MAX))
    yield "no members, empty name", c.CreateConversation(key=KEY, name="", attributes={})
    yield "longest name", c.CreateConversation(key=KEY, name=ASTRAL * c.NAME_MAX_CHARS)
    yield from _greetings()


def _greetings() -> Iterator[tuple[str, c.Command]]:
    shortest = c.Device(id=DeviceId("d"), platform=Platform("w"), label="", info="")
    longest = c.Device(
        id=DeviceId("d" * OPAQUE_ID_MAX_CHARS),
        platform=Platform("p" * 32),
        label=ASTRAL * c.LABEL_MAX_CHARS,
        info="i" * c.INFO_MAX_CHARS,
    )
    yield "shortest", c.Login(device=shortest, login="l" * 8, token="", user=ANN)
    yield "longest", c.Login(device=longest, login="l" * 64, token="t" * c.TOKEN_MAX_CHARS)
    yield "every character of a platform", c.Login(c.Device(DeviceId("d"), Platform("0a_.-z9")), LOGIN)
    yield "greatest fence", c.Resume(SessionId("s"), "", Fence(INTEGER_MAX))
    yield "lowest fence", c.Resume(SessionId("s"), "t", fence=Fence(0))
