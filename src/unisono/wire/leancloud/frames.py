"""One WebSocket message is one `GenericCommand`: bytes, or text that is their base64.

A frame that cannot be read is `Malformed`, one beyond its limit `TooLarge`, and nothing else comes out. Which request
it was, `serial_of` finds where that can be told; an error without a serial must never be sent, because clients from
5.0.0-rc.7 on then open a second connection. So what has none is answered by a close.
"""

from base64 import b64encode
from binascii import Error as Base64Fault
from binascii import a2b_base64
from collections.abc import Mapping
from typing import Final

from google.protobuf.message import DecodeError, Message

from unisono.domain.errors import Malformed, TooLarge
from unisono.domain.ids import UserId
from unisono.wire.leancloud.realtime_pb2 import GenericCommand
from unisono.wire.leancloud.subprotocols import Dialect

FRAME_MAX_BYTES: Final = 131_072
"""Bytes of a command, before base64: one with a thousand ids of 64 characters fits in."""

NEVER_ZERO: Final[Mapping[str, frozenset[str]]] = {
    "GenericCommand": frozenset({"i"}),
    "AckCommand": frozenset({"code"}),
    "SessionCommand": frozenset({"code"}),
    "DirectCommand": frozenset({"binaryMsg", "patchTimestamp"}),
    "UnreadTuple": frozenset({"binaryMsg", "patchTimestamp"}),
    "LogItem": frozenset({"ackAt", "readAt", "patchTimestamp"}),
    "PatchItem": frozenset({"binaryMsg", "patchCode"}),
}
"""Fields that say something by being there: clients take an `ack` with the code 0 for a failure."""


def decode(frame: bytes | str, dialect: Dialect, *, limit_bytes: int = FRAME_MAX_BYTES) -> GenericCommand:
    """Read a frame. Fields that are not known are left out; so is an operation, or any other value of a list of names.

    Args:
        frame: The payload: text of a text frame, bytes of a binary one.
        dialect: What the handshake chose.
        limit_bytes: The most bytes that a command may have, before base64.

    Raises:
        Malformed: No command, or one that is not known.
        TooLarge: Beyond the limit.
    """
    command = _read(frame, dialect, limit_bytes)
    if not command.HasField("cmd"):
        raise Malformed(reason="no command, or none that is known")
    if not command.IsInitialized():
        raise Malformed(reason="a field that has to be there is missing")
    if command.HasField("i") and command.i < 1:
        raise Malformed(reason="a serial below 1", i=command.i)
    command.DiscardUnknownFields()
    return command


def serial_of(frame: bytes | str, dialect: Dialect, *, limit_bytes: int = FRAME_MAX_BYTES) -> int | None:
    """Find the serial of a frame that `decode` refuses, to answer its sender; None when there is none to find."""
    try:
        command = _read(frame, dialect, limit_bytes)
    except (Malformed, TooLarge):
        return None
    return command.i if command.i >= 1 else None


def encode(command: GenericCommand, dialect: Dialect) -> bytes | str:
    """Write a frame: text for a dialect of text. Takes zeros of `NEVER_ZERO` out of the command."""
    return _written(payload_of(command), dialect)


def payload_of(command: GenericCommand) -> bytes:
    """Write a command that goes to several clients, without the name of any. Takes zeros of `NEVER_ZERO` out of it."""
    _leave_out_zeros(command)
    return command.SerializeToString()


def address_of(peer: UserId) -> bytes:
    """Write the name of a client: a field may come at the end, so what comes before it is written once for all."""
    return GenericCommand(peerId=peer).SerializeToString()


def addressed(payload: bytes, address: bytes, dialect: Dialect) -> bytes | str:
    """Give the frame of one of these clients, by its `address_of`."""
    return _written(payload + address, dialect)


def _written(payload: bytes, dialect: Dialect) -> bytes | str:
    return b64encode(payload).decode() if dialect.is_text else payload


def _read(frame: bytes | str, dialect: Dialect, limit_bytes: int) -> GenericCommand:
    payload = _from_text(frame, dialect, limit_bytes) if isinstance(frame, str) else _from_bytes(frame, dialect)
    if len(payload) > limit_bytes:
        raise TooLarge(what="frame", limit_bytes=limit_bytes, bytes=len(payload))
    try:
        return GenericCommand.FromString(payload)
    except DecodeError:
        raise Malformed(reason="not readable") from None


def _from_bytes(frame: bytes, dialect: Dialect) -> bytes:
    if dialect.is_text:
        raise Malformed(reason="a binary frame", subprotocol=dialect.name)
    return frame


def _from_text(frame: str, dialect: Dialect, limit_bytes: int) -> bytes:
    if not dialect.is_text:
        raise Malformed(reason="a text frame", subprotocol=dialect.name)
    # Three bytes are four characters: what is longer than the limit can be told before it is read.
    if len(frame) > (limit_bytes + 2) // 3 * 4:
        raise TooLarge(what="frame", limit_bytes=limit_bytes, bytes=len(frame) // 4 * 3)
    try:
        return a2b_base64(frame, strict_mode=True)
    except (Base64Fault, ValueError):
        raise Malformed(reason="not base64") from None


def _leave_out_zeros(message: Message) -> None:
    never = NEVER_ZERO.get(message.DESCRIPTOR.name, frozenset())
    for field, value in message.ListFields():
        if field.message_type is not None:
            for inner in value if field.is_repeated else (value,):
                _leave_out_zeros(inner)
        elif field.name in never and not value:
            message.ClearField(field.name)
