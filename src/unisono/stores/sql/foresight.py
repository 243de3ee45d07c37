"""What a batch is about to ask for, so that it is loaded and locked in a few statements, in one order."""

from typing import Final, Literal

from msgspec import Struct

from unisono.domain.ids import SendKey, SessionId, StreamKey, UserId
from unisono.domain.ties import Pair
from unisono.stores.sql.driver import Connection
from unisono.stores.sql.entries import StreamEntry
from unisono.stores.sql.statements import Statements

PlaceKey = tuple[int, UserId, SendKey]
MemberKey = tuple[int, UserId]


class Foresight(Struct):
    """First the names, then, once the streams are known, what belongs to them.

    `streams` are looked up, `own` made where they do not exist yet. `sessions`, and those of `session_users` that are
    not over, are locked. `talks` are direct conversations, with who speaks there. The `policy` is read, or changed.
    `to_be` are streams that may come into being while others' locks are waited for.
    """

    sessions: set[SessionId] = set()
    session_users: set[UserId] = set()
    streams: set[StreamKey] = set()
    own: set[StreamKey] = set()
    to_be: set[StreamKey] = set()
    unique: set[str] = set()
    members: dict[MemberKey, StreamEntry] = {}
    rosters: dict[int, StreamEntry] = {}
    places: dict[PlaceKey, StreamEntry] = {}
    ties: set[Pair] = set()
    talks: list[tuple[StreamEntry, UserId]] = []
    policy: Literal["read", "changed"] | None = None


LOCK_POLICY: Final = {
    # Readers among themselves do not wait; who changes it waits for them, and they for that one.
    "read": "LOCK TABLE policy_changes IN SHARE MODE",
    "changed": "LOCK TABLE policy_changes IN SHARE ROW EXCLUSIVE MODE",
}


def lock_policy(connection: Connection, ahead: Foresight) -> None:
    """Lock the policy of the app against other writers, before anything else: nobody waits in a circle."""
    if ahead.policy is not None:
        connection.run(LOCK_POLICY[ahead.policy])


def lock_sessions(connection: Connection, statements: Statements, ahead: Foresight) -> None:
    """Lock the sessions that a batch names against other writers, in one order, after the streams.

    Nobody opens another session of these users meanwhile: their streams are locked.
    """
    names = set(ahead.sessions)
    for text, values in statements.open_sessions.padded([(user,) for user in sorted(ahead.session_users)]):
        names.update(name for (name,) in connection.query(text, values))
    for text, values in statements.lock_sessions.padded([(name,) for name in sorted(names)]):
        connection.query(text, values)
