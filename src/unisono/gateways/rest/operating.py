"""What operators do themselves: see every conversation, put right what is in it, and end it."""

from typing import Final

from msgspec import Struct

from unisono.domain import answers as a
from unisono.domain import commands as c
from unisono.gateways.rest.acting import Build, does, removal, said
from unisono.gateways.rest.operations import Asked, Desk, Operation
from unisono.gateways.rest.shapes import OfActor, OfAnyConversation, OfAnyMember, OfAnyMessage

_ONE: Final = "/v1/conversations/{conversation}"
_MEMBERS: Final = _ONE + "/members"
_MESSAGE: Final = _ONE + "/messages/{message}"


async def operate(desk: Desk, asked: Asked, command: type[c.Command], build: Build) -> Struct:
    """Carry out the command that a request says, as the operator."""
    actor = asked.query if isinstance(asked.query, OfActor) else OfActor()
    return await desk.executor.for_operator(actor.by, said(desk, asked, command, build), asked.request)


OPERATING_OPERATIONS: Final[tuple[Operation, ...]] = (
    does(
        c.GetConversation,
        a.ConversationView,
        at=("GET", _ONE),
        name="seeConversation",
        summary="Show any conversation with its members",
        params=OfAnyConversation,
        carry=operate,
    ),
    does(
        c.UpdateConversation,
        a.ConversationView,
        at=("PATCH", _ONE),
        name="rectifyConversation",
        summary="Change any conversation's name, attributes, joining or rules",
        params=OfAnyConversation,
        faults=("too_large",),
        carry=operate,
    ),
    does(
        c.Dissolve,
        a.Done,
        at=("DELETE", _ONE),
        name="endConversation",
        summary="End any conversation, for all its members",
        params=OfAnyConversation,
        carry=operate,
    ),
    does(
        c.GetMembers,
        a.Members,
        at=("GET", _MEMBERS),
        name="seeMembers",
        summary="List members of any conversation, or users who are muted, blocked or silenced",
        params=OfAnyConversation,
        carry=operate,
    ),
    does(
        c.AddMembers,
        a.Membership,
        at=("POST", _MEMBERS),
        name="putMembers",
        summary="Make users members of any conversation",
        params=OfAnyConversation,
        faults=("limit_reached",),
        carry=operate,
    ),
    does(
        c.RemoveMembers,
        a.Membership,
        at=("DELETE", _MEMBERS + "/{member}"),
        name="takeMember",
        summary="Make a member of any conversation leave",
        params=OfAnyMember,
        build=removal,
        carry=operate,
    ),
    does(
        c.Restrict,
        a.Done,
        at=("POST", _ONE + "/restrictions"),
        name="restrictMembers",
        summary="Block or silence users in any conversation, or let them again",
        params=OfAnyConversation,
        carry=operate,
    ),
    does(
        c.GetHistory,
        a.History,
        at=("GET", _ONE + "/messages"),
        name="seeMessages",
        summary="Read the history of any conversation",
        params=OfAnyConversation,
        scope="messages",
        carry=operate,
    ),
    does(
        c.EditMessage,
        a.Placed,
        at=("PATCH", _MESSAGE),
        name="rectifyMessage",
        summary="Give anybody's message another content",
        params=OfAnyMessage,
        scope="messages",
        faults=("too_large",),
        carry=operate,
    ),
    does(
        c.RecallMessage,
        a.Placed,
        at=("DELETE", _MESSAGE),
        name="withdrawMessage",
        summary="Take anybody's message back, however old",
        params=OfAnyMessage,
        scope="messages",
        carry=operate,
    ),
)
