"""The contacts port on SQL."""

from collections.abc import Sequence

from unisono.domain.commands import Ties
from unisono.domain.ids import UserId
from unisono.domain.ties import ContactView, view
from unisono.stores.sql.compiled import Row, Statement
from unisono.stores.sql.contact_statements import ContactStatements
from unisono.stores.sql.readers import Readers
from unisono.stores.sql.ties import read_tie


class SqlContacts:
    """Implements `ports.contacts.Contacts`."""

    def __init__(self, statements: ContactStatements, readers: Readers) -> None:
        self._sql = statements
        self._readers = readers

    async def page(self, user: UserId, which: Ties, after: UserId | None, limit: int) -> Sequence[ContactView]:
        """List a user's ties of a sort by user id, starting after `after`."""
        return await self._read(self._sql.page(which), user=user, after=after or "", limit=limit)

    async def find(self, user: UserId, other: UserId) -> ContactView | None:
        """Give what another is to a user; None for nothing."""
        found = await self._read(self._sql.find, user=user, other=other)
        return found[0] if found else None

    async def every(self, user: UserId, after: UserId | None, limit: int) -> Sequence[ContactView]:
        """List all that users are to a user, by user id, starting after `after`."""
        return await self._read(self._sql.every, user=user, after=after or "", limit=limit)

    async def _read(self, statement: Statement, **values: object) -> list[ContactView]:
        bound = statement.bind(**values)
        rows: Sequence[Row] = await self._readers.read(lambda connection: connection.query(statement.text, bound))
        return [view(UserId(row[1]), read_tie(row)) for row in rows]
