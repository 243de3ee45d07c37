"""Work that one node does at a time, by its lease, and the place in the log that it has come to."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, cast

from sqlalchemy import Dialect, Text, Update, literal_column, select, update

from unisono.domain.ids import Checkpoint, NodeId
from unisono.stores.sql.book import Book
from unisono.stores.sql.compiled import Statement
from unisono.stores.sql.driver import Connection
from unisono.stores.sql.foresight import Foresight
from unisono.stores.sql.phrases import given, insert
from unisono.stores.sql.readers import Readers
from unisono.stores.sql.schema import DUTIES, LEASES
from unisono.stores.sql.writer import Writer

_D = DUTIES.c
Settle = Callable[[Connection, Checkpoint | None], Checkpoint]
"""Says where to go on, given the place that is kept; None where nobody ever had the work."""


class _Held(NamedTuple):
    """Who has the work, as of one moment, the place that is kept, and where to go on."""

    node: NodeId | None
    kept: Checkpoint | None
    place: Checkpoint
    is_live: bool


class Duty:
    """One such work."""

    def __init__(self, dialect: Dialect, name: str, *, writer: Writer, readers: Readers) -> None:
        self._name = name
        self._writer = writer
        self._readers = readers
        is_this = _D.name == literal_column(f"'{name}'", Text)

        def held() -> Update:
            return update(DUTIES).where(is_this, _D.node == given("holder", _D.node))

        row = select(_D.node, _D.reached, LEASES.c.until).outerjoin(LEASES, LEASES.c.node == _D.node).where(is_this)
        place = given("place", _D.reached)
        self._row = Statement(dialect, lambda: row)
        self._begin = Statement(dialect, lambda: insert(dialect, DUTIES, 1, _D).on_conflict_do_nothing())
        self._take_over = Statement(dialect, lambda: held().values(node=given("taker", _D.node), reached=place))
        self._advance = Statement(dialect, lambda: held().values(reached=place))

    async def hold(self, node: NodeId, settle: Settle) -> Checkpoint | None:
        """Give the place, if this node has the work or can take it: when nobody has it whose lease is not over."""

        def read(connection: Connection) -> _Held:
            rows = connection.query(self._row.text)
            holder, kept, lease_until = rows[0] if rows else (None, None, None)
            is_live = lease_until is not None and lease_until > connection.lease_now()
            return _Held(holder, kept, settle(connection, kept), is_live)

        held = await self._readers.read_at_one_moment(read)
        if held.node == node and held.kept == held.place:
            return held.place
        if held.node not in {None, node} and held.is_live:
            return None
        if held.node is None:
            work = _Move(self._begin.text, (self._name, node, held.place))
        else:
            values = self._take_over.bind(holder=held.node, taker=node, place=held.place)
            work = _Move(self._take_over.text, values)
        return held.place if await self._writer.do(work) else None

    async def advance(self, node: NodeId, reached: Checkpoint) -> bool:
        """Move the place, durably, if the node still has the work; say if it does."""
        return cast("bool", await self._writer.do(_Move(*self.moving(node, reached))))

    def moving(self, node: NodeId, reached: Checkpoint) -> tuple[str, Sequence[object]]:
        """Give the statement that moves the place, for who moves it together with what was done."""
        return self._advance.text, self._advance.bind(holder=node, place=reached)


class _Move:
    """Work that writes who has the work and how far it has come, if that is as it was."""

    def __init__(self, text: str, values: Sequence[object]) -> None:
        self._text = text
        self._values = values

    def name_streams(self, ahead: Foresight) -> None:
        """Name none."""

    def name_details(self, book: Book, ahead: Foresight) -> None:
        """Name nothing."""

    def run(self, book: Book) -> bool:
        """Write, and say if anything was."""
        return bool(book.connection.run(self._text, self._values))
