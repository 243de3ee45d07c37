"""Decisions about contacts: both users' facts are placed together, or none.

What an invitation looks like to who sends it does not tell whether the other blocks them: the limits are looked at
alike, the answer is the same, and it stays open.
"""

from unisono.domain.answers import Done
from unisono.domain.commands import (
    AcceptContact,
    BlockUsers,
    DeclineContact,
    InviteContact,
    RemarkContact,
    RemoveContact,
    SetWriting,
    UnblockUsers,
)
from unisono.domain.contact_facts import (
    ContactAgreed,
    ContactDeclined,
    ContactFact,
    ContactInvited,
    ContactRemoved,
    RemarkSet,
    UsersBlocked,
    UsersUnblocked,
    WritingSet,
)
from unisono.domain.conversation import Decision, Snapshot
from unisono.domain.errors import Conflict, Forbidden, Invalid, LimitReached, NotFound
from unisono.domain.ids import UserId, user_stream
from unisono.domain.placement import Draft
from unisono.domain.quotas import Quotas
from unisono.domain.ties import EVERYBODY


def invite(snapshot: Snapshot, user: UserId, command: InviteContact, limits: Quotas) -> Decision:
    """Ask a user to be a contact; who asked first is one by it.

    An invitation that did not reach somebody who blocked its sender then, reaches them when it is repeated later.

    Raises:
        Invalid: Oneself.
        Forbidden: The caller blocks them.
        LimitReached: Too many open invitations, of the caller or at the other; or too many contacts.
    """
    other = command.user
    _check_another(user, other)
    mine, theirs = snapshot.tie(user, other), snapshot.tie(other, user)
    if mine.state == "friend":
        return _decide()
    if mine.is_blocked:
        raise Forbidden(reason="unblock them first", user=other)
    if theirs.state == "invited":
        return _agree(snapshot, user, other, limits)
    if mine.state != "invited":
        _check_room("invitations", snapshot.tally(user).invited, limits.invitations_per_user)
    if theirs.state != "asked":
        _check_room("invitations to them", snapshot.tally(other).asked, limits.invitations_per_user)
    told = []
    if mine.state != "invited":
        told.append(_told(user, ContactInvited(other, by=user, message=command.message)))
    if theirs.state != "asked" and not theirs.is_blocked:
        told.append(_told(other, ContactInvited(user, by=user, message=command.message)))
    return _decide(*told)


def accept(snapshot: Snapshot, user: UserId, command: AcceptContact, limits: Quotas) -> Decision:
    """Be a contact of who asked. Repeating it changes nothing.

    Raises:
        NotFound: There is no open invitation of theirs.
        LimitReached: One of the two has too many contacts.
    """
    state = snapshot.tie(user, command.user).state
    if state == "friend":
        return _decide()
    if state != "asked":
        raise NotFound()
    return _agree(snapshot, user, command.user, limits)


def decline(snapshot: Snapshot, user: UserId, command: DeclineContact) -> Decision:
    """Be no contact of who asked. Nothing to decline is no fault.

    Raises:
        Conflict: They are a contact by now.
    """
    other, state = command.user, snapshot.tie(user, command.user).state
    if state == "friend":
        raise Conflict(reason="a contact by now", user=other)
    if state != "asked":
        return _decide()
    return _decide(_told(user, ContactDeclined(other, by=user)), _told(other, ContactDeclined(user, by=user)))


def remove(snapshot: Snapshot, user: UserId, command: RemoveContact) -> Decision:
    """Be no contact any more, or withdraw an invitation. Neither there is no fault."""
    return _removal(snapshot, user, command.user)


def remark(snapshot: Snapshot, user: UserId, command: RemarkContact) -> Decision:
    """Note something about a contact; what stands there already leaves no fact.

    Raises:
        NotFound: No contact.
    """
    mine, new = snapshot.tie(user, command.user), command.remark or None
    if mine.state != "friend":
        raise NotFound()
    if new == mine.remark:
        return _decide()
    return _decide(_told(user, RemarkSet(command.user, by=user, remark=new)))


def block(snapshot: Snapshot, user: UserId, command: BlockUsers, limits: Quotas) -> Decision:
    """Hear nothing from users any more.

    Raises:
        Invalid: Oneself.
        LimitReached: Too many are blocked.
    """
    _check_another(user, *command.users)
    users = tuple(other for other in dict.fromkeys(command.users) if not snapshot.tie(user, other).is_blocked)
    if not users:
        return _decide()
    _check_room("blocked users", snapshot.tally(user).blocked + len(users) - 1, limits.blocked_per_user)
    return _decide(_told(user, UsersBlocked(users, by=user)))


def unblock(snapshot: Snapshot, user: UserId, command: UnblockUsers) -> Decision:
    """Hear from users again."""
    users = tuple(other for other in dict.fromkeys(command.users) if snapshot.tie(user, other).is_blocked)
    return _decide(_told(user, UsersUnblocked(users, by=user))) if users else _decide()


def set_writing(snapshot: Snapshot, user: UserId, command: SetWriting) -> Decision:
    """Hear from contacts alone, or from anyone again. What is so already leaves no fact."""
    if snapshot.tie(user, EVERYBODY).is_blocked == (command.writing == "contacts"):
        return _decide()
    return _decide(_told(user, WritingSet(command.writing, by=user)))


def untie(snapshot: Snapshot, user: UserId, other: UserId) -> Decision:
    """Leave nothing between a user and another, for a user who is erased. It may be decided again."""
    mine = snapshot.tie(user, other)
    gone = decline(snapshot, user, DeclineContact(other)) if mine.state == "asked" else _removal(snapshot, user, other)
    if not mine.is_blocked:
        return gone
    return _decide(*gone.drafts, _told(user, UsersUnblocked((other,), by=user)))


def _removal(snapshot: Snapshot, user: UserId, other: UserId) -> Decision:
    mine, theirs = snapshot.tie(user, other), snapshot.tie(other, user)
    told = []
    if mine.state in {"friend", "invited"}:
        told.append(_told(user, ContactRemoved(other, by=user)))
        # Who blocks the caller has heard of no invitation.
        if theirs.state in {"friend", "asked"}:
            told.append(_told(other, ContactRemoved(user, by=user)))
    return _decide(*told)


def _agree(snapshot: Snapshot, user: UserId, other: UserId, limits: Quotas) -> Decision:
    _check_room("contacts", snapshot.tally(user).friends, limits.contacts_per_user)
    _check_room("contacts of theirs", snapshot.tally(other).friends, limits.contacts_per_user)
    return _decide(_told(user, ContactAgreed(other, by=user)), _told(other, ContactAgreed(user, by=user)))


def _check_another(user: UserId, *others: UserId) -> None:
    if user in others:
        raise Invalid(field="user", reason="that is you")


def _check_room(what: str, count: int, limit: int) -> None:
    if count >= limit:
        raise LimitReached(what=what, limit=limit)


def _told(user: UserId, fact: ContactFact) -> Draft:
    return Draft(user_stream(user), fact)


def _decide(*drafts: Draft) -> Decision:
    return Decision(drafts, lambda _: Done())
