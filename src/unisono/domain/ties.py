"""Ties: what one user is to another, each way by itself, as the facts of the one's stream add up.

Contacts are so both ways. Where somebody has invited a user who blocks them, they alone know of an invitation.
"""

from typing import Final, Literal

from msgspec import Struct, structs

from unisono.domain.answer import Answer
from unisono.domain.contact_facts import (
    ContactAgreed,
    ContactFact,
    ContactInvited,
    RemarkSet,
    UsersBlocked,
    UsersUnblocked,
    Writing,
    WritingSet,
)
from unisono.domain.ids import NO_SEQ, Instant, Seq, UserId

TieState = Literal["none", "invited", "asked", "friend"]
Pair = tuple[UserId, UserId]
"""Whose tie it is, and to whom."""
EVERYBODY: Final = UserId("")
"""No user's id. Who blocks everybody hears from contacts alone."""


class Tie(Struct, frozen=True):
    """What another user is to a user, since when.

    `invited` by them, `asked` by the other, or a `friend`, which is called a contact. `message` is that of an open
    invitation, which stands at `invitation` of the user's stream.
    """

    state: TieState = "none"
    since: Instant = Instant(0)
    is_blocked: bool = False
    remark: str | None = None
    message: str | None = None
    invitation: Seq = NO_SEQ

    @property
    def is_nothing(self) -> bool:
        """Say if nothing has to be kept."""
        return self.state == "none" and not self.is_blocked


NO_TIE: Final = Tie()


class ContactView(Struct, frozen=True, omit_defaults=True):
    """What `user` is to me, since when: a contact (`friend`), whom I `invited`, who `asked` me, or nothing of it."""

    user: UserId
    state: TieState
    since: Instant
    is_blocked: bool = False
    remark: str | None = None
    message: str | None = None


class Contacts(Answer, frozen=True, tag="contacts"):
    """What users are to me, by user id; `next` asks for the following page."""

    contacts: tuple[ContactView, ...]
    next: UserId | None = None


class WritingRule(Answer, frozen=True, tag="writing"):
    """Whom I let write to me: `anyone` whom the app lets, or my `contacts` alone."""

    writing: Writing = "anyone"


class Tally(Struct, frozen=True):
    """How many ties of each sort a user has."""

    friends: int = 0
    invited: int = 0
    asked: int = 0
    blocked: int = 0


def view(user: UserId, tie: Tie) -> ContactView:
    """Show a tie to whose it is."""
    return ContactView(user, tie.state, tie.since, tie.is_blocked, tie.remark, tie.message)


def named(fact: ContactFact) -> tuple[UserId, ...]:
    """Give whom a fact tells of."""
    if isinstance(fact, WritingSet):
        return (EVERYBODY,)
    return fact.users if isinstance(fact, UsersBlocked | UsersUnblocked) else (fact.user,)


def after(old: Tie, owner: UserId, fact: ContactFact, *, seq: Seq, at: Instant) -> Tie:
    """Give a tie after a fact at a place of its owner's stream."""
    match fact:
        case ContactInvited(by=by, message=message):
            return Tie("invited" if by == owner else "asked", at, old.is_blocked, message=message, invitation=seq)
        case ContactAgreed():
            return Tie("friend", at, old.is_blocked)
        case RemarkSet(remark=remark):
            return structs.replace(old, remark=remark)
        case UsersBlocked() if old.state in {"asked", "none"}:
            return Tie("none", at, is_blocked=True)
        case UsersBlocked():
            return structs.replace(old, is_blocked=True)
        case WritingSet(writing=writing):
            return Tie(since=at, is_blocked=writing == "contacts")
        case UsersUnblocked():
            return structs.replace(old, is_blocked=False)
        case _:
            return Tie("none", at, old.is_blocked)


def closed(fact: ContactInvited) -> ContactInvited:
    """Give what is left of an invitation that is not open any more."""
    return structs.replace(fact, message=None)
