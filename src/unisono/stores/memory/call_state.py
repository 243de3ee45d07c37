"""What is kept of calls, claims and of what sessions are told."""

from collections.abc import Iterable

from msgspec import Struct

from unisono.domain.calls import Call
from unisono.domain.claims import Held
from unisono.domain.ids import CallId, ClaimName, Instant, SendKey, SessionId, UserId
from unisono.domain.told import Told


class Kept(Struct):
    """What waits for sessions, under its number, until its time is over."""

    told: Told
    number: int
    until: Instant
    sessions: set[SessionId]


class CallState(Struct):
    """Calls by their ids, claims by user and name, kept events by user and key, and what sessions lost of these."""

    calls: dict[CallId, Call] = {}
    claims: dict[UserId, dict[ClaimName, Held]] = {}
    kept_events: dict[UserId, dict[SendKey, Kept]] = {}
    lost_events: dict[SessionId, int] = {}

    def end_waiting(self, user: UserId, session: SessionId) -> None:
        """Let nothing wait for a session any more."""
        self.lost_events.pop(session, None)
        self.take(user, session, tuple(self.kept_events.get(user, ())))

    def take(self, user: UserId, session: SessionId, keys: Iterable[SendKey]) -> None:
        """Let a session wait for these no more, and drop what nobody waits for."""
        events = self.kept_events.get(user, {})
        for key in keys:
            if (kept := events.get(key)) is not None:
                kept.sessions.discard(session)
                if not kept.sessions:
                    del events[key]
