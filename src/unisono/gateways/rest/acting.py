"""What operators do on behalf of a user: commands that the user could give as well, and the same comes of them."""

from collections.abc import Awaitable, Callable
from typing import Final

from msgspec import Struct

from unisono.admin_settings import AdminScope
from unisono.app.costs import cost_of
from unisono.domain import answers as a
from unisono.domain import commands as c
from unisono.domain.ids import ConversationId, UserId
from unisono.gateways.rest.bodies import body_of, query_of, values_of
from unisono.gateways.rest.operations import Asked, Desk, Method, Operation
from unisono.gateways.rest.shapes import (
    OfActor,
    OfConversation,
    OfFile,
    OfMember,
    OfMessage,
    OfNothing,
    OfObject,
    OfUser,
)
from unisono.wire.json_values import check_values

Build = Callable[..., c.Command]
Carry = Callable[[Desk, Asked, type[c.Command], Build], Awaitable[Struct]]

_BESIDE_STREAMS: Final = (c.MarkAllRead, c.RequestUpload, c.RemoveFile, c.Tell)
"""What is not one transaction of streams, which would keep its answer by itself."""
_USER: Final = "/v1/users/{user}"
_ALL: Final = _USER + "/conversations"
ONE: Final = _ALL + "/{conversation}"
_MEMBERS: Final = ONE + "/members"
_MEMBER: Final = _MEMBERS + "/{member}"
_MESSAGES: Final = ONE + "/messages"
_MESSAGE: Final = _MESSAGES + "/{message}"


async def act(desk: Desk, asked: Asked, command: type[c.Command], build: Build) -> Struct:
    """Carry out the command that a request says, on behalf of the user whom its path names."""
    made = said(desk, asked, command, build)
    return await desk.executor.on_behalf(asked.user, made, asked.request)


def said(desk: Desk, asked: Asked, command: type[c.Command], build: Build) -> c.Command:
    """Give the command that a request says. It counts as one request, or as several when it names many users.

    Raises:
        Malformed: It holds what is not plain JSON.
        RateLimited: Too many requests of this admin key.
    """
    values = {**values_of(asked.path), **values_of(asked.query), **values_of(asked.body)}
    for name in ("user", "by"):
        values.pop(name, None)
    if "key" in command.__struct_fields__:
        values.setdefault("key", asked.send_key(desk))
    made = build(**values)
    check_values(made)
    if (more := cost_of(made) - 1.0) > 0.0:
        desk.rate.spend(asked.by, more)
    return made


def does(
    command: type[c.Command],
    *answers: type[Struct],
    at: tuple[Method, str],
    name: str,
    summary: str,
    params: type[Struct] = OfConversation,
    scope: AdminScope = "conversations",
    build: Build | None = None,
    faults: tuple[str, ...] = (),
    carry: Carry = act,
    without: tuple[str, ...] = (),
) -> Operation:
    """Make an operation of a command. What the path does not say stands in the query or the body.

    Nobody can ask for what it is `without`.
    """
    method, path = at
    # The operator needs no grant of their own.
    named = (*params.__struct_fields__, *without, "grant", *(() if build is None else ("users", "user")))
    has_more = not set(command.__struct_fields__).issubset(named)

    async def carry_out(desk: Desk, asked: Asked) -> Struct:
        return await carry(desk, asked, command, build or command)

    return Operation(
        name=name,
        method=method,
        path=path,
        summary=summary,
        scope=scope,
        params=params,
        query=query_of(command, *named) if method == "GET" else OfNothing if carry is act else OfActor,
        bodies=(body_of(command, *named, optional=("key",)),) if has_more and method != "GET" else (),
        answers=answers,
        carry_out=carry_out,
        faults=("not_found", *faults),
        keeps_answer=command not in _BESIDE_STREAMS,
    )


def removal(conversation: ConversationId, member: UserId) -> c.RemoveMembers:
    """Give the command that makes one member leave."""
    return c.RemoveMembers(conversation, (member,))


def _member_change(conversation: ConversationId, member: UserId, **changes: object) -> c.SetMember:
    return c.SetMember(conversation, member, **changes)  # type: ignore[arg-type]  # read in the command's own shape


_ABOUT_CONVERSATIONS: Final[tuple[Operation, ...]] = (
    does(
        c.CreateConversation,
        a.ConversationView,
        at=("POST", _ALL),
        name="createConversation",
        summary="Begin a conversation, or give back the one that is there already",
        params=OfUser,
        faults=("limit_reached", "too_large"),
    ),
    does(
        c.ListConversations,
        a.Conversations,
        at=("GET", _ALL),
        name="listConversations",
        summary="List the conversations that a user is in",
        params=OfUser,
    ),
    does(
        c.FindConversations,
        a.FoundConversations,
        at=("POST", _ALL + "/query"),
        name="findConversations",
        summary="Find conversations of a user's, rooms, and open ones by their ids",
        params=OfUser,
        # The newest message is none of the business of a key without the scope `messages`.
        without=("with_last",),
    ),
    does(
        c.GetConversation,
        a.ConversationView,
        at=("GET", ONE),
        name="getConversation",
        summary="Show a conversation with its members",
    ),
    does(
        c.UpdateConversation,
        a.ConversationView,
        at=("PATCH", ONE),
        name="updateConversation",
        summary="Change a conversation's name, attributes, joining or rules",
        faults=("too_large",),
    ),
    does(
        c.Join,
        a.Membership,
        at=("PUT", ONE),
        name="joinConversation",
        summary="Become a member of an open conversation",
        faults=("limit_reached",),
    ),
    does(
        c.Quit,
        a.Membership,
        at=("DELETE", ONE),
        name="quitConversation",
        summary="Cease to be a member",
    ),
    does(
        c.Dissolve,
        a.Done,
        at=("POST", ONE + "/end"),
        name="dissolve",
        summary="End a conversation that the user owns, for all its members",
    ),
    does(
        c.CountPeople,
        a.Count,
        at=("GET", ONE + "/count"),
        name="countPeople",
        summary="Count the people in a room, or the members of another conversation",
    ),
    does(
        c.GetMembers,
        a.Members,
        at=("GET", _MEMBERS),
        name="listMembers",
        summary="List members, or users who are muted, blocked or silenced",
    ),
    does(
        c.AddMembers,
        a.Membership,
        at=("POST", _MEMBERS),
        name="addMembers",
        summary="Make users members",
        faults=("limit_reached",),
    ),
    does(
        c.SetMember,
        a.Done,
        at=("PATCH", _MEMBER),
        name="setMember",
        summary="Give a member another role, or other attributes",
        params=OfMember,
        build=_member_change,
        faults=("too_large",),
    ),
    does(
        c.RemoveMembers,
        a.Membership,
        at=("DELETE", _MEMBER),
        name="removeMember",
        summary="Make a member leave",
        params=OfMember,
        build=removal,
    ),
    does(
        c.Restrict,
        a.Done,
        at=("POST", ONE + "/restrictions"),
        name="restrict",
        summary="Block or silence users, or let them again",
    ),
    does(
        c.SetLevel,
        a.Done,
        at=("PUT", ONE + "/level"),
        name="setLevel",
        summary="Say of which messages the user wants to be alerted",
    ),
)

