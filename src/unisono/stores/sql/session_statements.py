"""Every statement about sessions, leases and revocations."""

from typing import Any

from sqlalchemy import Dialect, Text, Update, delete, distinct, func, literal_column, null, select, union, update
from sqlalchemy import bindparam as value
from sqlalchemy.sql.expression import Executable

from unisono.stores.sql.compiled import ListStatement, Statement, numbered
from unisono.stores.sql.kept_statements import KeptStatements
from unisono.stores.sql.phrases import LIMIT, given, insert, upsert
from unisono.stores.sql.schema import (
    ERASURES,
    LAST_SEEN,
    LEASES,
    PUSH_TARGETS,
    REVOKED_CREDENTIALS,
    REVOKED_USERS,
    SEATS,
    SESSIONS,
    WILLS,
)

_S = SESSIONS.c
_IS_OPEN = _S.ended_at.is_(None)
# A node whose lease is over carries nothing, so the lease's end stands beside each session.
_WITH_LEASE = select(SESSIONS, LEASES.c.until).outerjoin(LEASES, LEASES.c.node == _S.node)


def _one(dialect: Dialect, statement: Executable) -> Statement:
    return Statement(dialect, lambda: statement)


class SessionStatements:
    """The statements of one dialect, compiled when first used."""

    def __init__(self, dialect: Dialect) -> None:
        open_of_user = _WITH_LEASE.where(_S.user_id == given("user", _S.user_id), _IS_OPEN).order_by(
            _S.opened_at, _S.id
        )
        self.open_of_user = _one(dialect, open_of_user)
        self.of_several = _one(dialect, _of_several())
        self.session = _one(dialect, _WITH_LEASE.where(_S.id == given("id", _S.id)))
        self.open = Statement(dialect, lambda: insert(dialect, SESSIONS, 1, SESSIONS.c))
        self.write = Statement(dialect, lambda: upsert(dialect, SESSIONS, 1))
        self.end = _one(dialect, _end())
        self.close_expired = _one(dialect, _close_expired())
        self.close_expired_of_device = _one(dialect, _close_expired().where(_S.device == given("device", _S.device)))
        self.detach = _one(dialect, _detach())
        self.touch = _one(dialect, _touch())
        its, tabs = _S.id == given("session", _S.id), given("shared", _S.tabs)
        self.share = _one(dialect, update(SESSIONS).where(its, _IS_OPEN).values(tabs=tabs))
        self.expired = _one(dialect, _expired())
        self.users_of_credential = _one(
            dialect,
            select(_S.user_id)
            .where(_S.credential == given("credential", _S.credential), _IS_OPEN)
            .distinct()
            .order_by(_S.user_id),
        )
        self.end_seats = _one(dialect, delete(SEATS).where(SEATS.c.session == given("session", SEATS.c.session)))
        self.kept = KeptStatements(dialect)
        self._add_wills(dialect)
        self._add_targets(dialect)
        self.sightings = ListStatement(dialect, _sightings)
        self.last_seen = ListStatement(dialect, _last_seen)
        self.online = _one(dialect, _online())
        self.here_since = _one(dialect, _here_since())
        self.see = Statement(dialect, lambda: _see(dialect))
        self.forget_sessions = _one(dialect, _forget_sessions())
        self._add_revocations(dialect)
        self._add_leases(dialect)

    def _add_wills(self, dialect: Dialect) -> None:
        its = WILLS.c.session == given("session", WILLS.c.session)
        due_at, after_ms = WILLS.c.due_at, WILLS.c.after_ms
        self.drop_will = _one(dialect, delete(WILLS).where(its))
        self.keep_will = _one(dialect, update(WILLS).where(its, due_at.is_not(None)).values(due_at=null()))
        lost = update(WILLS).where(its, due_at.is_(None)).values(due_at=given("lost_at", due_at) + after_ms)
        self.lose_will = _one(dialect, lost)
        self.execute_will = _one(dialect, update(WILLS).where(its).values(due_at=given("now", due_at)))

    def _add_targets(self, dialect: Dialect) -> None:
        target = PUSH_TARGETS.c
        theirs, issued_at = target.user_id == given("user", target.user_id), target.issued_at
        of_device = target.device == given("device", target.device)
        self.drop_target = _one(dialect, delete(PUSH_TARGETS).where(theirs, of_device))
        of_credential = target.credential == given("void", target.credential)
        self.drop_targets_of_credential = _one(dialect, delete(PUSH_TARGETS).where(of_credential))
        is_older = issued_at.is_(None) | (issued_at < given("before", issued_at))
        self.drop_targets_before = _one(dialect, delete(PUSH_TARGETS).where(theirs, is_older))

    def _add_revocations(self, dialect: Dialect) -> None:
        self.revoked_credential = _one(
            dialect,
            select(REVOKED_CREDENTIALS).where(
                REVOKED_CREDENTIALS.c.credential == given("credential", REVOKED_CREDENTIALS.c.credential)
            ),
        )
        self.revoked_user = _one(
            dialect, select(REVOKED_USERS).where(REVOKED_USERS.c.user_id == given("user", REVOKED_USERS.c.user_id))
        )
        self.erased = _one(
            dialect, select(ERASURES.c.user_id).where(ERASURES.c.user_id == given("user", ERASURES.c.user_id))
        )
        self.revoke_credential = Statement(dialect, lambda: upsert(dialect, REVOKED_CREDENTIALS, 1))
        self.revoke_user = Statement(dialect, lambda: upsert(dialect, REVOKED_USERS, 1))
        self.forget_credentials = _one(
            dialect,
            delete(REVOKED_CREDENTIALS).where(REVOKED_CREDENTIALS.c.until < given("now", REVOKED_CREDENTIALS.c.until)),
        )

    def _add_leases(self, dialect: Dialect) -> None:
        lease = LEASES.c
        name, now = given("name", lease.name), given("now", lease.until)
        self.take_lease = _one(
            dialect, LEASES.insert().values(name=name, until=given("until", lease.until)).returning(lease.node)
        )
        self.end_leases = _one(dialect, update(LEASES).where(lease.name == name, lease.until > now).values(until=now))
        self.keep_lease = _one(
            dialect,
            update(LEASES)
            .where(lease.node == given("node", lease.node), lease.until > now)
            .values(until=given("until", lease.until)),
        )
        self.later_lease = _one(dialect, _later_lease())
        self.forget_leases = _one(
            dialect,
            delete(LEASES).where(
                lease.until < given("before", lease.until),
                ~select(_S.id).where(_S.node == lease.node, _IS_OPEN).exists(),
            ),
        )


