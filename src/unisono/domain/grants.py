"""Grants: what the application's own server lets one user do, where a client alone is not to be enough.

A grant is good for one user and one command. It takes nothing away from the permission table: a command needs both.
"""

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from unisono.domain.commands import (
    AddMembers,
    Command,
    CreateConversation,
    EnterRoom,
    Join,
    RemoveMembers,
    Restrict,
)
from unisono.domain.errors import GrantInvalid
from unisono.domain.ids import ConversationId, Instant, UserId

TTL_MAX_S: Final = 600
"""How far ahead the end of a grant may lie: what was signed for one moment is of no use an hour later."""

GrantedAct = Literal["create", "add", "remove", "join"]


class GrantRules(Struct, frozen=True, forbid_unknown_fields=True):
    """Acts for which a client needs a grant that your own server signed; docs/guide/grants.md tells how."""

    required: Annotated[
        tuple[GrantedAct, ...],
        Meta(max_length=4, description="Which: some of create, add, remove, join. Best all of them, or none."),
    ] = ()


class Grant(Struct, frozen=True):
    """What a grant says. One with a `nonce` is good once; `expires_at` is the end that it names, without any leeway."""

    user: UserId
    act: GrantedAct
    expires_at: Instant
    conversation: ConversationId | None = None
    members: frozenset[UserId] = frozenset()
    nonce: str | None = None


class Need(Struct, frozen=True):
    """What a grant has to say to let a command through. `members` are the users it is about, but for the caller.

    `given` is the text of the grant that came along, if one did.
    """

    act: GrantedAct
    given: str | None
    conversation: ConversationId | None = None
    members: frozenset[UserId] = frozenset()


def need_of(user: UserId, command: Command) -> Need | None:
    """Say what it takes a grant for, if anything: also other words for the same act, or they would be the way round.

    Whom one removes by blocking is removed, and whoever enters a room is there. Leaving takes none, however it is said.
    """
    match command:
        case CreateConversation(members=members):
            return Need("create", command.grant, members=frozenset(members) - {user})
        case Join(conversation=conversation) | EnterRoom(conversation=conversation):
            return Need("join", command.grant, conversation)
        case AddMembers():
            return _need_for_others("add", user, command)
        case RemoveMembers() | Restrict(what="blocked", on=True):
            return _need_for_others("remove", user, command)
        case _:
            return None


def _need_for_others(act: GrantedAct, user: UserId, command: AddMembers | RemoveMembers | Restrict) -> Need | None:
    others = frozenset(command.users) - {user}
    return Need(act, command.grant, command.conversation, others) if others else None


def check_grant(grant: Grant, user: UserId, need: Need, now: Instant) -> None:
    """Let a command through for which a grant was given, or name the claim that is in the way.

    The user's own name among the members makes no difference.

    Raises:
        GrantInvalid: It is another user's, or says another act, conversation or members, or lasts too long.
    """
    if grant.user != user:
        raise GrantInvalid(claim="sub")
    if grant.act != need.act:
        raise GrantInvalid(claim="act", needed=need.act)
    if grant.conversation != need.conversation:
        raise GrantInvalid(claim="cnv")
    if grant.members - {user} != need.members:
        raise GrantInvalid(claim="mbr")
    if grant.expires_at > now + TTL_MAX_S * 1000:
        raise GrantInvalid(claim="exp", longest_s=TTL_MAX_S)
