"""What the writer does about sessions. Their tables are read and written at once, inside the batch's transaction."""

import hmac
from collections.abc import Callable, Sequence

from msgspec import structs

from unisono.domain.answers import Done
from unisono.domain.conversation import Decision
from unisono.domain.errors import Invalid, Replaced
from unisono.domain.facts import SessionEnded, SessionOpened
from unisono.domain.ids import DeviceId, Fence, Instant, NodeId, SessionId, UserId, user_stream
from unisono.domain.placement import Draft
from unisono.domain.pushing import FORGETTING
from unisono.domain.session import is_loss
from unisono.domain.session_view import TabView
from unisono.ports.sessions import (
    EndedSession,
    Ending,
    LeaseState,
    SessionDecision,
    SessionRecord,
    SessionsCommitted,
)
from unisono.stores.sql.book import Book
from unisono.stores.sql.foresight import Foresight
from unisono.stores.sql.kept_statements import end_waiting
from unisono.stores.sql.session_rows import SessionEntry, label_text, read_session, session_row, tabs_text
from unisono.stores.sql.session_statements import SessionStatements
from unisono.stores.sql.transaction import place

Decide = Callable[[Book, Sequence[SessionRecord]], SessionDecision]
"""Decides inside the transaction, over the user's sessions that are not over."""


class SessionWork:
    """Work that needs no stream."""

    def __init__(self, sql: SessionStatements) -> None:
        self.sql = sql

    def name_streams(self, ahead: Foresight) -> None:
        """Name none."""

    def name_details(self, book: Book, ahead: Foresight) -> None:
        """Name nothing."""


def find_session(book: Book, sql: SessionStatements, session: SessionId) -> SessionEntry | None:
    """Read one session, over or not."""
    rows = book.connection.query(sql.session.text, sql.session.bind(id=session))
    return read_session(rows[0], book.lease_now) if rows else None


class DecideSessions(SessionWork):
    """Work of `Sessions.decide`. The user's stream is locked, so decisions for one user follow one another."""

    def __init__(self, sql: SessionStatements, user: UserId, decide: Decide) -> None:
        super().__init__(sql)
        self._user = user
        self._decide = decide

    def name_streams(self, ahead: Foresight) -> None:
        """Name the user's stream, and all of the user's sessions."""
        ahead.own.add(user_stream(self._user))
        ahead.session_users.add(self._user)

    def run(self, book: Book) -> SessionsCommitted:
        """Decide, then end and open."""
        book.writable((user_stream(self._user),))
        its = self.sql.open_of_user
        rows = book.connection.query(its.text, its.bind(user=self._user))
        held = {record.session: record for row in rows for record in [read_session(row, book.lease_now).record]}
        decision = self._decide(book, list(held.values()))
        endings = {ending.session: ending for ending in decision.ends if ending.session in held}
        opened, is_new = self._opening(book, decision, held, endings)
        for ending in endings.values():
            self._end(book, ending, held[ending.session])
        if opened is not None:
            # A new one is never written over another of its name, should somebody have opened that in this moment.
            book.connection.run((self.sql.open if is_new else self.sql.write).text, session_row(opened))
            if not is_new:
                _keep_will(book, self.sql, opened.session)
        drafts = [_ended(held[session], ending) for session, ending in endings.items()]
        if opened is not None and is_new:
            drafts.append(_opened(opened))
        placed = place(Decision(tuple(drafts), lambda _: Done()), book).facts if drafts else ()
        return SessionsCommitted(tuple(held[session] for session in endings), opened, placed)

    def _opening(
        self,
        book: Book,
        decision: SessionDecision,
        held: dict[SessionId, SessionRecord],
        endings: dict[SessionId, Ending],
    ) -> tuple[SessionRecord | None, bool]:
        """Give the session to write and whether it is a new one."""
        wanted = decision.opens
        if wanted is None:
            return None, False
        old = held.get(wanted.session)
        if old is not None and old.device == wanted.device and wanted.session not in endings:
            return _renewed(old, wanted), False
        if old is not None or find_session(book, self.sql, wanted.session) is not None:
            raise Invalid(field="login", reason="used before")
        return wanted, True

    def _end(self, book: Book, ending: Ending, record: SessionRecord) -> None:
        book.connection.run(self.sql.see.text, (self._user, record.detached_at or book.now))
        end, rise = self.sql.end, self.sql.end_seats
        book.connection.run(rise.text, rise.bind(session=ending.session))
        end_waiting(book.connection, self.sql.kept, ending.session)
        self._end_will(book, ending, record)
        if ending.reason in FORGETTING:
            drop = self.sql.drop_target
            book.connection.run(drop.text, drop.bind(user=self._user, device=record.device))
        book.connection.run(
            end.text,
            end.bind(session=ending.session, at=book.now, reason=ending.reason, shown=label_text(ending.newcomer)),
        )

    def _end_will(self, book: Book, ending: Ending, record: SessionRecord) -> None:
        """Have what a lost session left be sent at its end, if it was not before; drop it at any other end."""
        if is_loss(ending.reason, record.detached_at):
            execute = self.sql.execute_will
            book.connection.run(execute.text, execute.bind(session=ending.session, now=book.now))
        else:
            drop = self.sql.drop_will
            book.connection.run(drop.text, drop.bind(session=ending.session))


