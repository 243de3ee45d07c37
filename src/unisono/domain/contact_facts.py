"""What happens between two users. Each fact stands in the stream of everybody it is told to, and tells of the other.

Nothing here tells a user that somebody blocked them: that stands in the stream of who did it, alone.
"""

from typing import Literal

from unisono.domain.ids import UserId
from unisono.domain.origin import Caused

Writing = Literal["anyone", "contacts"]
"""Who may write to a user."""


class ContactInvited(Caused, frozen=True, omit_defaults=True, tag_field="kind", tag="contact_invited"):
    """`by` asked to be a contact: this user asked `user`, or was asked by them.

    The `message` is there as long as the invitation is open.
    """

    user: UserId
    by: UserId
    message: str | None = None


class ContactAgreed(Caused, frozen=True, omit_defaults=True, tag_field="kind", tag="contact_agreed"):
    """This user and `user` are contacts: `by` accepted the other's invitation, or invited back."""

    user: UserId
    by: UserId


class ContactDeclined(Caused, frozen=True, omit_defaults=True, tag_field="kind", tag="contact_declined"):
    """`by` declined the other's invitation."""

    user: UserId
    by: UserId


class ContactRemoved(Caused, frozen=True, omit_defaults=True, tag_field="kind", tag="contact_removed"):
    """This user and `user` are contacts no more, or an invitation was withdrawn: by who had sent it."""

    user: UserId
    by: UserId


class RemarkSet(Caused, frozen=True, omit_defaults=True, tag_field="kind", tag="remark_set"):
    """This user noted something about their contact `user`, or nothing any more. Nobody else sees it."""

    user: UserId
    by: UserId
    remark: str | None = None


class UsersBlocked(Caused, frozen=True, omit_defaults=True, tag_field="kind", tag="users_blocked"):
    """This user wants to hear nothing from `users`. Invitations of theirs that were open here are gone."""

    users: tuple[UserId, ...]
    by: UserId


class UsersUnblocked(Caused, frozen=True, omit_defaults=True, tag_field="kind", tag="users_unblocked"):
    """This user hears from `users` again."""

    users: tuple[UserId, ...]
    by: UserId


class WritingSet(Caused, frozen=True, omit_defaults=True, tag_field="kind", tag="writing_set"):
    """This user said who may write to them: `anyone`, or their `contacts` alone. Nobody else sees it."""

    writing: Writing
    by: UserId


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
