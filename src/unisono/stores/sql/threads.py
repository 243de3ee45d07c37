"""The threads port on SQL."""

from collections.abc import Sequence

from unisono.domain.errors import Invalid
from unisono.domain.ids import ConversationId, StreamKey, UserId, conversation_of, conversation_stream
from unisono.ports.directory import MyConversation
from unisono.ports.threads import Departure
from unisono.stores.sql.book import Book
from unisono.stores.sql.compiled import Statement
from unisono.stores.sql.driver import Connection
from unisono.stores.sql.foresight import Foresight
from unisono.stores.sql.mine import read_mine
from unisono.stores.sql.readers import Readers
from unisono.stores.sql.statements import Statements
from unisono.stores.sql.thread_statements import ThreadStatements
from unisono.stores.sql.writer import Writer


class SqlThreads:
    """Implements `ports.threads.Threads`."""

    def __init__(self, statements: Statements, *, writer: Writer, readers: Readers) -> None:
        self._all = statements
        self._sql = statements.threads
        self._writer = writer
        self._readers = readers

    async def of_group(
        self, group: ConversationId, user: UserId | None, after: ConversationId | None, limit: int
    ) -> Sequence[MyConversation]:
        """List the threads of a group."""
        return await self._listed(
            self._sql.of_group, after, group=conversation_stream(group), user=user or "", limit=limit
        )

    async def of_user(self, user: UserId, after: ConversationId | None, limit: int) -> Sequence[MyConversation]:
        """List the threads that a user is in."""
        return await self._listed(self._sql.mine, after, user=user, limit=limit)

    async def _listed(
        self, statement: Statement, after: ConversationId | None, **values: object
    ) -> Sequence[MyConversation]:
        head = self._all.head

        def read(connection: Connection) -> Sequence[MyConversation]:
            start = 0
            if after is not None:
                found = connection.query(head.text, head.bind(key=conversation_stream(after)))
                if not found:
                    raise Invalid(field="after", reason="no such thread")
                start = found[0][0]
            return [read_mine(row) for row in connection.query(statement.text, statement.bind(after=start, **values))]

        return await self._readers.read(read)

    async def departures(self, limit: int) -> Sequence[Departure]:
        """Give what has not been noted yet."""
        statement = self._sql.departures
        return await self._readers.read(
            lambda connection: [
                Departure(number, _conversation(key), UserId(user) if user else None)
                for number, key, user in connection.query(statement.text, statement.bind(limit=limit))
            ]
        )

    async def concerned(self, departure: Departure, limit: int) -> Sequence[ConversationId]:
        """Give threads that a departure is to be noted in."""
        group = conversation_stream(departure.group)
        if departure.user is None:
            statement, values = self._sql.left, self._sql.left.bind(group=group, limit=limit)
        else:
            statement = self._sql.left_in
            values = statement.bind(group=group, user=departure.user, limit=limit)
        return await self._readers.read(
            lambda connection: [_conversation(key) for (key,) in connection.query(statement.text, values)]
        )

    async def settle(self, numbers: Sequence[int]) -> None:
        """Forget departures."""
        await self._writer.do(_Settle(self._sql, numbers))


def _conversation(key: str) -> ConversationId:
    return conversation_of(StreamKey(key)) or ConversationId("")


class _Settle:
    """Work of `Threads.settle`."""

    def __init__(self, sql: ThreadStatements, numbers: Sequence[int]) -> None:
        self._sql = sql
        self._numbers = numbers

    def name_streams(self, ahead: Foresight) -> None:
        """Name none."""

    def name_details(self, book: Book, ahead: Foresight) -> None:
        """Name nothing."""

    def run(self, book: Book) -> None:
        """Drop them."""
        for text, values in self._sql.settle.exact([(number,) for number in self._numbers]):
            book.connection.run(text, values)
