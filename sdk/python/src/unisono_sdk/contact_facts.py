"""What happens between me and other users, as facts of my stream."""

from dataclasses import dataclass
from typing import ClassVar

from unisono_sdk.origin import Caused


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactInvited(Caused):
    """`by`, me or `user`, asked to be a contact; the `message` is there while the invitation is open."""

    kind: ClassVar[str] = "contact_invited"
    user: str
    by: str
    message: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactAgreed(Caused):
    """`user` is a contact of mine: `by` accepted, or invited back."""

    kind: ClassVar[str] = "contact_agreed"
    user: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactDeclined(Caused):
    """`by` declined the invitation."""

    kind: ClassVar[str] = "contact_declined"
    user: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactRemoved(Caused):
    """`user` is no contact of mine any more, or an invitation was withdrawn: `by` did it."""

    kind: ClassVar[str] = "contact_removed"
    user: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RemarkSet(Caused):
    """I noted something about a contact, or nothing any more."""

    kind: ClassVar[str] = "remark_set"
    user: str
    by: str
    remark: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UsersBlocked(Caused):
    """I hear nothing from users any more; invitations of theirs are gone."""

    kind: ClassVar[str] = "users_blocked"
    users: tuple[str, ...]
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UsersUnblocked(Caused):
    """I hear from users again."""

    kind: ClassVar[str] = "users_unblocked"
    users: tuple[str, ...]
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WritingSet(Caused):
    """I said who may write to me: `anyone`, or my `contacts` alone."""

    kind: ClassVar[str] = "writing_set"
    writing: str
    by: str


ContactFact = (
    ContactInvited
    | ContactAgreed
    | ContactDeclined
    | ContactRemoved
    | RemarkSet
    | UsersBlocked
    | UsersUnblocked
    | WritingSet
)
