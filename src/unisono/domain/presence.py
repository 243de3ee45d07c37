"""Who is there: what a user's sessions add up to for those who watch.

A user is online while any session is live, and for a grace after the last one lost its connection, so that a page that
is loaded again neither hides nor shows anybody. A session that its user ended has no grace.
"""

from msgspec import Struct

from unisono.domain.events import Presence
from unisono.domain.ids import Instant, Platform, UserId


class Sighting(Struct, frozen=True):
    """A session that is not over. `lost_at` is when it lost its connection, None while it is live."""

    platform: Platform
    lost_at: Instant | None = None


class Seen(Struct, frozen=True):
    """What is known of a user: the sessions that are not over, and when the last one that is over was last there."""

    sessions: tuple[Sighting, ...] = ()
    last: Instant | None = None


NEVER_SEEN = Seen()


class Verdict(Struct, frozen=True):
    """A user's presence, and when it is to be judged anew although nothing else happens."""

    presence: Presence
    until: Instant | None = None


def unseen(user: UserId) -> Presence:
    """Give what is told of a user who was never there, and of one whom the asker may not see."""
    return Presence(user, "offline")


def judge(user: UserId, seen: Seen, now: Instant, grace_ms: int) -> Verdict:
    """Say if a user is there, on which platforms, and if not, since when."""
    platforms: set[Platform] = set()
    lapses: list[Instant] = []
    last = [] if seen.last is None else [seen.last]
    for session in seen.sessions:
        if session.lost_at is None:
            platforms.add(session.platform)
            continue
        last.append(session.lost_at)
        # A session that was lost on a node whose clock is ahead of ours is lost now, too.
        lapse = Instant(min(session.lost_at, now) + grace_ms)
        if lapse > now:
            platforms.add(session.platform)
            lapses.append(lapse)
    if platforms:
        return Verdict(Presence(user, "online", tuple(sorted(platforms))), min(lapses, default=None))
    return Verdict(Presence(user, "offline", seen_at=max(last, default=None)))
