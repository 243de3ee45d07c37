"""Login and resume: how a connection becomes a session's link.

A login is decided once per user at a time and may end other sessions; a resume never does. Both answer with a `Welcome`
and put the link among the audience before they read the checkpoint, so that nothing committed later can pass it by.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from msgspec import Struct

from unisono.app.admission import Admission, Limits, as_it_is, ending_of
from unisono.app.audience import Attached, Audience
from unisono.app.caller import Caller
from unisono.app.departures import Departures
from unisono.app.endings import fault_of_live, fault_of_resume
from unisono.app.fanout import Fanout
from unisono.app.hooks import Hooks
from unisono.app.lease import Lease
from unisono.app.options import AppOptions
from unisono.app.parts import Parts
from unisono.app.rates import RateLimiter
from unisono.app.rooms import Rooms
from unisono.app.succession import check_only_ran_out, follower_of, last_after
from unisono.domain.addresses import block_of
from unisono.domain.answers import Welcome
from unisono.domain.commands import Device, Login, Resume
from unisono.domain.errors import (
    Invalid,
    LocalFault,
    Replaced,
    SessionFault,
    SessionUnknown,
    TokenExpired,
    TokenInvalid,
    TokenRevoked,
    Unavailable,
)
from unisono.domain.events import Stir
from unisono.domain.facts import EndReason, Label
from unisono.domain.ids import USER_ID_MAX_CHARS, Fence, Instant, Seq, SessionId, UserId, is_user_id
from unisono.domain.seats import Seat
from unisono.ports.identity import Credential, Principal
from unisono.ports.link import Link
from unisono.ports.sessions import (
    EndedSession,
    SessionRecord,
    SessionsCommitted,
)


class Greeted(Struct, frozen=True):
    """A connection that has its session: who it is from now on, and what to tell it."""

    caller: Caller
    welcome: Welcome


class Greeting:
    """Opens and resumes sessions of one app on this node."""

    def __init__(
        self,
        parts: Parts,
        options: AppOptions,
        audience: Audience,
        fanout: Fanout,
        *,
        departures: Departures,
        rooms: Rooms,
        lease: Lease,
        hooks: Hooks,
        server: str,
    ) -> None:
        self._parts = parts
        self._options = options
        self._audience = audience
        self._fanout = fanout
        self._departures = departures
        self._rooms = rooms
        self._lease = lease
        self._hooks = hooks
        self._server = server
        self._admission = Admission(options)
        self._logins = RateLimiter(options.logins, parts.clock)
        self._resumes = RateLimiter(options.resumes, parts.clock)

    async def login(self, command: Login, credential: Credential, link: Link) -> Greeted:
        """Open a session on a link, or let the connection in without a user where the identity says so (row S13).

        Raises:
            TokenFault: The credential does not let it in.
            DeviceRefused, LimitReached: No slot is free.
            RateLimited: Too many logins from this address.
            Invalid: The login id was used before.
            Replaced: A repetition of this login has the session.
        """
        self._lease.check()
        self._logins.spend(block_of(credential.address))
        started_s = self._parts.clock.monotonic_s()
        principal = await self._parts.identity.authenticate(credential, self._parts.clock.now())
        if principal.user is None:
            caller = Caller(tab=command.tab)
            return Greeted(caller, await self._welcome(caller, None, None))
        return await self._open(command, principal, credential.address, link, limits=as_it_is, started_s=started_s)

    async def vouch(self, command: Login, user: UserId, address: str, link: Link, limits: Limits) -> Greeted:
        """Open a session for a user whom the door knows by its own rules, under what the app's policy is to it.

        Raises:
            TokenFault: The user was erased.
            DeviceRefused, LimitReached: No slot is free.
            RateLimited: Too many logins from this address.
        """
        self._lease.check()
        self._logins.spend(block_of(address))
        started_s = self._parts.clock.monotonic_s()
        principal = Principal(user, issued_at=self._parts.clock.now())
        return await self._open(command, principal, address, link, limits=limits, started_s=started_s)

    async def _open(
        self,
        command: Login,
        principal: Principal,
        address: str,
        link: Link,
        *,
        limits: Limits,
        started_s: float,
        before: SessionRecord | None = None,
    ) -> Greeted:
        secret = self._parts.entropy.secret()
        record = self._record(command, principal, address, secret)
        await self._check_revoked(record.user, principal)
        await self._hooks.before_login(record)
        with self._in_doubt(record.session):
            committed = await self._parts.sessions.admit(record.user, self._admission.of(record, command.fence, limits))
        try:
            async with self._held(committed.opened or record):
                await self._check_meanwhile(record, principal, before)
                greeted = await self._attach(record, command, link, secret, committed)
        finally:
            # Whatever became of this link: the sessions that ended for it are to hear of it.
            self._parts.bus.publish_nowait(committed.facts)
        self._hooks.after_login(record)
        self._parts.telemetry.count("logins", label="ok")
        self._parts.telemetry.observe_s("login", self._parts.clock.monotonic_s() - started_s)
        self._parts.telemetry.event(
            "session_opened",
            user=record.user,
            session=record.session,
            device=record.device,
            platform=record.shown.platform,
            displaced=len(committed.ended),
        )
        return greeted

    async def resume(self, command: Resume, address: str, link: Link) -> Greeted:
        """Carry on a session on a new link; an older link of it is told that it was replaced.

        Raises:
            SessionUnknown: There is nothing to resume, or the resume token is wrong: the same answer.
            SessionFault: The session is over, or another link has a higher fence.
            TokenExpired, TokenRevoked: The credential it was opened with lets it in no longer.
            RateLimited: Too many resumes from this address.
        """
        found = await self._take_over(command, address)
        if isinstance(found, EndedSession):
            raise fault_of_resume(found.ending.reason, found.ending.newcomer)
        return await self._carry_on(found, command, address, link)

    async def come_back(self, command: Resume, user: UserId, address: str, link: Link, limits: Limits) -> Greeted:
        """Resume a session of a user; if it only ran out, open another one for the same user, device and tag.

        Nobody ended such a session: its client came back later than its window. It keeps what it has of the old one,
        which stays good for this until one that followed it is ended. One that followed it and is still open is taken
        over: its client never heard of it, or has forgotten it.

        Raises:
            SessionUnknown: The user has none such, or the resume token is wrong.
            SessionFault: The session, or the last that followed it, was ended, or another link has a higher fence.
            TokenFault: The credential it was opened with lets it in no longer.
            DeviceRefused, LimitReached: No slot is free for another one.
            RateLimited: Too many of them from this address.
        """
        started_s = self._parts.clock.monotonic_s()
        found = await self._take_over(command, address, user)
        if not isinstance(found, EndedSession):
            return await self._carry_on(found, command, address, link)
        old = await last_after(self._parts.sessions, found)
        await self._check_still_good(old)
        device = Device(old.device, old.shown.platform, old.shown.label, old.shown.info)
        again = Login(device=device, login=follower_of(old), tag=old.tag, tab=command.tab)
        principal = Principal(old.user, old.credential, old.issued_at, old.credential_expires_at)
        try:
            return await self._open(again, principal, address, link, limits=limits, started_s=started_s, before=old)
        except Invalid:
            # It was open a moment ago, and is over now.
            ended = await self._parts.sessions.find_ended(follower_of(old))
            if ended is None:
                raise
            raise fault_of_resume(ended.ending.reason, ended.ending.newcomer) from None

    async def _take_over(
        self, command: Resume, address: str, user: UserId | None = None
    ) -> SessionRecord | EndedSession:
        """Have the store take a session over; with a `user`, one of theirs alone: another's keeps its link."""
        self._lease.check()
        self._resumes.spend(block_of(address))
        if user is not None:
            known = await self._parts.sessions.find_open(command.session)
            if known is not None and known.user != user:
                raise SessionUnknown()
        with self._in_doubt(command.session):
            found = await self._parts.sessions.attach(
                command.session, _hash(command.resume_token), command.fence, self._lease.node, address
            )
        if found is None or (user is not None and found.user != user):
            raise SessionUnknown()
        return found

    async def _carry_on(self, found: SessionRecord, command: Resume, address: str, link: Link) -> Greeted:
        async with self._held(found):
            await self._check_still_good(found)
            greeted = await self._attach(found, command, link, None, None)
        self._parts.telemetry.count("resumes", label="ok")
        self._parts.telemetry.event("session_resumed", user=found.user, session=found.session, address=address)
        return greeted

    @contextmanager
    def _in_doubt(self, session: SessionId) -> Iterator[None]:
        """Have a session let go whose opening got no answer: the store may carry it out all the same."""
        try:
            with self._departures.coming(session):
                yield
        except (LocalFault, asyncio.CancelledError):
            self._departures.expect(session)
            raise

    @asynccontextmanager
    async def _held(self, record: SessionRecord) -> AsyncIterator[None]:
        """Let a session go that its link does not get after all: the store believes it live on this node."""
        try:
            # Nothing waits between the store's answer and this, so it is coming all the time.
            with self._departures.coming(record.session):
                yield
        except BaseException:
            await self._departures.note(record.session, record.fence)
            raise

    async def _check_revoked(self, user: UserId, principal: Principal) -> None:
        if await self._parts.sessions.is_revoked(user, principal.credential, principal.issued_at):
            raise TokenRevoked()

    async def _check_meanwhile(self, record: SessionRecord, principal: Principal, before: SessionRecord | None) -> None:
        """Check once more: who ends sessions in the same moment may have looked before this one was there."""
        reason: EndReason = "revoked"
        try:
            await self._check_revoked(record.user, principal)
            reason = "closed"
            await check_only_ran_out(self._parts.sessions, before)
        except (TokenRevoked, SessionFault):
            ended = await self._parts.sessions.decide(record.user, ending_of(record, reason))
            self._parts.bus.publish_nowait(ended.facts)
            raise

    async def _check_still_good(self, record: SessionRecord) -> None:
        now = self._parts.clock.now()
        if record.credential_expires_at is not None and record.credential_expires_at <= now:
            raise TokenExpired()
        if await self._parts.sessions.is_revoked(record.user, record.credential, record.issued_at):
            raise TokenRevoked()

    def _record(self, command: Login, principal: Principal, address: str, secret: str) -> SessionRecord:
        user = principal.user
        if user is None or not is_user_id(user):
            raise TokenInvalid(reason="not a user id", limit=USER_ID_MAX_CHARS)
        now = self._parts.clock.now()
        device = command.device
        return SessionRecord(
            session=SessionId(command.login),
            user=user,
            device=device.id,
            shown=Label(principal.platform or device.platform, device.label, device.info),
            opened_at=now,
            seen_at=now,
            resume_hash=_hash(secret),
            fence=command.fence or Fence(0),
            tag=command.tag,
            node=self._lease.node,
            credential=principal.credential,
            credential_expires_at=principal.expires_at,
            address=address,
            issued_at=principal.issued_at,
        )

    async def _attach(
        self,
        record: SessionRecord,
        command: Login | Resume,
        link: Link,
        secret: str | None,
        committed: SessionsCommitted | None,
    ) -> Greeted:
        if record.node != self._lease.node or not self._lease.is_held:
            # The lease was lost meanwhile: to the store this session has no link, and its window runs out.
            raise Unavailable(reason="lease lost")
        opened = committed.opened if committed is not None else record
        fence = opened.fence if opened is not None else record.fence
        if committed is not None and committed.facts and not self._audience.links_of(record.user):
            self._fanout.greet(record.user, Seq(committed.facts[0].seq - 1))
        attached = Attached(record.user, record.session, record.device, fence, link)
        loser = self._audience.add(attached)
        if loser is attached:
            raise Replaced(fence=fence)
        if loser is not None:
            loser.link.end(Replaced(fence=fence))
        caller = Caller(user=record.user, session=record.session, tab=command.tab, fence=fence)
        try:
            await self._end_if_over(record.session, link)
            is_new = committed is not None and bool(committed.facts)
            seats = () if is_new else await self._rooms.bring_back(record.user, record.session, record.lost_at)
            welcome = await self._welcome(caller, secret, record.credential_expires_at, tuple(seats))
        except BaseException:
            if self._audience.remove(record.session, link) is not None:
                self._rooms.forget(record.session)
            self._fanout.part(record.user)
            raise
        self._parts.bus.signal_nowait(Stir(record.user))
        return Greeted(caller, welcome)

    async def _end_if_over(self, session: SessionId, link: Link) -> None:
        """End a link whose session ended before it was among the audience: then nobody told it so."""
        ended = await self._parts.sessions.find_ended(session)
        if ended is not None:
            link.end(fault_of_live(ended.ending.reason, ended.ending.newcomer))

    async def _welcome(
        self, caller: Caller, secret: str | None, expires_at: Instant | None, seats: tuple[Seat, ...] = ()
    ) -> Welcome:
        return Welcome(
            heartbeat_s=self._options.heartbeat_s,
            server=self._server,
            checkpoint=await self._parts.log.checkpoint(),
            epoch=await self._parts.log.epoch(),
            user=caller.user,
            session=caller.session,
            tab=caller.tab,
            resume_token=secret,
            fence=caller.fence,
            token_expires_at=expires_at,
            seats=seats,
        )


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
