"""What may be asked about contacts of the caller, and whom they block."""

from typing import Annotated, Final, Literal

from msgspec import Meta

from unisono.domain.commands.base import Command, PageSize
from unisono.domain.contact_facts import Writing
from unisono.domain.ids import NO_NUL, UserIdIn

MESSAGE_MAX_CHARS: Final = 256
REMARK_MAX_CHARS: Final = 128
BLOCKED_AT_ONCE_MAX: Final = 100

Ties = Literal["contacts", "received", "sent", "blocked"]
BlockedUsers = Annotated[tuple[UserIdIn, ...], Meta(min_length=1, max_length=BLOCKED_AT_ONCE_MAX)]


class InviteContact(Command, frozen=True, tag="invite_contact"):
    """Ask a user to be my contact. Who asked me before is my contact by it; a repeat changes nothing."""

    user: UserIdIn
    message: Annotated[str, Meta(min_length=1, max_length=MESSAGE_MAX_CHARS, pattern=NO_NUL)] | None = None


class AcceptContact(Command, frozen=True, tag="accept_contact"):
    """Be a contact of who asked me."""

    user: UserIdIn


class DeclineContact(Command, frozen=True, tag="decline_contact"):
    """Be no contact of who asked me; they are told. Nothing to decline is no fault."""

    user: UserIdIn


class RemoveContact(Command, frozen=True, tag="remove_contact"):
    """Be no contact of a user any more, or withdraw my invitation; they are told. Neither there is no fault."""

    user: UserIdIn


class RemarkContact(Command, frozen=True, tag="remark_contact"):
    """Note something about a contact, for all my sessions and nobody else; nothing without a remark."""

    user: UserIdIn
    remark: Annotated[str, Meta(max_length=REMARK_MAX_CHARS, pattern=NO_NUL)] | None = None


class BlockUsers(Command, frozen=True, tag="block_users"):
    """Hear nothing from users any more. They are not told; who is blocked already is passed over."""

    users: BlockedUsers


class UnblockUsers(Command, frozen=True, tag="unblock_users"):
    """Hear from users again; who is not blocked is passed over."""

    users: BlockedUsers


class SetWriting(Command, frozen=True, tag="set_writing"):
    """Say who may write to me: `anyone` whom the app lets, or my `contacts` alone."""

    writing: Writing


class GetWriting(Command, frozen=True, tag="writing"):
    """Ask whom I let write to me."""


class ListContacts(Command, frozen=True, tag="contacts"):
    """Ask for my contacts, who asked me (`received`), whom I asked (`sent`) or whom I block.

    By user id, a page behind the user `after`; or the one named `only`, whatever they are to me.
    """

    which: Ties = "contacts"
    only: UserIdIn | None = None
    after: UserIdIn | None = None
    limit: PageSize = 100