def _of_several() -> Executable:
    users = select(_S.user_id).where(_IS_OPEN, _S.user_id > given("after", _S.user_id)).group_by(_S.user_id)
    several = users.having(func.count() > literal_column("1")).order_by(_S.user_id).limit(LIMIT)
    return _WITH_LEASE.where(_S.user_id.in_(several), _IS_OPEN).order_by(_S.user_id, _S.opened_at, _S.id)


def _end() -> Executable:
    return (
        update(SESSIONS)
        .where(_S.id == given("session", _S.id))
        .values(
            ended_at=given("at", _S.ended_at),
            end_reason=given("reason", _S.end_reason),
            newcomer=given("shown", _S.newcomer),
        )
    )


def _close_expired() -> Update:
    ran_out = _S.end_reason == literal_column("'expired'", Text)
    over = update(SESSIONS).where(_S.user_id == given("user", _S.user_id), _S.ended_at.is_not(None), ran_out)
    return over.values(end_reason=literal_column("'closed'", Text))


def _detach() -> Executable:
    return (
        update(SESSIONS)
        .where(_S.id == given("session", _S.id), _S.fence == given("held", _S.fence), _IS_OPEN)
        .where(_S.node == given("carrier", _S.node))
        .values(node=null(), detached_at=given("detached_at", _S.detached_at))
    )


def _touch() -> Executable:
    seen = given("seen", _S.seen_at)
    return update(SESSIONS).where(_S.id == given("session", _S.id), _S.seen_at < seen).values(seen_at=seen)


def _forget_sessions() -> Executable:
    """Drop what is long over. A row that somebody has locked is left for the next time: nobody waits in a circle."""
    over = select(_S.id).where(_S.ended_at < given("before", _S.ended_at)).with_for_update(skip_locked=True)
    return delete(SESSIONS).where(_S.id.in_(over))


def _later_lease() -> Executable:
    """Find a lease that another node holds under the name of a node's own."""
    mine, lease = LEASES.alias("mine"), LEASES.c
    return (
        select(lease.node)
        .join(mine, (mine.c.name == lease.name) & (mine.c.node < lease.node))
        .where(mine.c.node == given("node", lease.node), lease.until > given("now", lease.until))
    )


def _expired() -> Executable:
    """Find by three short ranges of three indexes what one condition with two alternatives would search all for."""
    before, now = given("before", _S.detached_at), given("now", _S.credential_expires_at)
    over = select(LEASES.c.node).where(LEASES.c.until < before, LEASES.c.until <= given("lease_now", LEASES.c.until))
    found = (
        select(_S.user_id)
        .where(_IS_OPEN, _S.detached_at.is_not(None), _S.detached_at < before)
        .union(
            select(_S.user_id).where(_IS_OPEN, _S.credential_expires_at.is_not(None), _S.credential_expires_at < now),
            select(_S.user_id).where(_IS_OPEN, _S.node.is_not(None), _S.node.in_(over)),
        )
        .subquery()
    )
    return select(found.c.user_id).order_by(found.c.user_id).limit(value("limit", type_=_S.fence.type))


def _sightings(rows: int) -> Executable:
    users = [numbered("user", row, _S.user_id) for row in range(rows)]
    return (
        select(_S.user_id, _S.platform, _S.node, _S.detached_at, _S.seen_at, LEASES.c.until)
        .outerjoin(LEASES, LEASES.c.node == _S.node)
        .where(_S.user_id.in_(users), _IS_OPEN)
    )


def _last_seen(rows: int) -> Executable:
    return select(LAST_SEEN).where(LAST_SEEN.c.user_id.in_([numbered("user", row, _S.user_id) for row in range(rows)]))


def _live() -> Any:
    node = select(LEASES.c.node).where(LEASES.c.until > given("now", LEASES.c.until))
    return _IS_OPEN & _S.node.in_(node)


def _online() -> Executable:
    return select(func.count(distinct(_S.user_id))).where(_live())


def _here_since() -> Executable:
    """Count users of sessions that are live, or were until some time; an index leads to each kind."""
    detached, ended = given("since", _S.detached_at), given("since", _S.ended_at)
    lost = _IS_OPEN & (_S.detached_at >= detached)
    over = (_S.ended_at >= ended) & (_S.detached_at.is_(None) | (_S.detached_at >= detached))
    users = union(*(select(_S.user_id).where(each) for each in (_live(), lost, over))).subquery()
    return select(func.count()).select_from(users)


def _see(dialect: Dialect) -> Executable:
    """Write when a user was there last, unless a later time is known."""
    new = insert(dialect, LAST_SEEN, 1, LAST_SEEN.c)
    seen: Executable = new.on_conflict_do_update(
        index_elements=["user_id"], set_={"at": new.excluded.at}, where=new.excluded.at > LAST_SEEN.c.at
    )
    return seen
