"""What is kept of calls and claims."""

from msgspec import Struct

from unisono.domain.calls import Call
from unisono.domain.claims import Held
from unisono.domain.ids import CallId, ClaimName, UserId


class CallState(Struct):
    """Calls by their ids, and claims by user and name."""

    calls: dict[CallId, Call] = {}
    claims: dict[UserId, dict[ClaimName, Held]] = {}
