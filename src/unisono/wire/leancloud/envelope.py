"""What every frame to a client has around what it says.

`peerId` stands in all of them, because clients of 3.x drop a frame without it; `service` because Swift's do. A reply
repeats the serial `i` of its request; what the server says by itself has none.
"""

from typing import Final

from unisono.domain.ids import Instant, UserId
from unisono.wire.leancloud.codes import LeanCloudError
from unisono.wire.leancloud.realtime_pb2 import CommandType, ErrorCommand, GenericCommand, OpType, error

MESSAGING: Final = 2
"""The service that all of this belongs to; 1 is LiveQuery's."""
KEPT: Final = 1
"""The type of a notification that the client may ask for again after it was away."""


def reply(request: GenericCommand, op: OpType | None, peer: UserId, at: Instant) -> GenericCommand:
    """Begin the answer to a request that has a serial; what it says is put into it."""
    return GenericCommand(cmd=request.cmd, op=op, i=request.i, peerId=peer, service=MESSAGING, serverTs=at)


def push(cmd: CommandType, op: OpType | None, peer: UserId, at: Instant, *, is_kept: bool = False) -> GenericCommand:
    """Begin what the server says by itself. `is_kept`: the client may ask for it again later."""
    kept = KEPT if is_kept else None
    return GenericCommand(cmd=cmd, op=op, peerId=peer, service=MESSAGING, serverTs=at, notificationType=kept)


def refusal(
    serial: int, fault: LeanCloudError, at: Instant, peer: UserId | None = None, detail: str | None = None
) -> GenericCommand:
    """Refuse the request with this serial, which is at least 1; before a login there is no `peer`.

    `detail` is text for people; the client shows it beside the name.
    """
    what = ErrorCommand(code=fault.code, reason=fault.name, detail=detail)
    return GenericCommand(cmd=error, i=serial, peerId=peer, service=MESSAGING, serverTs=at, errorMessage=what)
