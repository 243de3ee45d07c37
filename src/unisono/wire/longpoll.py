"""Long polling: frames of the native protocol in the bodies of HTTP requests and of their answers. JSON.

docs/protocol/longpoll.md is the text to this module. Both sides number their batches: a client repeats one whose answer
was lost, and the server one that the client has not confirmed, so that each is taken once whatever a proxy does.
"""

from collections.abc import Sequence
from typing import Annotated, Final, TypeVar

import msgspec
from msgspec import Meta, Raw, Struct

from unisono.domain.ids import INTEGER_MAX
from unisono.wire.native import UNREADABLE, explain

FRAMES_MAX: Final = 256
"""Frames in one batch of a client."""
ENVELOPE_BYTES: Final = 4096
"""What a body may hold besides the largest frame."""

ConnectionName = Annotated[str, Meta(min_length=1, max_length=128)]
"""What a client was given when it opened the connection. Nobody can guess it; whoever knows it is that client."""
Frames = Annotated[tuple[Raw, ...], Meta(max_length=FRAMES_MAX)]


class Ask(Struct, frozen=True, forbid_unknown_fields=True):
    """Base of what a client asks for."""


class Open(Ask, frozen=True):
    """Open a connection. `frames`, if there are any, are batch 1."""

    frames: Frames = ()


class Send(Ask, frozen=True):
    """Take a batch of frames."""

    connection: ConnectionName
    batch: Annotated[int, Meta(ge=1, le=INTEGER_MAX)]
    frames: Frames


class Poll(Ask, frozen=True):
    """Give what comes after the last batch that the client has; 0 when it has none.

    `wait_s` is how long it may take: less than the server's own where something on the way is less patient.
    """

    connection: ConnectionName
    after: Annotated[int, Meta(ge=0, le=INTEGER_MAX)]
    wait_s: Annotated[float, Meta(ge=0, le=3600)] | None = None


class Close(Ask, frozen=True):
    """Let the connection end: the client goes."""

    connection: ConnectionName


class Goodbye(Struct, frozen=True):
    """How a connection ended: what the close of a WebSocket would say."""

    code: int
    reason: str


class Batch(Struct, frozen=True, omit_defaults=True):
    """Frames of the server. One without frames repeats the number of the one before it; one with `close` is the last.

    `frames` are a JSON array, in the order in which a WebSocket would have carried them.
    """

    batch: int
    frames: Raw
    close: Goodbye | None = None


class Opened(Struct, frozen=True, omit_defaults=True):
    """A connection is there; with what it has to say already. A poll waits `wait_s` at most."""

    connection: str
    wait_s: float
    batch: int
    frames: Raw
    close: Goodbye | None = None


class Taken(Struct, frozen=True):
    """The client's batches up to this number were taken."""

    batch: int


A = TypeVar("A", bound=Ask)
_ENCODER: Final = msgspec.json.Encoder()


def read(body: bytes, kind: type[A]) -> A:
    """Read what a client asks for. Its frames stay as they came.

    Raises:
        Malformed: It is something else; the text says where.
    """
    try:
        return msgspec.json.decode(body, type=kind)
    except UNREADABLE as problem:
        raise explain(problem) from None


def write(answer: Batch | Opened | Taken) -> bytes:
    """Write an answer."""
    return _ENCODER.encode(answer)


def piece(frame: bytes) -> bytes:
    """Give a frame so that several of them may be joined as they are."""
    return b"," + frame


def array(pieces: Sequence[bytes]) -> Raw:
    """Give pieces, and what was joined of them, as one array."""
    return Raw(b"[" + b"".join(pieces)[1:] + b"]")
