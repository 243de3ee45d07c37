"""The native protocol: one set of structs, JSON and MessagePack as two encodings of it.

A client frame is a `Request`; the server answers each with a `Reply` or a `Refusal` that repeats its id. What the
server says by itself is `Delivery` (facts of a stream), `EventFrame` or `Bye` (right before a close).
docs/protocol/native.md is the text to this module; tests/vectors hold frames that both sides must read alike.
"""

from collections.abc import Sequence
from functools import cache
from typing import Annotated, Final, Protocol

import msgspec
from msgspec import Meta, Raw, Struct

from unisono.domain.answers import AnyAnswer
from unisono.domain.commands import AnyCommand
from unisono.domain.errors import Malformed, Unsupported
from unisono.domain.events import Event
from unisono.domain.facts import Label, PlacedFact
from unisono.domain.ids import INTEGER_MAX, Checkpoint, Epoch, Instant, Seq, StreamKey
from unisono.wire.json_values import check_values
from unisono.wire.weight import check_weight

JSON: Final = "unisono.v1+json"
MSGPACK: Final = "unisono.v1+msgpack"
SUBPROTOCOLS: Final = (JSON, MSGPACK)
REASON_MAX_CHARS: Final = 200
"""A reason may quote the frame; it is not to become an echo of it."""

RequestId = Annotated[int, Meta(ge=1, le=INTEGER_MAX)]


class Request(Struct, frozen=True, forbid_unknown_fields=True):
    """Client to server: do this. `id` is the client's, new for each request of a connection."""

    id: RequestId
    do: AnyCommand


class Push(Struct, frozen=True, omit_defaults=True, tag_field="is"):
    """Base of all server frames."""


class Reply(Push, frozen=True, tag="reply"):
    """Server to client: done, and this came of it."""

    re: int
    answer: AnyAnswer


class Refusal(Push, frozen=True, tag="error"):
    """Server to client: not done. `re` is 0 when the frame could not be read far enough to know its id."""

    re: int
    code: str
    message: str
    retryable: bool = False
    retry_after_ms: int | None = None
    numbers: dict[str, int | str] | None = None


class Bye(Push, frozen=True, tag="bye"):
    """Server to client: the last frame before a close, saying what the close code cannot.

    `advice` is one of reconnect, later, new_token, log_in, stop. `newcomer` is the device that took the place.
    """

    code: str
    message: str
    advice: str
    retry_after_ms: int | None = None
    newcomer: Label | None = None


class FactFrame(Struct, frozen=True):
    """One fact of a delivery."""

    seq: Seq
    at: Instant
    fact: Raw


class Delivery(Push, frozen=True, tag="facts"):
    """Server to client: facts of one stream, in order, without holes among themselves.

    All that was committed up to `checkpoint` has been sent on this connection or was there before it.
    """

    stream: StreamKey
    epoch: Epoch
    facts: tuple[FactFrame, ...]
    checkpoint: Checkpoint


class EventFrame(Push, frozen=True, tag="event"):
    """Server to client: something passes by. It has no place, and who was away does not hear of it."""

    event: Event


ServerFrame = Reply | Refusal | Bye | Delivery | EventFrame


class Codec(Protocol):
    """One encoding of the native protocol."""

    name: str
    is_text: bool

    def decode(self, frame: bytes | str) -> Request:
        """Read a client frame.

        Raises:
            Malformed: Not a request; its text says where.
            Unsupported: A request for an operation not known here.
        """

    def encode(self, frame: ServerFrame) -> bytes:
        """Write a server frame."""

    def encode_delivery(self, facts: Sequence[PlacedFact], checkpoint: Checkpoint) -> bytes:
        """Write facts of one stream, contiguous, as a delivery."""


UNREADABLE: Final = (msgspec.MsgspecError, RecursionError, TypeError, ValueError)


class _StructCodec:
    """Both encodings: they differ in msgspec's module alone."""

    def __init__(self, name: str, *, is_text: bool) -> None:
        self.name = name
        self.is_text = is_text
        module = msgspec.json if is_text else msgspec.msgpack
        self._decoder: msgspec.json.Decoder[Request] | msgspec.msgpack.Decoder[Request] = module.Decoder(Request)
        self._encoder: msgspec.json.Encoder | msgspec.msgpack.Encoder = module.Encoder()

    def decode(self, frame: bytes | str) -> Request:
        check_weight(frame, is_text=self.is_text)
        try:
            request = self._decoder.decode(frame)  # type: ignore[arg-type]  # text for MessagePack is a TypeError
        except UNREADABLE as problem:
            raise explain(problem) from None
        check_values(request.do)
        return request

    def encode(self, frame: ServerFrame) -> bytes:
        return self._encoder.encode(frame)

    def encode_delivery(self, facts: Sequence[PlacedFact], checkpoint: Checkpoint) -> bytes:
        encode = self._encoder.encode
        frames = tuple(FactFrame(placed.seq, placed.at, Raw(encode(placed.fact))) for placed in facts)
        first = facts[0]
        return encode(Delivery(first.stream, first.epoch, frames, checkpoint))


def explain(problem: Exception) -> Malformed | Unsupported:
    """Give the fault of what could not be read."""
    text = str(problem)
    if isinstance(problem, msgspec.ValidationError):
        # Both ends, because what stands between them may quote the frame.
        if text.startswith("Invalid value") and text.endswith(" - at `$.do.op`"):
            return Unsupported(what="operation", at="$.do.op")
        return Malformed(reason=text[:REASON_MAX_CHARS])
    return Malformed(reason=f"not readable: {text}"[:REASON_MAX_CHARS])


@cache
def codec_of(subprotocol: str) -> Codec:
    """Give the codec of a subprotocol name.

    Raises:
        Unsupported: No such subprotocol.
    """
    if subprotocol not in SUBPROTOCOLS:
        raise Unsupported(what="subprotocol", name=subprotocol[:64])
    return _StructCodec(subprotocol, is_text=subprotocol == JSON)


def request_id_of(frame: bytes | str, codec: Codec) -> int:
    """Find the id of a frame that could not be read as a request, to tell its sender; 0 when there is none."""
    try:
        found = msgspec.json.decode(frame, type=_Id) if codec.is_text else _id_in_msgpack(frame)
    except UNREADABLE:
        return 0
    return found.id


def _id_in_msgpack(frame: bytes | str) -> "_Id":
    return msgspec.msgpack.decode(frame.encode() if isinstance(frame, str) else frame, type=_Id)


class _Id(Struct):
    id: RequestId
