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
from unisono.domain.kinds import KINDS


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
    """Who may, and who may besides where a conversation is open; and whether it is about a list that may change."""

    allowed: frozenset[Standing]
    if_open: frozenset[Standing] = frozenset()
    changes_members: bool = False


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
    c.GetConversation: Rule(_MEMBERS, if_open=_USERS),
    c.ListConversations: Rule(_USERS),
    c.AddMembers: Rule(_MEMBERS, changes_members=True),
    c.RemoveMembers: Rule(_MEMBERS, changes_members=True),
    c.Join: Rule(_USERS, changes_members=True),
    c.Quit: Rule(_READERS, changes_members=True),
    c.SendMessage: Rule(_MEMBERS),
    c.GetHistory: Rule(_READERS),
    c.MarkRead: Rule(_MEMBERS),
    c.TellTyping: Rule(_MEMBERS),
    c.EditMessage: Rule(_MEMBERS),
    c.RecallMessage: Rule(_MEMBERS),
    c.React: Rule(_MEMBERS),
    c.MarkAllRead: Rule(_USERS),
    c.MarkUnread: Rule(_MEMBERS),
    c.MarkDelivered: Rule(_MEMBERS),
    c.GetReceipts: Rule(_MEMBERS),
    c.GetUnread: Rule(_USERS),
    c.ListSessions: Rule(_USERS),
    c.CloseSession: Rule(_USERS),
    c.CloseDevice: Rule(_USERS),
    c.AskPresence: Rule(_USERS),
    c.Watch: Rule(_USERS),
    c.Unwatch: Rule(_USERS),
}


def check(
    command: type[c.Command], standing: Standing, of: ConversationKind | None = None, *, is_open: bool = False
) -> None:
    """Let a command through, or say why not.

    Raises:
        NotGreeted: The connection has to log in or resume first.
        AlreadyGreeted: It has done so already.
        NoUser: The server gave this connection no user.
        NotFound: The caller may not know whether it exists.
        Forbidden: The caller may know, but not do this.
    """
    rule = RULES[command]
    if standing not in rule.allowed and not (is_open and standing in rule.if_open):
        raise _refusal(standing, rule)
    if of is not None and rule.changes_members and (members := KINDS[of].members) != "changing":
        knows = standing in _READERS or is_open
        raise Forbidden(reason=f"members of a {of} conversation are {members}") if knows else NotFound()


def _refusal(standing: Standing, rule: Rule) -> Exception:
    if standing is Standing.UNGREETED:
        return NotGreeted()
    if rule.allowed == _GREETING:
        return AlreadyGreeted()
    return NoUser() if standing is Standing.NOBODY else NotFound()
