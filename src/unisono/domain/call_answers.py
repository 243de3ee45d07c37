"""What commands about calls and claims are answered with."""

from unisono.domain.answer import Answer
from unisono.domain.call_view import CallView, IceServer
from unisono.domain.ids import SessionId


class Claimed(Answer, frozen=True, tag="claimed"):
    """How a claim stands: whether it is the caller's now, or was when the work was done.

    `number` grows with each runner. `left_ms` is how much is left of the lease; `holder` has the claim, or did the
    work. Without a holder nobody has it, and it may be asked for.
    """

    is_mine: bool
    is_done: bool = False
    number: int = 0
    left_ms: int = 0
    holder: SessionId | None = None


class CallAnswer(Answer, frozen=True, tag="call"):
    """A call as it is after the command: who was too late sees here who was faster."""

    call: CallView


class Calls(Answer, frozen=True, tag="calls"):
    """Calls that ring or run for me now, the oldest first."""

    calls: tuple[CallView, ...]


class TurnServers(Answer, frozen=True, tag="turn"):
    """Servers for the media of calls; names and passwords among them are good for `ttl_s` seconds."""

    servers: tuple[IceServer, ...]
    ttl_s: int
