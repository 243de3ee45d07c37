"""What may be asked about what a conversation is, who belongs to it, and who may do what."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from unisono_sdk.commands import Command
from unisono_sdk.facts import Json, Rules


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateConversation(Command):
    """Change what a conversation is; what is left out stays. Repeating a `key` changes nothing."""

    op: ClassVar[str] = "update"
    conversation: str
    name: str | None = None
    set: Mapping[str, Json] | None = None
    unset: tuple[str, ...] = ()
    amend: Mapping[str, Mapping[str, Json]] | None = None
    joining: str | None = None
    rules: Rules | None = None
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GetMembers(Command):
    """Ask who is on a list: members, muted, blocked or silenced."""

    op: ClassVar[str] = "members"
    conversation: str
    who: str = "members"
    after: str | None = None
    limit: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class SetMember(Command):
    """Give a member another role, or other attributes."""

    op: ClassVar[str] = "set_member"
    conversation: str
    user: str
    role: str | None = None
    attributes: Mapping[str, Json] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Restrict(Command):
    """Block or silence users, or let them again."""

    op: ClassVar[str] = "restrict"
    conversation: str
    users: tuple[str, ...]
    what: str
    on: bool = True
    for_s: int | None = None
    grant: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetLevel(Command):
    """Say of which messages I want to be alerted."""

    op: ClassVar[str] = "level"
    conversation: str
    level: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dissolve(Command):
    """End a conversation that I own."""

    op: ClassVar[str] = "dissolve"
    conversation: str