class Admit(DecideSessions):
    """Work of `Sessions.admit`, whose decision reads the policy."""

    def name_streams(self, ahead: Foresight) -> None:
        """Name the policy as well: nobody changes it meanwhile."""
        super().name_streams(ahead)
        ahead.policy = ahead.policy or "read"


def _keep_will(book: Book, sql: SessionStatements, session: SessionId) -> None:
    """Note that a session is lost no more."""
    book.connection.run(sql.keep_will.text, sql.keep_will.bind(session=session))


def _renewed(old: SessionRecord, wanted: SessionRecord) -> SessionRecord:
    """Take over what a repeated login brings. Its higher fence makes the first attempt's link the older one."""
    return structs.replace(wanted, opened_at=old.opened_at, fence=Fence(max(old.fence + 1, wanted.fence)))


def _draft(user: UserId, fact: SessionEnded | SessionOpened) -> Draft:
    return Draft(user_stream(user), fact)


def _ended(record: SessionRecord, ending: Ending) -> Draft:
    ended = SessionEnded(record.session, record.device, ending.reason, ending.newcomer, ending.why)
    return _draft(record.user, ended)


def _opened(record: SessionRecord) -> Draft:
    return _draft(record.user, SessionOpened(record.session, record.device, record.shown, record.tag))


class Attach(SessionWork):
    """Work of `Sessions.attach`."""

    def __init__(
        self,
        sql: SessionStatements,
        session: SessionId,
        resume_hash: bytes,
        *,
        fence: Fence | None,
        node: NodeId,
        address: str | None,
    ) -> None:
        super().__init__(sql)
        self._session = session
        self._resume_hash = resume_hash
        self._fence = fence
        self._node = node
        self._address = address

    def name_streams(self, ahead: Foresight) -> None:
        """Name the session."""
        ahead.sessions.add(self._session)

    def run(self, book: Book) -> SessionRecord | EndedSession | None:
        """Check, then take over."""
        entry = find_session(book, self.sql, self._session)
        if entry is None or not hmac.compare_digest(entry.record.resume_hash, self._resume_hash):
            return None
        if entry.ending is not None:
            return entry.ended
        held = entry.record.fence
        if self._fence is not None and self._fence < held:
            raise Replaced(fence=held)
        # Never the same twice: a detachment that comes late must not be taken for one of this link.
        fence = Fence(max(held + 1, self._fence or 0))
        taken = structs.replace(
            entry.record, fence=fence, node=self._node, detached_at=None, seen_at=book.now, address=self._address
        )
        book.connection.run(self.sql.write.text, session_row(taken))
        _keep_will(book, self.sql, self._session)
        return structs.replace(taken, lost_at=entry.record.detached_at)


class Detach(SessionWork):
    """Work of `Sessions.detach`."""

    def __init__(self, sql: SessionStatements, session: SessionId, fence: Fence, node: NodeId) -> None:
        super().__init__(sql)
        self._session = session
        self._fence = fence
        self._node = node

    def name_streams(self, ahead: Foresight) -> None:
        """Name the session."""
        ahead.sessions.add(self._session)

    def run(self, book: Book) -> None:
        """Detach, if no later link holds it."""
        detach = self.sql.detach
        values = detach.bind(session=self._session, held=self._fence, carrier=self._node, detached_at=book.now)
        if book.connection.run(detach.text, values):
            lose = self.sql.lose_will
            book.connection.run(lose.text, lose.bind(session=self._session, lost_at=book.now))


class Share(SessionWork):
    """Work of `Sessions.share`."""

    def __init__(self, sql: SessionStatements, session: SessionId, tabs: tuple[TabView, ...]) -> None:
        super().__init__(sql)
        self._session = session
        self._tabs = tabs

    def name_streams(self, ahead: Foresight) -> None:
        """Name the session."""
        ahead.sessions.add(self._session)

    def run(self, book: Book) -> None:
        """Note them, if it is not over."""
        share = self.sql.share
        book.connection.run(share.text, share.bind(session=self._session, shared=tabs_text(self._tabs)))


