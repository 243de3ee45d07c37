"""The push targets port on SQL. `session_work` drops what ends with a session."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Dialect, delete, select
from sqlalchemy.sql.expression import Executable

from unisono.domain.errors import SessionUnknown
from unisono.domain.ids import DeviceId, SessionId, UserId
from unisono.ports.push_targets import PushTarget
from unisono.stores.sql.book import Book
from unisono.stores.sql.compiled import ListStatement, Statement, numbered
from unisono.stores.sql.driver import Connection
from unisono.stores.sql.foresight import Foresight
from unisono.stores.sql.phrases import LIMIT, given, upsert
from unisono.stores.sql.readers import Readers
from unisono.stores.sql.schema import PUSH_TARGETS
from unisono.stores.sql.session_statements import SessionStatements
from unisono.stores.sql.session_work import SessionWork, find_session
from unisono.stores.sql.writer import Writer

_T = PUSH_TARGETS.c
_OF_USER = _T.user_id == given("user", _T.user_id)


class SqlPushTargets:
    """Implements `ports.push_targets.PushTargets`."""

    def __init__(self, dialect: Dialect, statements: SessionStatements, *, writer: Writer, readers: Readers) -> None:
        self._sql = statements
        self._writer = writer
        self._readers = readers
        self._keep = Statement(dialect, lambda: upsert(dialect, PUSH_TARGETS, 1))
        self._take_token = Statement(dialect, _take_token)
        self._trim = Statement(dialect, _trim)
        self._drop_all = Statement(dialect, lambda: delete(PUSH_TARGETS).where(_OF_USER))
        of_user = select(_T.device, _T.provider, _T.token).where(_OF_USER).order_by(_T.device)
        self._of_user = Statement(dialect, lambda: of_user)
        self._of_users = ListStatement(dialect, targets_of)

    async def keep(self, session: SessionId, provider: str, token: str, limit: int) -> None:
        """Keep the target of a session's device."""
        statements = (self._take_token, self._keep, self._trim)
        await self._writer.do(_Keep(self._sql, statements, session, target=(provider, token), limit=limit))

    async def drop(self, session: SessionId) -> None:
        """Forget the target of a session's device."""
        await self._writer.do(_Drop(self._sql, session))

    async def forget(self, user: UserId, device: DeviceId | None = None) -> None:
        """Forget the targets of a user, or that of one device."""
        if device is None:
            work = _Forget(self._sql, self._drop_all.text, self._drop_all.bind(user=user))
        else:
            work = _Forget(self._sql, self._sql.drop_target.text, self._sql.drop_target.bind(user=user, device=device))
        await self._writer.do(work)

    async def of_users(self, users: Sequence[UserId]) -> Mapping[UserId, Sequence[PushTarget]]:
        """List the targets of each of these users, by device."""
        statement = self._of_users

        def read(connection: Connection) -> Mapping[UserId, Sequence[PushTarget]]:
            found: dict[UserId, list[PushTarget]] = {}
            for text, values in statement.padded([(user,) for user in dict.fromkeys(users)]):
                for user, *target in connection.query(text, values):
                    found.setdefault(UserId(user), []).append(PushTarget(*target))
            return found

        return await self._readers.read(read)

    async def of_user(self, user: UserId) -> Sequence[PushTarget]:
        """List the targets of a user, by device."""
        statement = self._of_user

        def read(connection: Connection) -> Sequence[PushTarget]:
            return [PushTarget(*row) for row in connection.query(statement.text, statement.bind(user=user))]

        return await self._readers.read(read)


class _Keep(SessionWork):
    """Work of `PushTargets.keep`."""

    def __init__(
        self,
        sql: SessionStatements,
        statements: tuple[Statement, Statement, Statement],
        session: SessionId,
        *,
        target: tuple[str, str],
        limit: int,
    ) -> None:
        super().__init__(sql)
        self._statements = statements
        self._session = session
        self._target = target
        self._limit = limit

    def name_streams(self, ahead: Foresight) -> None:
        """Name the session: it does not end meanwhile."""
        ahead.sessions.add(self._session)

    def run(self, book: Book) -> None:
        """Take the token from who has it, write, and drop what is too much."""
        entry = find_session(book, self.sql, self._session)
        if entry is None or entry.ending is not None:
            raise SessionUnknown()
        record, (provider, token) = entry.record, self._target
        take_token, keep, trim = self._statements
        run = book.connection.run
        run(take_token.text, take_token.bind(provider=provider, token=token))
        row = (record.user, record.device, provider, token, record.credential, record.issued_at, book.now)
        run(keep.text, row)
        run(trim.text, trim.bind(user=record.user, limit=self._limit))


class _Drop(SessionWork):
    """Work of `PushTargets.drop`."""

    def __init__(self, sql: SessionStatements, session: SessionId) -> None:
        super().__init__(sql)
        self._session = session

    def run(self, book: Book) -> None:
        """Delete that of the session's device."""
        entry, drop = find_session(book, self.sql, self._session), self.sql.drop_target
        if entry is not None:
            book.connection.run(drop.text, drop.bind(user=entry.record.user, device=entry.record.device))


class _Forget(SessionWork):
    """Work of `PushTargets.forget`."""

    def __init__(self, sql: SessionStatements, text: str, values: Sequence[object]) -> None:
        super().__init__(sql)
        self._text = text
        self._values = values

    def run(self, book: Book) -> None:
        """Delete."""
        book.connection.run(self._text, self._values)


def _take_token() -> Executable:
    return delete(PUSH_TARGETS).where(
        _T.token == given("token", _T.token), _T.provider == given("provider", _T.provider)
    )


def _trim() -> Executable:
    newest = select(_T.device).where(_OF_USER).order_by(_T.at.desc(), _T.device).limit(LIMIT)
    return delete(PUSH_TARGETS).where(_OF_USER, _T.device.not_in(newest))


def targets_of(rows: int) -> Executable:
    """List the targets of that many users."""
    users = [numbered("user", row, _T.user_id) for row in range(rows)]
    return select(_T.user_id, _T.device, _T.provider, _T.token).where(_T.user_id.in_(users)).order_by(_T.device)
