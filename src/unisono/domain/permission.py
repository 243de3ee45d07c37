"""Who may do what: one table for every door.

A caller's standing towards the thing asked about decides. What one may not see and what does not exist give the same
answer, so a stranger gets `not_found`; a member whom the kind of conversation forbids it gets `forbidden`.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Final

from msgspec import Struct

from unisono.domain import commands as c
from unisono.domain.errors import AlreadyGreeted, Forbidden, NotFound, NotGreeted, NoUser
from unisono.domain.facts import ConversationKind


class Standing(Enum):
    """What a caller is to the thing asked about."""

    UNGREETED = "ungreeted"
    """A connection before login or resume."""
    NOBODY = "nobody"
    """A greeted connection that the server gave no user."""
    STRANGER = "stranger"
    """A user with no tie to the conversation, or where none is asked about."""
    FORMER = "former"
    """A member who left: may read up to there."""
    MEMBER = "member"
    """A member now."""


class Rule(Struct, frozen=True):
    """Who may, and whether it makes sense in a direct conversation, whose two members are fixed."""

    allowed: frozenset[Standing]
    in_direct: bool = True


_GREETING: Final = frozenset({Standing.UNGREETED})
_GREETED: Final = frozenset(Standing) - _GREETING
_USERS: Final = frozenset({Standing.STRANGER, Standing.FORMER, Standing.MEMBER})
_READERS: Final = frozenset({Standing.FORMER, Standing.MEMBER})
_MEMBERS: Final = frozenset({Standing.MEMBER})

RULES: Final[Mapping[type[c.Command], Rule]] = {
    c.Login: Rule(_GREETING),
    c.Resume: Rule(_GREETING),
    c.Ping: Rule(_GREETED),
    c.Logout: Rule(_USERS),
    c.Sync: Rule(_USERS),
    c.ReadStream: Rule(_READERS),
    c.CreateConversation: Rule(_USERS),
    c.GetConversation: Rule(_MEMBERS),
    c.ListConversations: Rule(_USERS),
    c.AddMembers: Rule(_MEMBERS, in_direct=False),
    c.RemoveMembers: Rule(_MEMBERS, in_direct=False),
    c.Join: Rule(_USERS, in_direct=False),
    c.Quit: Rule(_READERS, in_direct=False),
    c.SendMessage: Rule(_MEMBERS),
    c.GetHistory: Rule(_READERS),
    c.MarkRead: Rule(_MEMBERS),
    c.TellTyping: Rule(_MEMBERS),
    c.EditMessage: Rule(_MEMBERS),
    c.RecallMessage: Rule(_MEMBERS),
    c.React: Rule(_MEMBERS),
    c.ListSessions: Rule(_USERS),
    c.CloseSession: Rule(_USERS),
    c.CloseDevice: Rule(_USERS),
}


def check(command: type[c.Command], standing: Standing, of: ConversationKind | None = None) -> None:
    """Let a command through, or say why not.

    Raises:
        NotGreeted: The connection has to log in or resume first.
        AlreadyGreeted: It has done so already.
        NoUser: The server gave this connection no user.
        NotFound: The caller may not know whether it exists.
        Forbidden: The caller may know, but not do this.
    """
    rule = RULES[command]
    if standing not in rule.allowed:
        raise _refusal(standing, rule)
    if of == "direct" and not rule.in_direct:
        raise Forbidden(reason="members of a direct conversation are fixed") if standing in _READERS else NotFound()


def _refusal(standing: Standing, rule: Rule) -> Exception:
    if standing is Standing.UNGREETED:
        return NotGreeted()
    if rule.allowed == _GREETING:
        return AlreadyGreeted()
    return NoUser() if standing is Standing.NOBODY else NotFound()
