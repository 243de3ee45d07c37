"""The sessions port on SQL."""

from collections.abc import Mapping, Sequence
from typing import Final, cast

from unisono.domain.ids import DeviceId, Fence, Instant, NodeId, SessionId, UserId
from unisono.domain.policy import NOTHING_SAID
from unisono.domain.presence import Seen, Sighting
from unisono.domain.session_view import TabView
from unisono.ports.clock import Clock
from unisono.ports.sessions import (
    Census,
    EndedSession,
    LeaseState,
    LoginDecide,
    SessionDecision,
    SessionRecord,
    SessionsCommitted,
    SessionsDecide,
)
from unisono.stores.sql import session_work as work
from unisono.stores.sql.book import Book
from unisono.stores.sql.driver import Connection
from unisono.stores.sql.policy import PolicyStatements, said_last
from unisono.stores.sql.readers import Readers
from unisono.stores.sql.session_rows import read_session, read_sighting
from unisono.stores.sql.session_statements import SessionStatements
from unisono.stores.sql.writer import Writer

NOBODY: Final = UserId("")
"""Whose turn it is for what is asked in no user's name."""
NEVER_MIND: Final = Instant(0)
"""A time for who does not ask if a session has a link."""


class SqlSessions:
    """Implements `ports.sessions.Sessions`."""

    def __init__(
        self,
        statements: SessionStatements,
        policy: PolicyStatements,
        *,
        writer: Writer,
        readers: Readers,
        clock: Clock,
    ) -> None:
        self._sql = statements
        self._policy = policy
        self._writer = writer
        self._readers = readers
        self._clock = clock

    async def decide(self, user: UserId, decide: SessionsDecide) -> SessionsCommitted:
        """Change a user's sessions: ends first, then the opening, with a fact for each in the user's stream."""
        deciding = work.DecideSessions(self._sql, user, lambda book, held: decide(book.now, held))
        return cast(SessionsCommitted, await self._writer.do(deciding))

    async def admit(self, user: UserId, decide: LoginDecide) -> SessionsCommitted:
        """Decide over what is said of the policy as well."""

        def over_policy(book: Book, held: Sequence[SessionRecord]) -> SessionDecision:
            return decide(book.now, held, said_last(book.connection, self._policy) or NOTHING_SAID)

        return cast(SessionsCommitted, await self._writer.do(work.Admit(self._sql, user, over_policy)))

    async def attach(
        self, session: SessionId, resume_hash: bytes, fence: Fence | None, node: NodeId, address: str | None
    ) -> SessionRecord | EndedSession | None:
        """Take a session over for a connection of `node` from a peer's address, if hash and fence allow."""
        attach = work.Attach(self._sql, session, resume_hash, fence=fence, node=node, address=address)
        attached = await self._writer.do(attach)
        return cast(SessionRecord | EndedSession | None, attached)

    async def detach(self, session: SessionId, fence: Fence, node: NodeId) -> None:
        """Note that the connection of `node` with this fence is gone."""
        await self._writer.do(work.Detach(self._sql, session, fence, node))

    async def touch(self, seen: Sequence[tuple[SessionId, Instant]]) -> None:
        """Note when sessions last spoke."""
        if seen:
            await self._writer.do(work.Touch(self._sql, seen))

    async def list_of(self, user: UserId) -> Sequence[SessionRecord]:
        """List the user's sessions that are not over, the oldest login first."""
        statement = self._sql.open_of_user

        def read(connection: Connection) -> Sequence[SessionRecord]:
            rows = connection.query(statement.text, statement.bind(user=user))
            now = connection.lease_now() if rows else Instant(0)
            return [read_session(row, now).record for row in rows]

        return await self._readers.read(read)

    async def of_several(self, after: UserId | None, limit: int) -> Sequence[SessionRecord]:
        """List the sessions of users who have more than one."""
        statement = self._sql.of_several

        def read(connection: Connection) -> Sequence[SessionRecord]:
            rows = connection.query(statement.text, statement.bind(after=after or NOBODY, limit=limit))
            now = connection.lease_now() if rows else Instant(0)
            return [read_session(row, now).record for row in rows]

        return await self._readers.read_slowly(read, NOBODY)

    async def seen(self, users: Sequence[UserId]) -> Mapping[UserId, Seen]:
        """Give the sessions of users that are not over, and when those that are over were last there."""
        asked = [(user,) for user in users]
        sightings, last_seen = self._sql.sightings, self._sql.last_seen

        def read(connection: Connection) -> Mapping[UserId, Seen]:
            now = connection.lease_now()
            found: dict[UserId, list[Sighting]] = {}
            last: dict[UserId, Instant] = {}
            for text, values in sightings.padded(asked):
                for row in connection.query(text, values):
                    found.setdefault(row[0], []).append(read_sighting(row, now))
            for text, values in last_seen.padded(asked):
                last.update((user, at) for user, at in connection.query(text, values))
            return {user: Seen(tuple(found.get(user, ())), last.get(user)) for user in found.keys() | last.keys()}

        return await self._readers.read_at_one_moment(read)

    async def share(self, session: SessionId, tabs: tuple[TabView, ...]) -> None:
        """Note which tabs share a session that is not over."""
        await self._writer.do(work.Share(self._sql, session, tabs))

    async def census(self, since: Instant) -> Census:
        """Count users who are there, and those who were there since an instant."""
        online, here_since = self._sql.online, self._sql.here_since

        def read(connection: Connection) -> Census:
            now = connection.lease_now()
            ((now_here,),) = connection.query(online.text, online.bind(now=now))
            ((were_here,),) = connection.query(here_since.text, here_since.bind(now=now, since=since))
            return Census(now_here, were_here)

        return await self._readers.read_slowly(read, NOBODY)

    async def find_open(self, session: SessionId) -> SessionRecord | None:
        """Give a session that is not over, or None."""
        statement = self._sql.session

        def read(connection: Connection) -> SessionRecord | None:
            rows = connection.query(statement.text, statement.bind(id=session))
            entry = read_session(rows[0], connection.lease_now()) if rows else None
            return None if entry is None or entry.ending is not None else entry.record

        return await self._readers.read(read)

    async def find_ended(self, session: SessionId) -> EndedSession | None:
        """Say how a session ended, or None when it did not or is not known."""
        statement = self._sql.session

        def read(connection: Connection) -> EndedSession | None:
            rows = connection.query(statement.text, statement.bind(id=session))
            return read_session(rows[0], NEVER_MIND).ended if rows else None

        return await self._readers.read(read)

    async def close_expired(self, user: UserId, device: DeviceId | None = None) -> None:
        """Have sessions that only ran out count as closed."""
        await self._writer.do(work.CloseExpired(self._sql, user, device))

    async def users_with_expired(self, detached_before: Instant, limit: int) -> Sequence[UserId]:
        """List users who have sessions that were detached before an instant, or whose credential expired before now."""
        statement, now = self._sql.expired, self._clock.now()

        def read(connection: Connection) -> Sequence[UserId]:
            lease_now = connection.lease_now()
            bound = statement.bind(before=detached_before, now=now, lease_now=lease_now, limit=limit)
            return [UserId(name) for (name,) in connection.query(statement.text, bound)]

        return await self._readers.read(read)

    async def users_of_credential(self, credential: str) -> Sequence[UserId]:
        """List users who have sessions opened with a credential that are not over."""
        statement = self._sql.users_of_credential
        bound = statement.bind(credential=credential)

        def read(connection: Connection) -> Sequence[UserId]:
            return [UserId(name) for (name,) in connection.query(statement.text, bound)]

        return await self._readers.read(read)

    async def revoke_credential(self, credential: str, until: Instant) -> None:
        """Remember, durably and until an instant, that a credential is void."""
        await self._writer.do(work.RevokeCredential(self._sql, credential, until))

    async def revoke_before(self, user: UserId, instant: Instant) -> None:
        """Remember, durably, that credentials of a user issued before an instant are void."""
        await self._writer.do(work.RevokeBefore(self._sql, user, instant))

    async def is_revoked(self, user: UserId, credential: str | None, issued_at: Instant | None) -> bool:
        """Say if a credential was revoked by name, or by its time of issue."""
        by_name, by_time, now = self._sql.revoked_credential, self._sql.revoked_user, self._clock.now()
        erased = self._sql.erased

        def read(connection: Connection) -> bool:
            if connection.query(erased.text, erased.bind(user=user)):
                return True
            before = connection.query(by_time.text, by_time.bind(user=user))
            if before and (issued_at is None or issued_at < before[0][1]):
                return True
            until = [] if credential is None else connection.query(by_name.text, by_name.bind(credential=credential))
            return bool(until) and until[0][1] > now

        return await self._readers.read(read)

    async def take_lease(self, node_name: str, ttl_s: float) -> NodeId:
        """Give a node a new lease number, higher than any before."""
        return cast(NodeId, await self._writer.do(work.TakeLease(self._sql, node_name, int(ttl_s * 1000))))

    async def keep_lease(self, node: NodeId, ttl_s: float) -> LeaseState:
        """Prolong a lease."""
        return cast(LeaseState, await self._writer.do(work.KeepLease(self._sql, node, int(ttl_s * 1000))))

    async def forget_ended(self, before: Instant) -> int:
        """Drop what is kept of sessions that ended before an instant, and of revocations that ran out."""
        return cast(int, await self._writer.do(work.ForgetEnded(self._sql, before)))
