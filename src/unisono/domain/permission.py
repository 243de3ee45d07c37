"""Who may do what: one table for every door.

A caller's standing towards the thing asked about decides. What one may not see and what does not exist give the same
answer, so a stranger gets `not_found`; a member whom the kind of conversation forbids it gets `forbidden`.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Final, Literal, get_args

from msgspec import Struct

from unisono.domain import commands as c
from unisono.domain.errors import AlreadyGreeted, Forbidden, NotFound, NotGreeted, NoUser
from unisono.domain.facts import ConversationKind, Role, Rules
from unisono.domain.kinds import KINDS, MemberList

RuleName = Literal["add", "remove", "update", "mention_all", "restrict"]


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
    MANAGER = "manager"
    """A member whom the owner trusts with the others."""
    OWNER = "owner"
    """The member who rules: the creator, until they hand it over or leave."""
    OPERATOR = "operator"
    """Who runs the server: above all members, and none of them."""


class Rule(Struct, frozen=True):
    """Who may, and what else it takes.

    - `if_open`: who may besides where a conversation is open.
    - `if_kept`: who may in a room that keeps its history.
    - `by`: of those allowed, who has the role that the conversation's rules ask for this.
    - `lists`: it makes sense only with such a list of members.
    - `takes_owner`: it makes sense only where somebody is the owner.
    - `speaks`: a silenced user may not.
    - `is_operators`: the operator may besides, in conversations that are the operator's.
    - `outlasts`: the operator may where the conversation is over, too.
    - `takes_presence`: where members are not listed, who is there may, and nobody else.
    - `takes_threads`: it makes sense only where there may be threads.
    - `rules_threads`: in a thread who began it may, and who manages or owns the group, members of it or not.
    """

    allowed: frozenset[Standing]
    if_open: frozenset[Standing] = frozenset()
    if_kept: frozenset[Standing] = frozenset()
    by: RuleName | None = None
    lists: frozenset[MemberList] = frozenset(get_args(MemberList))
    takes_owner: bool = False
    speaks: bool = False
    takes_presence: bool = False
    is_operators: bool = False
    outlasts: bool = False
    takes_threads: bool = False
    rules_threads: bool = False


_GREETING: Final = frozenset({Standing.UNGREETED})
_GREETED: Final = frozenset(Standing) - _GREETING - {Standing.OPERATOR}
_MEMBERS: Final = frozenset({Standing.MEMBER, Standing.MANAGER, Standing.OWNER})
_RULERS: Final = _MEMBERS | {Standing.OPERATOR}
_READERS: Final = _MEMBERS | {Standing.FORMER}
_USERS: Final = _READERS | {Standing.STRANGER}
_CHANGING: Final[frozenset[MemberList]] = frozenset({"changing"})
_ENDING: Final[frozenset[MemberList]] = _CHANGING | {"joined"}
_LISTED: Final[frozenset[MemberList]] = _ENDING | {"fixed"}
_UNLISTED: Final[frozenset[MemberList]] = frozenset({"unlisted"})
_KEPT: Final[frozenset[MemberList]] = _LISTED | {"subscribed"}
_COMING: Final[frozenset[MemberList]] = _ENDING | {"subscribed"}
_RUN_BY_USERS: Final[frozenset[MemberList]] = _LISTED | _UNLISTED
RANKS: Final[tuple[Role, ...]] = ("member", "manager", "owner")
"""Roles, the least first."""

RULES: Final[Mapping[type[c.Command], Rule]] = {
    c.Login: Rule(_GREETING),
    c.Resume: Rule(_GREETING),
    c.Ping: Rule(_GREETED),
    c.Logout: Rule(_USERS),
    c.Sync: Rule(_USERS),
    c.ReadStream: Rule(_READERS, lists=_KEPT),
    c.CreateConversation: Rule(_USERS),
    c.GetConversation: Rule(_RULERS, if_open=_USERS, outlasts=True),
    c.ListConversations: Rule(_USERS),
    c.AddMembers: Rule(_RULERS, by="add", lists=_CHANGING),
    c.RemoveMembers: Rule(_RULERS, by="remove", lists=_CHANGING),
    c.Join: Rule(_MEMBERS, if_open=_USERS, lists=_COMING),
    c.Quit: Rule(_READERS, lists=_COMING),
    c.UpdateConversation: Rule(_RULERS, by="update", lists=_RUN_BY_USERS, is_operators=True, rules_threads=True),
    c.GetMembers: Rule(_RULERS, lists=_RUN_BY_USERS, outlasts=True),
    c.SetMember: Rule(_MEMBERS, lists=_LISTED),
    c.Restrict: Rule(_RULERS, by="restrict", takes_owner=True),
    c.SetLevel: Rule(_MEMBERS, lists=_KEPT),
    c.Dissolve: Rule(_RULERS, lists=_ENDING, rules_threads=True),
    c.SendMessage: Rule(_MEMBERS, lists=_RUN_BY_USERS, speaks=True, takes_presence=True),
    c.GetHistory: Rule(_READERS | _RULERS, if_kept=_USERS | _RULERS, lists=_KEPT, outlasts=True),
    c.MarkRead: Rule(_MEMBERS, lists=_KEPT),
    c.TellTyping: Rule(_MEMBERS, lists=_RUN_BY_USERS, speaks=True, takes_presence=True),
    c.EditMessage: Rule(_RULERS, lists=_LISTED, speaks=True, is_operators=True),
    c.RecallMessage: Rule(_RULERS, if_kept=_USERS | _RULERS, lists=_LISTED, is_operators=True, outlasts=True),
    c.React: Rule(_MEMBERS, lists=_LISTED, speaks=True),
    c.MarkAllRead: Rule(_USERS),
    c.MarkUnread: Rule(_MEMBERS, lists=_KEPT),
    c.MarkDelivered: Rule(_MEMBERS, lists=_LISTED),
    c.GetReceipts: Rule(_MEMBERS, lists=_LISTED),
    c.GetUnread: Rule(_USERS),
    c.GetMissed: Rule(_USERS),
    c.ListSessions: Rule(_USERS),
    c.CloseSession: Rule(_USERS),
    c.CloseDevice: Rule(_USERS),
    c.FindConversations: Rule(_USERS),
    c.SearchMessages: Rule(_USERS),
    c.AskPresence: Rule(_USERS),
    c.Watch: Rule(_USERS),
    c.Unwatch: Rule(_USERS),
    c.EnterRoom: Rule(_MEMBERS, if_open=_USERS, lists=_UNLISTED),
    c.LeaveRoom: Rule(_MEMBERS, if_open=_USERS, lists=_UNLISTED),
    c.CountPeople: Rule(_MEMBERS, if_open=_USERS),
    c.LeaveWill: Rule(_MEMBERS, speaks=True, takes_presence=True),
    c.DropWill: Rule(_USERS),
    c.RegisterPush: Rule(_USERS),
    c.UnregisterPush: Rule(_USERS),
    c.RequestUpload: Rule(_USERS),
    c.RemoveFile: Rule(_USERS),
    c.SetObject: Rule(_USERS),
    c.DropObject: Rule(_USERS),
    c.ListObjects: Rule(_USERS),
    c.ShareTabs: Rule(_USERS),
    c.CloseTab: Rule(_USERS),
    c.Claim: Rule(_USERS),
    c.RenewClaim: Rule(_USERS),
    c.FinishClaim: Rule(_USERS),
    c.ReleaseClaim: Rule(_USERS),
    c.Tell: Rule(_USERS),
    c.Took: Rule(_USERS),
    c.PinConversation: Rule(_MEMBERS, lists=_KEPT),
    c.UnpinConversation: Rule(_MEMBERS, lists=_KEPT),
    c.MarkConversation: Rule(_MEMBERS, lists=_KEPT),
    c.UnmarkConversation: Rule(_MEMBERS, lists=_KEPT),
    c.Ask: Rule(_USERS),
    c.ReplyTo: Rule(_USERS),
    c.SilenceConversation: Rule(_MEMBERS, lists=_KEPT),
    c.UnsilenceConversation: Rule(_MEMBERS, lists=_KEPT),
    c.SilenceAll: Rule(_USERS),
    c.UnsilenceAll: Rule(_USERS),
    c.GetSilence: Rule(_USERS),
    c.StartCall: Rule(_USERS),
    c.AnswerCall: Rule(_USERS),
    c.DeclineCall: Rule(_USERS),
    c.HangUp: Rule(_USERS),
    c.HandOver: Rule(_USERS),
    c.SignalCall: Rule(_USERS),
    c.ListCalls: Rule(_USERS),
    c.GetTurn: Rule(_USERS),
    c.DeleteConversation: Rule(_MEMBERS, lists=_KEPT),
    c.DeleteHistory: Rule(_MEMBERS, lists=_KEPT),
    c.DeleteMessages: Rule(_MEMBERS, lists=_KEPT),
    c.InviteContact: Rule(_USERS),
    c.AcceptContact: Rule(_USERS),
    c.DeclineContact: Rule(_USERS),
    c.RemoveContact: Rule(_USERS),
    c.RemarkContact: Rule(_USERS),
    c.BlockUsers: Rule(_USERS),
    c.UnblockUsers: Rule(_USERS),
    c.SetWriting: Rule(_USERS),
    c.GetWriting: Rule(_USERS),
    c.ListContacts: Rule(_USERS),
    c.CreateThread: Rule(_MEMBERS, speaks=True, takes_threads=True),
    c.ListThreads: Rule(_USERS | {Standing.OPERATOR}, outlasts=True),
}


class About(Struct, frozen=True):
    """What a conversation says about who may do what to it."""

    of: ConversationKind
    is_open: bool = False
    rules: Rules = Rules()
    keeps_history: bool = False


def check(
    command: type[c.Command], standing: Standing, about: About | None = None, *, is_present: bool = False
) -> None:
    """Let a command through, or say why not. `is_present`: the caller is in the conversation, a room.

    Raises:
        NotGreeted: The connection has to log in or resume first.
        AlreadyGreeted: It has done so already.
        NoUser: The server gave this connection no user.
        NotFound: The caller may not know whether it exists.
        Forbidden: The caller may know, but not do this.
    """
    rule = RULES[command]
    is_open = about is not None and about.is_open
    if about is not None and about.keeps_history and standing in rule.if_kept:
        return
    if rule.takes_presence and about is not None and KINDS[about.of].members == "unlisted" and standing in _USERS:
        if not is_present:
            raise Forbidden(reason="enter the room first")
        return
    if standing not in rule.allowed and not (is_open and standing in rule.if_open):
        raise _refusal(standing, rule)
    if about is None:
        return
    kind = KINDS[about.of]
    is_theirs = rule.is_operators and standing is Standing.OPERATOR and kind.writers == "operator"
    if kind.members not in rule.lists and not is_theirs:
        knows = standing in _READERS | _RULERS or is_open
        raise Forbidden(reason=f"members of a {about.of} conversation are {kind.members}") if knows else NotFound()
    if rule.takes_owner and not kind.has_owner:
        raise Forbidden(reason=f"a {about.of} conversation has no owner")
    if rule.takes_threads and not kind.has_threads:
        raise Forbidden(reason=f"a {about.of} conversation has no threads")
    if rule.by is not None and kind.has_owner:
        check_role(rule.by, standing, about.rules)


def check_role(by: RuleName, standing: Standing, rules: Rules) -> None:
    """Let a member through whose role is at least what a rule of their conversation asks for.

    Raises:
        Forbidden: A lower one.
    """
    least: Role = getattr(rules, by)
    if RANKS.index(least) > rank_of(standing):
        raise Forbidden(reason=f"{by} takes a role", least=least)


def rank_of(standing: Standing) -> int:
    """Say how high a standing is: 0 for a member, higher for who may rule others, -1 for all others."""
    if standing is Standing.OPERATOR:
        return len(RANKS)
    return RANKS.index(standing.value) if standing in _MEMBERS else -1


def _refusal(standing: Standing, rule: Rule) -> Exception:
    if standing is Standing.UNGREETED:
        return NotGreeted()
    if rule.allowed == _GREETING:
        return AlreadyGreeted()
    if standing is Standing.OPERATOR:
        return Forbidden(reason="not for the operator")
    return NoUser() if standing is Standing.NOBODY else NotFound()