class Touch(SessionWork):
    """Work of `Sessions.touch`."""

    def __init__(self, sql: SessionStatements, seen: Sequence[tuple[SessionId, Instant]]) -> None:
        super().__init__(sql)
        self._seen = seen

    def name_streams(self, ahead: Foresight) -> None:
        """Name the sessions."""
        ahead.sessions.update(session for session, _ in self._seen)

    def run(self, book: Book) -> None:
        """Note each."""
        touch = self.sql.touch
        for session, at in self._seen:
            book.connection.run(touch.text, touch.bind(session=session, seen=at))


class RevokeCredential(SessionWork):
    """Work of `Sessions.revoke_credential`."""

    def __init__(self, sql: SessionStatements, credential: str, until: Instant) -> None:
        super().__init__(sql)
        self._credential = credential
        self._until = until

    def run(self, book: Book) -> None:
        """Keep the later instant of two."""
        rows = book.connection.query(
            self.sql.revoked_credential.text, self.sql.revoked_credential.bind(credential=self._credential)
        )
        until = max([self._until, *(row[1] for row in rows)])
        book.connection.run(self.sql.revoke_credential.text, (self._credential, until))
        drop = self.sql.drop_targets_of_credential
        book.connection.run(drop.text, drop.bind(void=self._credential))


class CloseExpired(SessionWork):
    """Work of `Sessions.close_expired`."""

    def __init__(self, sql: SessionStatements, user: UserId, device: DeviceId | None) -> None:
        super().__init__(sql)
        self._user = user
        self._device = device

    def run(self, book: Book) -> None:
        """Give those that ran out another reason."""
        close, user = self.sql.close_expired, self._user
        values = close.bind(user=user)
        if self._device is not None:
            close = self.sql.close_expired_of_device
            values = close.bind(user=user, device=self._device)
        book.connection.run(close.text, values)


class RevokeBefore(SessionWork):
    """Work of `Sessions.revoke_before`."""

    def __init__(self, sql: SessionStatements, user: UserId, instant: Instant) -> None:
        super().__init__(sql)
        self._user = user
        self._instant = instant

    def run(self, book: Book) -> None:
        """Keep the later instant of two."""
        rows = book.connection.query(self.sql.revoked_user.text, self.sql.revoked_user.bind(user=self._user))
        before = max([self._instant, *(row[1] for row in rows)])
        book.connection.run(self.sql.revoke_user.text, (self._user, before))
        drop = self.sql.drop_targets_before
        book.connection.run(drop.text, drop.bind(user=self._user, before=before))


class TakeLease(SessionWork):
    """Work of `Sessions.take_lease`."""

    def __init__(self, sql: SessionStatements, name: str, ttl_ms: int) -> None:
        super().__init__(sql)
        self._name = name
        self._ttl_ms = ttl_ms

    def run(self, book: Book) -> NodeId:
        """End the earlier leases of this name, and with them what they carried; then take the next number."""
        sql, now = self.sql, book.lease_now
        book.connection.run(sql.end_leases.text, sql.end_leases.bind(name=self._name, now=now))
        values = sql.take_lease.bind(name=self._name, until=now + self._ttl_ms)
        return NodeId(book.connection.query(sql.take_lease.text, values)[0][0])


class KeepLease(SessionWork):
    """Work of `Sessions.keep_lease`."""

    def __init__(self, sql: SessionStatements, node: NodeId, ttl_ms: int) -> None:
        super().__init__(sql)
        self._node = node
        self._ttl_ms = ttl_ms

    def run(self, book: Book) -> LeaseState:
        """Prolong it unless it is over."""
        keep, later, now = self.sql.keep_lease, self.sql.later_lease, book.lease_now
        if book.connection.run(keep.text, keep.bind(node=self._node, now=now, until=now + self._ttl_ms)):
            return LeaseState.HELD
        is_taken = book.connection.query(later.text, later.bind(node=self._node, now=now))
        return LeaseState.TAKEN if is_taken else LeaseState.OVER


class ForgetEnded(SessionWork):
    """Work of `Sessions.forget_ended`."""

    def __init__(self, sql: SessionStatements, before: Instant) -> None:
        super().__init__(sql)
        self._before = before

    def run(self, book: Book) -> int:
        """Drop sessions, revocations and leases that nobody needs any more."""
        sql, run = self.sql, book.connection.run
        before = min(self._before, book.lease_now)
        run(sql.forget_leases.text, sql.forget_leases.bind(before=before))
        run(sql.forget_credentials.text, sql.forget_credentials.bind(now=book.now))
        return run(sql.forget_sessions.text, sql.forget_sessions.bind(before=self._before))
