"""Sessions: who is logged in where, decided once per user at a time."""

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Protocol

from msgspec import Struct

from unisono.domain.facts import EndReason, Label, PlacedFact
from unisono.domain.ids import DeviceId, Fence, Instant, NodeId, SessionId, Tag, UserId
from unisono.domain.policy import Said
from unisono.domain.presence import Seen
from unisono.domain.session_view import TabView


class SessionRecord(Struct, frozen=True):
    """A login.

    `node` is the lease of the node whose connection carries it, None when detached; a session whose node's lease is
    over counts as detached since then. `resume_hash` is the SHA-256 of the resume token. `credential` names the token
    that opened it, so that revoking the token ends the session; `issued_at` is that token's time of issue, if it says
    so. `address` is that of the peer whose connection came last, for its user to see. `lost_at` is told by `attach`
    alone: when the session lost the connection before, None if it had it still. `tabs` are those told last.
    """

    session: SessionId
    user: UserId
    device: DeviceId
    shown: Label
    opened_at: Instant
    seen_at: Instant
    resume_hash: bytes
    fence: Fence = Fence(0)
    tag: Tag | None = None
    node: NodeId | None = None
    detached_at: Instant | None = None
    credential: str | None = None
    credential_expires_at: Instant | None = None
    address: str | None = None
    issued_at: Instant | None = None
    lost_at: Instant | None = None
    tabs: tuple[TabView, ...] = ()


class Ending(Struct, frozen=True):
    """A session to end, and how its client is told. What is said of `why` stands in the fact alone."""

    session: SessionId
    reason: EndReason
    newcomer: Label | None = None
    why: str | None = None


class SessionDecision(Struct, frozen=True):
    """Which of a user's sessions end, and which one opens. Repeating a login replaces its own record (`opens`)."""

    ends: tuple[Ending, ...] = ()
    opens: SessionRecord | None = None


class SessionsCommitted(Struct, frozen=True):
    """A decision that is durable, with the facts it placed in the user's stream."""

    ended: tuple[SessionRecord, ...]
    opened: SessionRecord | None
    facts: tuple[PlacedFact, ...]


SessionsDecide = Callable[[Instant, Sequence[SessionRecord]], SessionDecision]
"""Decides over the time and the user's sessions that are not over, the oldest login first. Pure; may run twice."""

LoginDecide = Callable[[Instant, Sequence[SessionRecord], Said], SessionDecision]
"""The same for a login: also over what is said of the app's policy (`ports.policy`), which is so until it is over."""


class EndedSession(Struct, frozen=True):
    """Why a session is over, kept for a while so that its client can be told; and what it was."""

    record: SessionRecord
    ending: Ending

    @property
    def user(self) -> UserId:
        """Give whose it was."""
        return self.record.user


class LeaseState(Enum):
    """How a node stands with its lease."""

    HELD = "held"
    OVER = "over"
    """It ran out, or the log began anew: the node may take another."""
    TAKEN = "taken"
    """Another node holds one under the same name: this one must not take it back."""


class Census(Struct, frozen=True):
    """How many users are there now, with a live session, and how many were since some time."""

    online: int
    since: int


class Sessions(Protocol):
    """Sessions of one app."""

    async def decide(self, user: UserId, decide: SessionsDecide) -> SessionsCommitted:
        """Change a user's sessions: ends first, then the opening, with a fact for each in the user's stream.

        Linearisable per user across all nodes: of two decisions for one user the later sees all the earlier did.
        Durable on return. An opening of a session of the same user and device that is not over renews its row (resume
        hash, fence, node, credential) and leaves no fact: a login was repeated.

        Raises:
            Invalid: The session id to open was used before, by another device or by a session that is over.
        """

    async def admit(self, user: UserId, decide: LoginDecide) -> SessionsCommitted:
        """Decide as `decide` does, over what is said of the policy as well.

        Nothing else is said of it between the decision and its commit, on any node.

        Raises:
            Invalid: The session id to open was used before, by another device or by a session that is over.
        """

    async def attach(
        self, session: SessionId, resume_hash: bytes, fence: Fence | None, node: NodeId, address: str | None
    ) -> SessionRecord | EndedSession | None:
        """Take a session over for a connection of `node` from a peer's address, if hash and fence allow.

        The fence that holds then is higher than any before, and at least the one asked for. Gives None when there is
        none such or the hash differs, the ending when it is over. Never ends another session.

        Raises:
            Replaced: The fence is lower than the highest one seen.
        """

    async def detach(self, session: SessionId, fence: Fence, node: NodeId) -> None:
        """Note that the connection of `node` with this fence is gone; another is left alone. May be lost in a crash."""

    async def touch(self, seen: Sequence[tuple[SessionId, Instant]]) -> None:
        """Note when sessions last spoke. May be lost in a crash."""

    async def share(self, session: SessionId, tabs: tuple[TabView, ...]) -> None:
        """Note which tabs share a session that is not over. Durable on return."""

    async def list_of(self, user: UserId) -> Sequence[SessionRecord]:
        """List the user's sessions that are not over, the oldest login first."""

    async def of_several(self, after: UserId | None, limit: int) -> Sequence[SessionRecord]:
        """List the sessions that are not over of users who have more than one of them, in the order of their users.

        Those of up to `limit` users who come after one: all of each, the oldest login first.
        """

    async def seen(self, users: Sequence[UserId]) -> Mapping[UserId, Seen]:
        """Give the sessions of users that are not over, and when those that are over were last there.

        Users of whom nothing is known are left out. What is remembered of an ended session outlives `forget_ended`.
        """

    async def census(self, since: Instant) -> Census:
        """Count users who are there, and those who were since an instant. Reads all sessions that are not over."""

    async def find_open(self, session: SessionId) -> SessionRecord | None:
        """Give a session that is not over, or None."""

    async def find_ended(self, session: SessionId) -> EndedSession | None:
        """Say how a session ended, or None when it did not or is not known."""

    async def close_expired(self, user: UserId, device: DeviceId | None = None) -> None:
        """Have a user's sessions that only ran out, of one device or all, count as closed by somebody.

        Durable on return. Those that ended otherwise, and those that are not over, stay as they are.
        """

    async def users_with_expired(self, detached_before: Instant, limit: int) -> Sequence[UserId]:
        """List users who have sessions that were detached before an instant, or whose credential expired before now."""

    async def users_of_credential(self, credential: str) -> Sequence[UserId]:
        """List users who have sessions opened with a credential that are not over."""

    async def revoke_credential(self, credential: str, until: Instant) -> None:
        """Remember, durably and until an instant, that a credential is void."""

    async def revoke_before(self, user: UserId, instant: Instant) -> None:
        """Remember, durably, that credentials of a user issued before an instant are void."""

    async def is_revoked(self, user: UserId, credential: str | None, issued_at: Instant | None) -> bool:
        """Say if a credential was revoked by name, or by its time of issue: without one, issued long ago.

        Of a user who is or was erased (`ports.erasures`), each one was.
        """

    async def take_lease(self, node_name: str, ttl_s: float) -> NodeId:
        """Give a node a new lease number, higher than any before. An earlier lease of the same name is over at once."""

    async def keep_lease(self, node: NodeId, ttl_s: float) -> LeaseState:
        """Prolong a lease; if it is held no longer, the node must close its connections.

        Leases are kept by one clock that nobody sets: that of the database server, or the monotonic one of this process
        where it alone has the database.
        """

    async def forget_ended(self, before: Instant) -> int:
        """Drop what is kept of sessions that ended before an instant, and of revocations that ran out."""
