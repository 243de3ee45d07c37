"""Ties of users as the writer knows them. What is changed is written at once: it is rare."""

from collections.abc import Iterable, Sequence
from typing import Final

from unisono.domain.ids import Instant, Seq, UserId
from unisono.domain.ties import EVERYBODY, NO_TIE, Pair, Tally, Tie
from unisono.stores.sql.compiled import Row
from unisono.stores.sql.contact_statements import ContactStatements
from unisono.stores.sql.driver import Connection
from unisono.stores.sql.entries import StreamEntry
from unisono.stores.sql.foresight import Foresight

KEPT_MAX: Final = 100_000
"""Pairs of users remembered; beyond it all are forgotten."""


class Ties:
    """What is known of ties: of a sole writer as long as it lives, else of a batch."""

    def __init__(self, statements: ContactStatements) -> None:
        self._sql = statements
        self._known: dict[Pair, Tie] = {}

    def load(self, connection: Connection, pairs: Iterable[Pair]) -> None:
        """Read those of some pairs that are not known."""
        asked = set(pairs)
        if len(self._known) + len(asked) > KEPT_MAX:
            self._known.clear()
        unknown = sorted(asked.difference(self._known))
        self._known.update(dict.fromkeys(unknown, NO_TIE))
        for text, values in self._sql.pairs.padded(unknown):
            for row in connection.query(text, values):
                self._known[row[0], row[1]] = read_tie(row)

    def foresee(self, connection: Connection, ahead: Foresight) -> None:
        """Read what a batch will ask for; who is in its direct conversations is known by now."""
        if ahead.ties or ahead.talks:
            listeners = [(user, other) for stream, user in ahead.talks if (other := listener(stream, user)) is not None]
            self.load(
                connection, [*ahead.ties, *(pair for user, other in listeners for pair in both_ways(user, (other,)))]
            )

    def between(self, connection: Connection, user: UserId, others: Sequence[UserId]) -> dict[Pair, Tie]:
        """Give what a user and each of some others are to each other, where they are anything."""
        pairs = both_ways(user, others)
        self.load(connection, pairs)
        return {pair: tie for pair in pairs if not (tie := self._known[pair]).is_nothing}

    def put(self, connection: Connection, pair: Pair, tie: Tie) -> None:
        """Change one."""
        self._known[pair] = tie
        if tie.is_nothing:
            connection.run(self._sql.drop.text, self._sql.drop.bind(user=pair[0], other=pair[1]))
            return
        row = (*pair, tie.state, tie.since, int(tie.is_blocked), tie.remark, tie.message, tie.invitation)
        connection.run(self._sql.write.text, row)

    def tally(self, connection: Connection, user: UserId) -> Tally:
        """Count the ties of a user."""
        states, blocked = self._sql.states, self._sql.blocked_count
        counts: dict[str, int] = dict(connection.query(states.text, states.bind(user=user)))
        ((blocked_count,),) = connection.query(blocked.text, blocked.bind(user=user))
        return Tally(counts.get("friend", 0), counts.get("invited", 0), counts.get("asked", 0), blocked_count)


def both_ways(user: UserId, others: Iterable[UserId]) -> list[Pair]:
    """Give the pairs of a user and some others, each way, and of these to everybody."""
    return [pair for other in others for pair in ((user, other), (other, user), (other, EVERYBODY))]


def listener(stream: StreamEntry, user: UserId) -> UserId | None:
    """Give the other member of a direct conversation whose members are loaded."""
    others = (member for member in stream.members.values() if member is not None and member.is_member)
    return next((member.user for member in others if member.user != user), None)


def read_tie(row: Row) -> Tie:
    """Read a row of `contacts`."""
    _, _, state, since, is_blocked, remark, message, invitation = row
    return Tie(state, Instant(since), bool(is_blocked), remark, message, Seq(invitation))