_ABOUT_MESSAGES: Final[tuple[Operation, ...]] = (
    does(
        c.SendMessage,
        a.Placed,
        a.Passed,
        at=("POST", _MESSAGES),
        name="sendMessage",
        summary="Send a message",
        scope="messages",
        faults=("too_large",),
    ),
    does(
        c.GetHistory,
        a.History,
        at=("GET", _MESSAGES),
        name="listMessages",
        summary="Read the history of a conversation",
        scope="messages",
    ),
    does(
        c.SearchMessages,
        a.FoundMessages,
        at=("GET", _USER + "/search"),
        name="searchMessages",
        summary="Find messages of a user's conversations by their words",
        params=OfUser,
        scope="messages",
    ),
    does(
        c.EditMessage,
        a.Placed,
        at=("PATCH", _MESSAGE),
        name="editMessage",
        summary="Give a message of the user's another content",
        params=OfMessage,
        scope="messages",
        faults=("too_large",),
    ),
    does(
        c.RecallMessage,
        a.Placed,
        at=("DELETE", _MESSAGE),
        name="recallMessage",
        summary="Take a message of the user's back",
        params=OfMessage,
        scope="messages",
    ),
    does(
        c.React,
        a.Done,
        at=("POST", _MESSAGE + "/reactions"),
        name="react",
        summary="Put a reaction to a message, or take it away",
        params=OfMessage,
        scope="messages",
        faults=("limit_reached",),
    ),
    does(
        c.GetReceipts,
        a.Receipts,
        at=("GET", _MESSAGE + "/receipts"),
        name="getReceipts",
        summary="Say who got and who read a message of the user's",
        params=OfMessage,
        scope="messages",
    ),
    does(
        c.GetUnread,
        a.Unread,
        at=("GET", _USER + "/unread"),
        name="getUnread",
        summary="Say what waits for a user, in all and by conversation",
        params=OfUser,
        scope="messages",
    ),
    does(
        c.GetMissed,
        a.Missed,
        at=("GET", _USER + "/missed"),
        name="getMissed",
        summary="Read the newest messages that wait for a user",
        params=OfUser,
        scope="messages",
    ),
    does(
        c.MarkRead,
        a.ReadMark,
        at=("PUT", ONE + "/read"),
        name="markRead",
        summary="Move a user's read mark",
        scope="messages",
    ),
    does(
        c.MarkAllRead,
        a.Unread,
        at=("PUT", _USER + "/read"),
        name="markAllRead",
        summary="Move a user's read marks to the ends of conversations",
        params=OfUser,
        scope="messages",
    ),
)

_ABOUT_FILES: Final[tuple[Operation, ...]] = (
    does(
        c.RequestUpload,
        a.Upload,
        at=("POST", _USER + "/files"),
        name="requestUpload",
        summary="Ask where to put a file of a user's",
        params=OfUser,
        scope="messages",
        faults=("too_large", "limit_reached", "storage_full"),
    ),
    does(
        c.RemoveFile,
        a.Done,
        at=("DELETE", _USER + "/files/{file}"),
        name="removeFile",
        summary="Remove a file of a user's",
        params=OfFile,
        scope="messages",
    ),
)

_ABOUT_OBJECTS: Final[tuple[Operation, ...]] = (
    does(
        c.ListObjects,
        a.Objects,
        at=("GET", _USER + "/objects"),
        name="listObjects",
        summary="List what a user keeps for all sessions",
        params=OfUser,
        scope="messages",
    ),
    does(
        c.SetObject,
        a.Placed,
        at=("PUT", _USER + "/objects/{name}"),
        name="setObject",
        summary="Keep a value for all sessions of a user",
        params=OfObject,
        scope="messages",
        faults=("conflict", "limit_reached", "too_large"),
    ),
    does(
        c.DropObject,
        a.Placed,
        a.Done,
        at=("DELETE", _USER + "/objects/{name}"),
        name="dropObject",
        summary="Keep nothing under a name any more",
        params=OfObject,
        scope="messages",
        without=("key", "expect"),
    ),
)

ACTING_OPERATIONS: Final = _ABOUT_CONVERSATIONS + _ABOUT_MESSAGES + _ABOUT_FILES + _ABOUT_OBJECTS
