"""The roll of a conversation: how facts change who is on it, and as what."""

from msgspec import structs

from unisono.domain.answers import MemberView
from unisono.domain.commands import Roll
from unisono.domain.conversation import Membership
from unisono.domain.facts import ConversationCreated, MemberChanged, MembersRestricted
from unisono.domain.ids import INTEGER_MAX, NO_SEQ, Instant, Seq, UserId
from unisono.domain.kinds import KINDS

FOR_EVER = Instant(INTEGER_MAX)


def founded(fact: ConversationCreated, user: UserId, at: Seq) -> Membership:
    """Give the place of a user with whom a conversation began."""
    is_owner = user == fact.by and KINDS[fact.of].has_owner
    return Membership(user, at, role="owner" if is_owner else "member")


def joined(old: Membership | None, user: UserId, at: Seq, passed: int = 0) -> Membership:
    """Give the place of a user who became a member when so many messages had passed.

    Of an earlier one the read mark and restrictions stay.
    """
    before = old or stranger(user)
    return Membership(
        user,
        at,
        before.read,
        passed=passed,
        blocked_until=before.blocked_until,
        silenced_until=before.silenced_until,
        cleared=before.cleared,
        hides_some=before.hides_some,
    )


def left(old: Membership, at: Seq) -> Membership:
    """Give the place of a user who is a member no more."""
    return structs.replace(
        old, until=at, role="member", attributes=None, level="all", pinned_at=None, marks=(), silence=None, deleted=None
    )


def changed(old: Membership, fact: MemberChanged) -> Membership:
    """Give the place of a member with another role, or other attributes."""
    attributes = old.attributes if fact.attributes is None else fact.attributes or None
    return structs.replace(old, role=fact.role or old.role, attributes=attributes)


def restricted(old: Membership | None, user: UserId, fact: MembersRestricted) -> Membership:
    """Give the place of a user who may not be a member or not speak, or may again."""
    until = (fact.until or FOR_EVER) if fact.is_on else None
    before = old or stranger(user)
    if fact.what == "blocked":
        return structs.replace(before, blocked_until=until)
    return structs.replace(before, silenced_until=until)


def heard(old: Membership | None, user: UserId) -> Membership:
    """Give the place of a user who said something: who is no member is known for it, and nothing else."""
    if old is None:
        return stranger(user)
    return structs.replace(old, own=old.own + 1) if old.is_member else old


def stranger(user: UserId) -> Membership:
    """Give the place of a user who never was a member."""
    return Membership(user, NO_SEQ, until=NO_SEQ)


def restricted_until(member: Membership, who: Roll) -> Instant | None:
    """Say until when a user is blocked or silenced, None for not at all."""
    return {"blocked": member.blocked_until, "silenced": member.silenced_until}.get(who)


def is_on(member: Membership, who: Roll, now: Instant) -> bool:
    """Say if a user belongs on a list."""
    if who in {"members", "muted"}:
        return member.is_member and (who == "members" or member.level == "none")
    return member.is_blocked(now) if who == "blocked" else member.is_silenced(now)


def shown(member: Membership, who: Roll) -> MemberView:
    """Show a user on a list: on that of members with their marks. What was read has come, too."""
    until = restricted_until(member, who)
    delivered, read = (max(member.delivered, member.read), member.read) if who == "members" else (NO_SEQ, NO_SEQ)
    ends = None if until == FOR_EVER else until
    return MemberView(member.user, member.role, member.attributes, ends, delivered, read)
