"""What is kept of calls, claims and of what sessions are told."""

from msgspec import Struct

from unisono.domain.calls import Call
from unisono.domain.claims import Held
from unisono.domain.ids import CallId, ClaimName, Instant, SendKey, SessionId, UserId
from unisono.domain.told import Told


class Kept(Struct):
    """What waits for a session, by its keys, with the end of its time; and until when it is known that some is gone."""

    events: dict[SendKey, tuple[Told, Instant]] = {}
    lost_until: Instant | None = None


class CallState(Struct):
    """Calls by their ids, claims by user and name, and kept events by session."""

    calls: dict[CallId, Call] = {}
    claims: dict[UserId, dict[ClaimName, Held]] = {}
    kept_events: dict[SessionId, Kept] = {}
