"""A user's sessions after their opening: listing them and ending them, for the user and for the operator."""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from unisono.app.audience import Audience
from unisono.app.pages import Page
from unisono.app.parts import Parts
from unisono.domain import commands as c
from unisono.domain.answers import Sessions
from unisono.domain.errors import NotFound, UnisonoError
from unisono.domain.events import Signal, Stir, TabClosed, TabsChanged
from unisono.domain.facts import EndReason
from unisono.domain.ids import DeviceId, Instant, SessionId, TabId, UserId, page_mark, read_page_mark, user_stream
from unisono.domain.session_view import SessionView, TabView
from unisono.ports.sessions import Ending, SessionDecision, SessionRecord, SessionsCommitted

UNREADABLE_LIMIT: Final = 1_000
"""Users whose sessions cannot be read that are remembered."""

Selects = Callable[[SessionRecord], bool]


class OwnSessions:
    """Lists and ends sessions. A session that ended is told so through its user's stream, on whichever node it is."""

    def __init__(self, parts: Parts, audience: Audience) -> None:
        self._parts = parts
        self._audience = audience
        self._unreadable: set[UserId] = set()

    async def list_of(self, user: UserId) -> Sequence[SessionView]:
        """List all of a user's sessions that are not over, the oldest login first."""
        return [self.view(record) for record in await self._parts.sessions.list_of(user)]

    async def page_of(self, user: UserId, command: c.ListSessions, asking: SessionId | None = None) -> Sessions:
        """List a user's sessions that are not over, a page at a time, fewer of large ones."""
        page = Page[SessionView](command.limit)
        start = (Instant(-1), "") if command.after is None else read_page_mark(command.after)
        for record in await self._parts.sessions.list_of(user):
            if (record.opened_at, record.session) > start and not page.take(self.view(record, asking)):
                last = page.entries[-1]
                return Sessions(tuple(page.entries), next=page_mark(last.opened_at, last.session))
        return Sessions(tuple(page.entries))

    async def share(self, user: UserId, session: SessionId, tabs: Sequence[c.Tab]) -> None:
        """Note which tabs share a session, and tell all sessions of the user."""
        shown = tuple({each.tab: TabView(each.tab, each.since, each.label) for each in tabs}.values())
        await self._parts.sessions.share(session, shown)
        self._parts.bus.signal_nowait(Signal(user_stream(user), TabsChanged(session, shown)))

    async def close_tab(self, user: UserId, session: SessionId, tab: TabId, why: str | None = None) -> None:
        """Tell a session that one of its tabs is to go, and why.

        Raises:
            NotFound: The user has no such session, or it has no such tab.
        """
        record = await self._parts.sessions.find_open(session)
        if record is None or record.user != user or all(each.tab != tab for each in record.tabs):
            raise NotFound()
        self._parts.bus.signal_nowait(Signal(user_stream(user), TabClosed(tab, why), "high", sessions=(session,)))

    async def end_session(
        self, user: UserId, session: SessionId, reason: EndReason, why: str | None = None
    ) -> SessionsCommitted:
        """End one session; one of theirs that is over already stays so.

        Raises:
            NotFound: The user has no such session, and had none as far as that is remembered.
        """
        committed = await self._end(user, lambda record: record.session == session, reason, why)
        if not committed.ended:
            known = await self._parts.sessions.find_ended(session)
            if known is None or known.user != user:
                raise NotFound()
        return committed

    async def end_device(
        self, user: UserId, device: DeviceId, reason: EndReason, why: str | None = None
    ) -> SessionsCommitted:
        """End all sessions of one device, and its pushes; none is no fault.

        Those that ran out before are over for good as well: no client comes back by them.
        """
        committed = await self._end_for_good(user, lambda record: record.device == device, reason, why, device)
        # Its last session may have run out long ago.
        await self._parts.push_targets.forget(user, device)
        return committed

    async def end_all(self, user: UserId, reason: EndReason, why: str | None = None) -> SessionsCommitted:
        """End all sessions of a user, and the pushes to their devices; none is no fault.

        Those that ran out before are over for good as well: no client comes back by them.
        """
        committed = await self._end_for_good(user, lambda _: True, reason, why)
        await self._parts.push_targets.forget(user)
        return committed

    async def revoke_credential(self, credential: str, until: Instant) -> int:
        """Void a token and end the sessions that it opened; give how many."""
        await self._parts.sessions.revoke_credential(credential, until)
        users = await self._parts.sessions.users_of_credential(credential)
        return await self._end_each(users, lambda record: record.credential == credential, "revoked")

    async def revoke_before(self, user: UserId, instant: Instant) -> int:
        """Void a user's tokens issued before an instant and end the sessions they opened; give how many.

        A token that does not say when it was issued counts as issued before.
        """
        await self._parts.sessions.revoke_before(user, instant)
        return await self._end_each(
            (user,), lambda record: record.issued_at is None or record.issued_at < instant, "revoked"
        )

    async def end_expired(self, detached_before: Instant, limit: int) -> int:
        """End sessions whose window or token ran out, of up to `limit` users; give how many."""
        now = self._parts.clock.now()

        def ran_out(record: SessionRecord) -> bool:
            if record.credential_expires_at is not None and record.credential_expires_at <= now:
                return True
            return record.detached_at is not None and record.detached_at < detached_before

        # Those that cannot be read are listed again and again, and must not take up all the room.
        users = await self._parts.sessions.users_with_expired(detached_before, limit + len(self._unreadable))
        count = 0
        for user in users:
            count += await self._end_expired_of(user, ran_out)
        return count

    async def _end_expired_of(self, user: UserId, selects: Selects) -> int:
        """End what ran out of one user's; rows that cannot be read are told of once, and passed over."""
        try:
            count = await self._end_each((user,), selects, "expired")
        except UnisonoError:
            raise
        except Exception as defect:  # noqa: BLE001  (one user's rows must not keep all others' sessions alive)
            if user not in self._unreadable:
                self._parts.telemetry.defect("sessions_unreadable", defect, user=user)
                if len(self._unreadable) >= UNREADABLE_LIMIT:
                    self._unreadable.clear()
                self._unreadable.add(user)
            return 0
        self._unreadable.discard(user)
        return count

    async def _end_each(self, users: Iterable[UserId], selects: Selects, reason: EndReason) -> int:
        count = 0
        for user in users:
            count += len((await self._end(user, selects, reason)).ended)
        return count

    async def _end_for_good(
        self, user: UserId, selects: Selects, reason: EndReason, why: str | None, device: DeviceId | None = None
    ) -> SessionsCommitted:
        """End sessions, and where they are closed, those that ran out before, or in this moment, as well."""
        if reason != "closed":
            return await self._end(user, selects, reason, why)
        close_expired = self._parts.sessions.close_expired
        # First, for one who comes back by such a one meanwhile; then once more: the sweep ends some between the two.
        await close_expired(user, device)
        committed = await self._end(user, selects, reason, why)
        await close_expired(user, device)
        return committed

    async def _end(
        self, user: UserId, selects: Selects, reason: EndReason, why: str | None = None
    ) -> SessionsCommitted:
        def decide(now: Instant, held: Sequence[SessionRecord]) -> SessionDecision:
            del now
            return SessionDecision(tuple(Ending(each.session, reason, why=why) for each in held if selects(each)))

        committed = await self._parts.sessions.decide(user, decide)
        self._parts.bus.publish_nowait(committed.facts)
        if committed.ended:
            self._parts.bus.signal_nowait(Stir(user))
        for record in committed.ended:
            self._parts.telemetry.count("sessions_ended", label=reason)
            self._parts.telemetry.event("session_ended", user=user, session=record.session, reason=reason)
        return committed

    def view(self, record: SessionRecord, asking: SessionId | None = None) -> SessionView:
        """Give a session as its user sees it."""
        is_live = self._audience.find(record.session) is not None or record.node is not None
        return SessionView(
            session=record.session,
            device=record.device,
            shown=record.shown,
            state="live" if is_live else "detached",
            opened_at=record.opened_at,
            seen_at=record.seen_at,
            tag=record.tag,
            address=record.address,
            is_this=record.session == asking,
            tabs=record.tabs if is_live else (),
        )
