"""The sessions port in memory."""

import hmac
from collections import Counter
from collections.abc import Mapping, Sequence

from msgspec import Struct, structs

from unisono.domain.errors import Invalid, Replaced
from unisono.domain.facts import SessionEnded, SessionOpened
from unisono.domain.ids import DeviceId, Fence, Instant, NodeId, SessionId, UserId, user_stream
from unisono.domain.placement import Draft
from unisono.domain.policy import NOTHING_SAID
from unisono.domain.presence import Seen, Sighting
from unisono.domain.pushing import FORGETTING
from unisono.domain.session import is_loss
from unisono.domain.session_view import TabView
from unisono.ports.clock import Clock
from unisono.ports.sessions import (
    Census,
    EndedSession,
    Ending,
    LeaseState,
    LoginDecide,
    SessionDecision,
    SessionRecord,
    SessionsCommitted,
    SessionsDecide,
)
from unisono.stores.memory.state import State


class Lease(Struct):
    """A node's lease."""

    name: str
    until: Instant


class MemorySessions:
    """Implements `ports.sessions.Sessions`."""

    def __init__(self, state: State, clock: Clock) -> None:
        self._state = state
        self._clock = clock
        self._began = clock.now() - int(clock.monotonic_s() * 1000)
        self._records: dict[SessionId, SessionRecord] = {}
        self._endings: dict[SessionId, tuple[Ending, Instant]] = {}
        self._leases: dict[NodeId, Lease] = {}
        self._void_credentials: dict[str, Instant] = {}
        self._void_before: dict[UserId, Instant] = {}
        self._last_seen: dict[UserId, Instant] = {}

    async def decide(self, user: UserId, decide: SessionsDecide) -> SessionsCommitted:
        """Decide and write at once: nothing else runs meanwhile."""
        self._state.check_open()
        now = self._clock.now()
        held = {record.session: record for record in await self.list_of(user)}
        decision = decide(now, list(held.values()))
        endings = {ending.session: ending for ending in decision.ends if ending.session in held}
        opened, is_new = self._opening(decision, held, endings)
        self._endings.update({each: (structs.replace(ending, why=None), now) for each, ending in endings.items()})
        for session, ending in endings.items():
            self._state.seats.pop(session, None)
            self._state.talk.end_waiting(user, session)
            self._end_will(held[session], ending, now)
            if ending.reason in FORGETTING:
                self._state.push_targets.pop((user, held[session].device), None)
            self._last_seen[user] = max(held[session].detached_at or now, self._last_seen.get(user, Instant(0)))
        facts: list[SessionEnded | SessionOpened] = [
            SessionEnded(ending.session, held[ending.session].device, ending.reason, ending.newcomer, ending.why)
            for ending in endings.values()
        ]
        if opened is not None:
            self._records[opened.session] = opened
            self._keep_will(opened.session)
            if is_new:
                facts.append(SessionOpened(opened.session, opened.device, opened.shown, opened.tag))
        self._state.position += bool(facts)
        placed = [self._state.place(Draft(user_stream(user), fact), now)[1] for fact in facts]
        return SessionsCommitted(
            tuple(held[session] for session in endings), opened, tuple(fact for fact in placed if fact is not None)
        )

    async def admit(self, user: UserId, decide: LoginDecide) -> SessionsCommitted:
        """Decide over what is said as well."""
        changes = self._state.policy
        said = changes[-1].said if changes else NOTHING_SAID
        return await self.decide(user, lambda now, held: decide(now, held, said))

    def _opening(
        self, decision: SessionDecision, held: dict[SessionId, SessionRecord], endings: dict[SessionId, Ending]
    ) -> tuple[SessionRecord | None, bool]:
        wanted = decision.opens
        if wanted is None:
            return None, False
        old = held.get(wanted.session)
        if old is not None and old.device == wanted.device and wanted.session not in endings:
            fence = Fence(max(old.fence + 1, wanted.fence))
            return structs.replace(wanted, opened_at=old.opened_at, fence=fence), False
        if wanted.session in self._records:
            raise Invalid(field="login", reason="used before")
        return wanted, True

    def _end_will(self, record: SessionRecord, ending: Ending, now: Instant) -> None:
        left = self._state.wills.get(record.session)
        if left is not None and is_loss(ending.reason, record.detached_at):
            left.due_at = now
        else:
            self._state.wills.pop(record.session, None)

    def _keep_will(self, session: SessionId) -> None:
        if (left := self._state.wills.get(session)) is not None:
            left.due_at = None

    def over_leases(self) -> list[NodeId]:
        """List the leases that are over."""
        now = self.lease_now()
        return [node for node, lease in self._leases.items() if lease.until <= now]

    def is_leased(self, node: NodeId) -> bool:
        """Say if a node has its lease."""
        return node in self._leases and node not in self.over_leases()

    def carried_by(self, node: NodeId) -> set[SessionId]:
        """List the sessions that a node carries, or did as long as it had its lease."""
        return {name for name, each in self._records.items() if each.node == node and name not in self._endings}

    def find(self, session: SessionId) -> SessionRecord | None:
        """Give a session that is not over."""
        return None if session in self._endings or session not in self._records else self._now(session)

    def _now(self, session: SessionId) -> SessionRecord:
        """Give a record as of now: detached since its node's lease ended, if it did."""
        record = self._records[session]
        if record.node is None:
            return record
        lease = self._leases.get(record.node)
        until = record.seen_at if lease is None else lease.until
        return (
            record
            if lease is not None and until > self.lease_now()
            else structs.replace(record, node=None, detached_at=until)
        )

    async def share(self, session: SessionId, tabs: tuple[TabView, ...]) -> None:
        """Note the tabs."""
        self._state.check_open()
        if self.find(session) is not None:
            self._records[session] = structs.replace(self._records[session], tabs=tabs)

    async def attach(
        self, session: SessionId, resume_hash: bytes, fence: Fence | None, node: NodeId, address: str | None
    ) -> SessionRecord | EndedSession | None:
        """Check, then take over."""
        self._state.check_open()
        old = self._records.get(session)
        if old is None or not hmac.compare_digest(old.resume_hash, resume_hash):
            return None
        if session in self._endings:
            return await self.find_ended(session)
        if fence is not None and fence < old.fence:
            raise Replaced(fence=old.fence)
        wanted = Fence(max(old.fence + 1, fence or 0))
        lost_at = self._now(session).detached_at
        taken = structs.replace(
            old, fence=wanted, node=node, detached_at=None, seen_at=self._clock.now(), address=address
        )
        self._records[session] = taken
        self._keep_will(session)
        return structs.replace(taken, lost_at=lost_at)

    async def detach(self, session: SessionId, fence: Fence, node: NodeId) -> None:
        """Detach, if no later connection holds it."""
        self._state.check_open()
        old = self._records.get(session)
        if old is not None and (old.fence, old.node) == (fence, node):
            now = self._clock.now()
            self._records[session] = structs.replace(old, node=None, detached_at=now)
            if (left := self._state.wills.get(session)) is not None and left.due_at is None:
                left.due_at = Instant(now + left.will.after_ms)

    async def touch(self, seen: Sequence[tuple[SessionId, Instant]]) -> None:
        """Note when sessions last spoke."""
        self._state.check_open()
        for session, at in seen:
            if (old := self._records.get(session)) is not None:
                self._records[session] = structs.replace(old, seen_at=max(at, old.seen_at))

    async def list_of(self, user: UserId) -> Sequence[SessionRecord]:
        """List the user's sessions that are not over."""
        self._state.check_open()
        mine = [self._now(session) for session, record in self._records.items() if record.user == user]
        mine = [record for record in mine if record.session not in self._endings]
        return sorted(mine, key=lambda record: (record.opened_at, record.session))

    async def of_several(self, after: UserId | None, limit: int) -> Sequence[SessionRecord]:
        """List the sessions of those who have several."""
        self._state.check_open()
        live = (record for session, record in self._records.items() if session not in self._endings)
        counts = Counter(record.user for record in live)
        users = sorted(user for user, count in counts.items() if count > 1 and (after is None or user > after))
        return [record for user in users[:limit] for record in await self.list_of(user)]

    async def seen(self, users: Sequence[UserId]) -> Mapping[UserId, Seen]:
        """Give who is there and who was."""
        found: dict[UserId, Seen] = {}
        for user in users:
            held = tuple(Sighting(record.shown.platform, record.detached_at) for record in await self.list_of(user))
            if held or user in self._last_seen:
                found[user] = Seen(held, self._last_seen.get(user))
        return found

    async def census(self, since: Instant) -> Census:
        """Count users."""
        self._state.check_open()
        records = [self._now(session) for session in self._records if session not in self._endings]
        online = {record.user for record in records if record.node is not None}
        were = {record.user for record in records if (record.detached_at or 0) >= since}
        gone = {user for user, at in self._last_seen.items() if at >= since}
        return Census(len(online), len(online | were | gone))

    async def find_open(self, session: SessionId) -> SessionRecord | None:
        """Give a session that is not over."""
        self._state.check_open()
        return self.find(session)

    async def find_ended(self, session: SessionId) -> EndedSession | None:
        """Say how a session ended."""
        self._state.check_open()
        known = self._endings.get(session)
        return None if known is None else EndedSession(self._now(session), known[0])

    async def close_expired(self, user: UserId, device: DeviceId | None = None) -> None:
        """Give those that ran out another reason."""
        self._state.check_open()
        for session, (ending, at) in list(self._endings.items()):
            record = self._records[session]
            if record.user == user and ending.reason == "expired" and device in {None, record.device}:
                self._endings[session] = structs.replace(ending, reason="closed"), at

    async def users_with_expired(self, detached_before: Instant, limit: int) -> Sequence[UserId]:
        """List users whose windows or credentials ran out."""
        self._state.check_open()
        now = self._clock.now()
        live = [self._now(session) for session in self._records if session not in self._endings]
        users = {
            record.user
            for record in live
            if (record.detached_at is not None and record.detached_at < detached_before)
            or (record.credential_expires_at is not None and record.credential_expires_at < now)
        }
        return sorted(users)[:limit]

    async def users_of_credential(self, credential: str) -> Sequence[UserId]:
        """List users with open sessions of a credential."""
        self._state.check_open()
        live = (record for session, record in self._records.items() if session not in self._endings)
        return sorted({record.user for record in live if record.credential == credential})

    async def revoke_credential(self, credential: str, until: Instant) -> None:
        """Remember that a credential is void."""
        self._state.check_open()
        self._void_credentials[credential] = max(until, self._void_credentials.get(credential, until))
        self._state.drop_targets(lambda kept: kept.credential == credential)

    async def revoke_before(self, user: UserId, instant: Instant) -> None:
        """Remember that older credentials are void."""
        self._state.check_open()
        before = self._void_before[user] = max(instant, self._void_before.get(user, instant))
        self._state.drop_targets(lambda kept: kept.user == user and (kept.issued_at is None or kept.issued_at < before))

    async def is_revoked(self, user: UserId, credential: str | None, issued_at: Instant | None) -> bool:
        """Say if a credential was revoked."""
        self._state.check_open()
        if user in self._state.erasures:
            return True
        before = self._void_before.get(user)
        if before is not None and (issued_at is None or issued_at < before):
            return True
        until = None if credential is None else self._void_credentials.get(credential)
        return until is not None and until > self._clock.now()

    async def take_lease(self, node_name: str, ttl_s: float) -> NodeId:
        """Give the next lease; end the earlier ones of this name."""
        self._state.check_open()
        now = self.lease_now()
        for lease in self._leases.values():
            if lease.name == node_name:
                lease.until = min(lease.until, now)
        node = NodeId(len(self._leases) + 1)
        self._leases[node] = Lease(node_name, Instant(now + int(ttl_s * 1000)))
        return node

    async def keep_lease(self, node: NodeId, ttl_s: float) -> LeaseState:
        """Prolong a lease unless it is over."""
        self._state.check_open()
        now, lease = self.lease_now(), self._leases.get(node)
        if lease is None:
            return LeaseState.OVER
        if lease.until > now:
            lease.until = Instant(now + int(ttl_s * 1000))
            return LeaseState.HELD
        later = [other for number, other in self._leases.items() if number > node and other.name == lease.name]
        return LeaseState.TAKEN if any(other.until > now for other in later) else LeaseState.OVER

    def lease_now(self) -> Instant:
        """Give the time by which leases are kept."""
        return Instant(self._began + int(self._clock.monotonic_s() * 1000))

    def drop_ended(self, user: UserId) -> None:
        """Drop a user's sessions that are over, and when they were seen."""
        for session in [name for name in self._endings if self._records[name].user == user]:
            del self._endings[session], self._records[session]
        self._last_seen.pop(user, None)

    async def forget_ended(self, before: Instant) -> int:
        """Drop what nobody needs any more."""
        self._state.check_open()
        now = self._clock.now()
        gone = [session for session, (_, at) in self._endings.items() if at < before]
        for session in gone:
            del self._endings[session], self._records[session]
        self._void_credentials = {name: until for name, until in self._void_credentials.items() if until >= now}
        return len(gone)
