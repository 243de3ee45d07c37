"""What may be asked about members: who they are, what they may, and what they want to be alerted of."""

from typing import Annotated, Final, Literal

from msgspec import Meta

from unisono.domain.commands.base import Command, GrantIn, PageSize, Users
from unisono.domain.facts import Level, Restriction, Role
from unisono.domain.ids import ConversationIdIn, Json, UserIdIn

RESTRICTION_MAX_S: Final = 10 * 366 * 86_400

Roll = Literal["members", "muted", "blocked", "silenced"]


class GetMembers(Command, frozen=True, tag="members"):
    """Ask who is a member, by user id, a page at a time; or who of them muted it, or who is restricted."""

    conversation: ConversationIdIn
    who: Roll = "members"
    after: UserIdIn | None = None
    limit: PageSize = 100


class SetMember(Command, frozen=True, tag="set_member"):
    """Give a member another role, or other attributes in place of those they have.

    The owner who makes another the owner is a manager from then on.
    """

    conversation: ConversationIdIn
    user: UserIdIn
    role: Role | None = None
    attributes: dict[str, Json] | None = None


class Restrict(Command, frozen=True, tag="restrict"):
    """Let users be no members (`blocked`) or not speak (`silenced`), for some time or for ever; or let them again."""

    conversation: ConversationIdIn
    users: Users
    what: Restriction
    on: bool = True
    for_s: Annotated[int, Meta(ge=1, le=RESTRICTION_MAX_S)] | None = None
    grant: GrantIn | None = None


class SetLevel(Command, frozen=True, tag="level"):
    """Say of which messages of a conversation I want to be alerted, on all my sessions."""

    conversation: ConversationIdIn
    level: Level
