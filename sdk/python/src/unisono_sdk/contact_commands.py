"""Contacts: commands and answers about them."""

from dataclasses import dataclass
from typing import ClassVar

from unisono_sdk.commands import Command
from unisono_sdk.kept import Kept
from unisono_sdk.silence import SilenceOfAll


@dataclass(frozen=True, slots=True, kw_only=True)
class InviteContact(Command):
    """Ask a user to be my contact."""

    op: ClassVar[str] = "invite_contact"
    user: str
    message: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptContact(Command):
    """Be a contact of who asked me."""

    op: ClassVar[str] = "accept_contact"
    user: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclineContact(Command):
    """Be no contact of who asked me."""

    op: ClassVar[str] = "decline_contact"
    user: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveContact(Command):
    """Be no contact of a user any more, or withdraw my invitation."""

    op: ClassVar[str] = "remove_contact"
    user: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RemarkContact(Command):
    """Note something about a contact."""

    op: ClassVar[str] = "remark_contact"
    user: str
    remark: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockUsers(Command):
    """Hear nothing from users any more."""

    op: ClassVar[str] = "block_users"
    users: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnblockUsers(Command):
    """Hear from users again."""

    op: ClassVar[str] = "unblock_users"
    users: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SetWriting(Command):
    """Say who may write to me: `anyone`, or my `contacts`."""

    op: ClassVar[str] = "set_writing"
    writing: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GetWriting(Command):
    """Ask whom I let write to me."""

    op: ClassVar[str] = "writing"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListContacts(Command):
    """Ask what users are to me: `contacts`, who asked me (`received`), whom I asked (`sent`) or `blocked`."""

    op: ClassVar[str] = "contacts"
    which: str = "contacts"
    only: str | None = None
    after: str | None = None
    limit: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactView:
    """What a user is to me, since when: a contact (`friend`), `invited` by me, who `asked` me, or `none` of it.

    `message` is that of an open invitation, `remark` what I noted.
    """

    user: str
    state: str
    since: int
    is_blocked: bool = False
    remark: str | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactPage:
    """What users are to me, by user id; `next` asks for the following page."""

    kind: ClassVar[str] = "contacts"
    contacts: tuple[ContactView, ...]
    next: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WritingRule:
    """Whom I let write to me."""

    kind: ClassVar[str] = "writing"
    writing: str = "anyone"


AnswerAboutMine = Kept | ContactPage | WritingRule | SilenceOfAll
