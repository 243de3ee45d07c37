"""What happens between me and other users, as programs hear it.

`by` says who did it: me, on whichever of my sessions, or the other. Instants are milliseconds since 1970-01-01 UTC.
"""

from dataclasses import dataclass

from unisono_sdk import contact_facts as facts
from unisono_sdk.hub import Hub


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactInvited:
    """`contact_invited`: I asked `user` to be my contact, or was asked by them."""

    user: str
    by: str
    at: int
    message: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactAgreed:
    """`contact_agreed`: `user` is my contact: `by` accepted, or invited back."""

    user: str
    by: str
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactDeclined:
    """`contact_declined`: `by` declined the invitation."""

    user: str
    by: str
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactRemoved:
    """`contact_removed`: `user` is no contact of mine any more, or an invitation was withdrawn."""

    user: str
    by: str
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RemarkSet:
    """`remark_set`: I noted something about my contact `user`; None for nothing any more."""

    user: str
    by: str
    at: int
    remark: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UsersBlocked:
    """`users_blocked`: I hear nothing from users any more; invitations of theirs are gone."""

    users: tuple[str, ...]
    by: str
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UsersUnblocked:
    """`users_unblocked`: I hear from users again."""

    users: tuple[str, ...]
    by: str
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WritingSet:
    """`writing_set`: I said who may write to me, on whichever of my sessions: `anyone`, or my `contacts` alone."""

    writing: str
    by: str
    at: int


ContactEvent = (
    ContactInvited
    | ContactAgreed
    | ContactDeclined
    | ContactRemoved
    | RemarkSet
    | UsersBlocked
    | UsersUnblocked
    | WritingSet
)


def tell_of_contacts(hub: Hub, fact: object, at: int) -> None:
    """Tell of a fact, if it is about contacts. The event has its name."""
    if isinstance(fact, facts.ContactFact):
        hub.emit(fact.kind, _event_of(fact, at))


def _event_of(fact: facts.ContactFact, at: int) -> ContactEvent:
    match fact:
        case facts.ContactInvited(user=user, by=by, message=message):
            return ContactInvited(user=user, by=by, at=at, message=message)
        case facts.ContactAgreed(user=user, by=by):
            return ContactAgreed(user=user, by=by, at=at)
        case facts.ContactDeclined(user=user, by=by):
            return ContactDeclined(user=user, by=by, at=at)
        case facts.ContactRemoved(user=user, by=by):
            return ContactRemoved(user=user, by=by, at=at)
        case facts.RemarkSet(user=user, by=by, remark=remark):
            return RemarkSet(user=user, by=by, at=at, remark=remark)
        case facts.UsersBlocked(users=users, by=by):
            return UsersBlocked(users=users, by=by, at=at)
        case facts.UsersUnblocked(users=users, by=by):
            return UsersUnblocked(users=users, by=by, at=at)
        case facts.WritingSet(writing=writing, by=by):
            return WritingSet(writing=writing, by=by, at=at)
