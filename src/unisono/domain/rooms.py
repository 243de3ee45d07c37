"""Decisions about rooms."""

from unisono.domain.answers import Done
from unisono.domain.commands import EnterRoom
from unisono.domain.conversation import Decision, Snapshot
from unisono.domain.ids import UserId
from unisono.domain.permitting import check_not_blocked, permit


def enter(snapshot: Snapshot, user: UserId) -> Decision:
    """Let a user into a room: whoever knows of it, and is not blocked there.

    Raises:
        NotFound: There is no such conversation for the user.
        Forbidden: It is no room, or the user is blocked.
    """
    permit(EnterRoom, snapshot, user)
    membership = snapshot.memberships.get(user)
    if membership is not None:
        check_not_blocked(membership, snapshot.now)
    return Decision(drafts=(), answer=lambda _: Done())
