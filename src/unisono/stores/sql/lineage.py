"""Where a log comes from. One that turns out to be an older copy begins anew, under an epoch that was never used.

What clients hold of the log that was lost cannot be continued: the same seqs will be given to other facts. Epochs are
the second in which they begin, so that a copy that is put back twice does not come to the same one twice.
"""

from typing import Final, NamedTuple

from sqlalchemy import Dialect, func, literal_column, select, update

from unisono.domain.ids import Checkpoint, Epoch, Instant
from unisono.stores.sql.compiled import Statement
from unisono.stores.sql.driver import Connection
from unisono.stores.sql.phrases import given, upsert
from unisono.stores.sql.schema import LEASES, META, STREAMS

POSITIONS_PER_S: Final = 2**20
"""Positions begin at as many as this for each second of the epoch, so that they are above all that were ever given: no
log places more in a second. Until the year 2106 they stay below half of what every JSON reader keeps exact."""


class Beginning(NamedTuple):
    """An epoch, and the position that its facts are above."""

    epoch: Epoch
    position: Checkpoint


class LineageStatements:
    """What is asked of `meta`, and done to everything when a log begins anew."""

    def __init__(self, dialect: Dialect) -> None:
        self.known: Final = Statement(dialect, lambda: select(META.c.name, META.c.value))
        self.write: Final = Statement(dialect, lambda: upsert(dialect, META, 1))
        self.highest: Final = Statement(
            dialect, lambda: select(func.coalesce(func.max(STREAMS.c.head_pos), literal_column("0")))
        )
        self.move_streams: Final = Statement(
            dialect, lambda: update(STREAMS).values(epoch=given("epoch", STREAMS.c.epoch))
        )
        until = given("until", LEASES.c.until)
        self.end_leases: Final = Statement(
            dialect, lambda: update(LEASES).values(until=until).where(LEASES.c.until > until)
        )


def begin_anew(connection: Connection, sql: LineageStatements, now: Instant, *, after: Epoch = Epoch(0)) -> Beginning:
    """Give the log an epoch higher than its own and `after`, inside a transaction of the caller's.

    All streams get it. Positions leap, so that no checkpoint of the log that was lost is taken for one of this log. All
    leases are over: nodes that run end their links, and clients come back to hear of the epoch.
    """
    known: dict[str, str] = dict(connection.query(sql.known.text))
    epoch = max(now // 1000, after + 1, int(known.get("epoch", 0)) + 1)
    began = 0
    if "epoch" in known:
        highest = max(connection.query(sql.highest.text)[0][0], int(known["began"]))
        began = max(highest + 1, epoch * POSITIONS_PER_S)
        connection.run(sql.move_streams.text, sql.move_streams.bind(epoch=epoch))
        connection.run(sql.end_leases.text, sql.end_leases.bind(until=connection.lease_now()))
    for name, number in (("epoch", epoch), ("began", began)):
        connection.run(sql.write.text, (name, str(number)))
    return Beginning(Epoch(epoch), Checkpoint(began))
