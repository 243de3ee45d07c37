"""Which session follows one that ran out, when its client comes back: the same one, however often it does."""

import hashlib
from typing import Final

from unisono.app.endings import fault_of_resume
from unisono.domain.errors import SessionUnknown
from unisono.domain.ids import SessionId
from unisono.ports.sessions import EndedSession, SessionRecord, Sessions

FOLLOWERS_MAX: Final = 100
"""Sessions that followed one another that are looked at; a token from before more of them is good no longer."""


def follower_of(record: SessionRecord) -> SessionId:
    """Name the session that follows one: nobody but the store can tell it before it is open."""
    return SessionId(hashlib.sha256(record.session.encode() + record.resume_hash).hexdigest())


async def check_only_ran_out(sessions: Sessions, before: SessionRecord | None) -> None:
    """See to it that nobody ended the session that another one is to follow.

    Raises:
        SessionFault: Somebody did.
    """
    ended = None if before is None else await sessions.find_ended(before.session)
    if ended is not None and ended.ending.reason != "expired":
        raise fault_of_resume(ended.ending.reason, ended.ending.newcomer)


async def last_after(sessions: Sessions, ended: EndedSession) -> SessionRecord:
    """Give the last session that ran out of one and those that followed it; what followed that is open, or never was.

    Raises:
        SessionFault: One of them was ended by somebody.
        SessionUnknown: More followed than are looked at.
    """
    for _ in range(FOLLOWERS_MAX):
        if ended.ending.reason != "expired":
            raise fault_of_resume(ended.ending.reason, ended.ending.newcomer)
        follower = await sessions.find_ended(follower_of(ended.record))
        if follower is None:
            return ended.record
        ended = follower
    raise SessionUnknown()
