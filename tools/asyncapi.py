"""The native protocol for machines: an AsyncAPI 3 document made from the structs of the wire."""

import json
from collections.abc import Iterable, Mapping
from inspect import cleandoc
from typing import Annotated, Any, Final, get_args

import msgspec
from msgspec import Meta

from unisono.domain import answers as a
from unisono.domain import call_answers as ca
from unisono.domain import commands as c
from unisono.domain.facts import Fact
from unisono.domain.ties import Contacts, WritingRule
from unisono.domain.told import Addressed, Answered
from unisono.wire.codes import CODES
from unisono.wire.native import SUBPROTOCOLS, Bye, Delivery, EventFrame, Refusal, Reply, Request

Schema = dict[str, Any]

ANSWERS: Final[Mapping[type[c.Command], tuple[type[a.Answer], ...]]] = {
    c.Login: (a.Welcome,),
    c.Resume: (a.Welcome,),
    c.Logout: (a.Done,),
    c.Ping: (a.Pong,),
    c.Sync: (a.Moved,),
    c.ReadStream: (a.Facts, a.StartOver),
    c.CreateConversation: (a.ConversationView,),
    c.GetConversation: (a.ConversationView,),
    c.ListConversations: (a.Conversations,),
    c.AddMembers: (a.Membership,),
    c.RemoveMembers: (a.Membership,),
    c.Join: (a.Membership,),
    c.Quit: (a.Membership,),
    c.SendMessage: (a.Placed, a.Passed),
    c.TellTyping: (a.Done,),
    c.EditMessage: (a.Placed,),
    c.RecallMessage: (a.Placed,),
    c.React: (a.Done,),
    c.MarkAllRead: (a.Unread,),
    c.MarkUnread: (a.Done,),
    c.GetUnread: (a.Unread,),
    c.GetMissed: (a.Missed,),
    c.SetObject: (a.Placed,),
    c.DropObject: (a.Placed, a.Done),
    c.ListObjects: (a.Objects,),
    c.ShareTabs: (a.Done,),
    c.CloseTab: (a.Done,),
    c.Tell: (Addressed,),
    c.Took: (a.Done,),
    c.PinConversation: (a.Done,),
    c.UnpinConversation: (a.Done,),
    c.MarkConversation: (a.Done,),
    c.UnmarkConversation: (a.Done,),
    c.Ask: (Answered,),
    c.ReplyTo: (a.Done,),
    c.SilenceConversation: (a.Done,),
    c.UnsilenceConversation: (a.Done,),
    c.SilenceAll: (a.Done,),
    c.UnsilenceAll: (a.Done,),
    c.GetSilence: (a.SilenceOfAll,),
    c.DeleteConversation: (a.Done,),
    c.DeleteHistory: (a.Done,),
    c.DeleteMessages: (a.Done,),
    c.MarkDelivered: (a.Done,),
    c.GetReceipts: (a.Receipts,),
    c.GetHistory: (a.History,),
    c.MarkRead: (a.ReadMark,),
    c.ListSessions: (a.Sessions,),
    c.CloseSession: (a.Done,),
    c.CloseDevice: (a.Done,),
    c.FindConversations: (a.FoundConversations,),
    c.SearchMessages: (a.FoundMessages,),
    c.AskPresence: (a.Presences,),
    c.Watch: (a.Presences,),
    c.Unwatch: (a.Done,),
    c.UpdateConversation: (a.ConversationView,),
    c.GetMembers: (a.Members,),
    c.SetMember: (a.Done,),
    c.Restrict: (a.Done,),
    c.SetLevel: (a.Done,),
    c.EnterRoom: (a.Done,),
    c.LeaveRoom: (a.Done,),
    c.CountPeople: (a.Count,),
    c.LeaveWill: (a.Done,),
    c.DropWill: (a.Done,),
    c.RegisterPush: (a.Done,),
    c.UnregisterPush: (a.Done,),
    c.RequestUpload: (a.Upload,),
    c.RemoveFile: (a.Done,),
    c.Dissolve: (a.Done,),
    c.Claim: (ca.Claimed,),
    c.RenewClaim: (ca.Claimed,),
    c.FinishClaim: (ca.Claimed,),
    c.ReleaseClaim: (ca.Claimed,),
    c.StartCall: (ca.CallAnswer,),
    c.AnswerCall: (ca.CallAnswer,),
    c.DeclineCall: (ca.CallAnswer,),
    c.HangUp: (ca.CallAnswer,),
    c.HandOver: (ca.CallAnswer,),
    c.SignalCall: (a.Done,),
    c.ListCalls: (ca.Calls,),
    c.GetTurn: (ca.TurnServers,),
    c.InviteContact: (a.Done,),
    c.AcceptContact: (a.Done,),
    c.DeclineContact: (a.Done,),
    c.RemoveContact: (a.Done,),
    c.RemarkContact: (a.Done,),
    c.BlockUsers: (a.Done,),
    c.UnblockUsers: (a.Done,),
    c.SetWriting: (a.Done,),
    c.GetWriting: (WritingRule,),
    c.ListContacts: (Contacts,),
    c.CreateThread: (a.ConversationView,),
    c.ListThreads: (a.Conversations,),
}
"""What a command that was carried out is answered with."""

TITLES: Final[Mapping[type[msgspec.Struct], str]] = {
    Request: "A client asks for something",
    Reply: "The server did it, and this came of it",
    Refusal: "The server did not do it, and why",
    Delivery: "Facts of a stream, as they happen",
    EventFrame: "Something that passes by",
    Bye: "The last frame before a close",
}
REFERENCE: Final = "#/components/schemas/{name}"


def document() -> str:
    """Give docs/reference/asyncapi.json."""
    return json.dumps(_document(), indent=2, ensure_ascii=False) + "\n"


def _document() -> Schema:
    frames = {struct.__name__: title for struct, title in TITLES.items()}
    channel = {"$ref": "#/channels/connection"}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Unisono, the native protocol",
            "version": "1",
            "description": "Made from the code. The text to it is docs/protocol/native.md.",
        },
        "defaultContentType": "application/json",
        "servers": {"self": {"host": "127.0.0.1:8080", "protocol": "ws", "description": "A server on this machine."}},
        "channels": {
            "connection": {
                "address": "/v1/connect",
                "description": f"A WebSocket with the subprotocol {' or '.join(SUBPROTOCOLS)}.",
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in frames},
                "bindings": {"ws": {"method": "GET", "bindingVersion": "0.1.0"}},
            }
        },
        "operations": {
            "ask": {
                "action": "receive",
                "channel": channel,
                "messages": [_in_channel("Request")],
                "reply": {"channel": channel, "messages": [_in_channel("Reply"), _in_channel("Refusal")]},
            },
            "tell": {
                "action": "send",
                "channel": channel,
                "messages": [_in_channel("Delivery"), _in_channel("EventFrame"), _in_channel("Bye")],
            },
        },
        "components": {
            "messages": {
                name: {"name": name, "title": title, "payload": {"$ref": REFERENCE.format(name=name)}}
                for name, title in frames.items()
            },
            "schemas": _schemas(),
        },
        "x-answers": {_tag(command): [_tag(answer) for answer in answers] for command, answers in ANSWERS.items()},
        "x-codes": {
            name: {"close": code.close, "status": code.status, "advice": code.advice.value}
            for name, code in CODES.items()
        },
    }


def _schemas() -> Schema:
    # A delivery holds its facts as finished bytes; the schema is to say what is in them.
    anything = Annotated[Fact, Meta(description="One of the facts.")]
    _, schemas = msgspec.json.schema_components([*TITLES, anything], schema_hook=_free, ref_template=REFERENCE)
    schemas["FactFrame"]["properties"]["fact"] = _union(get_args(Fact))
    cleaned: Schema = _clean(schemas)
    return dict(sorted(cleaned.items()))


def _free(kind: type) -> Schema:
    if kind is object:
        return {"description": "Any JSON value that every reader keeps."}
    raise NotImplementedError(kind)


def _union(structs: Iterable[type]) -> Schema:
    return {"anyOf": [{"$ref": REFERENCE.format(name=struct.__name__)} for struct in structs]}


def _clean(value: Any) -> Any:
    """Leave out discriminators: OpenAPI's form of them is no AsyncAPI, and every struct names its tag anyway."""
    match value:
        case {"$ref": str()}:
            return value
        case dict():
            return {key: _clean(inner) for key, inner in value.items() if key != "discriminator"}
        case list():
            return [_clean(inner) for inner in value]
        case str():
            return cleandoc(value)
        case _:
            return value


def _in_channel(name: str) -> Schema:
    return {"$ref": f"#/channels/connection/messages/{name}"}


def _tag(struct: type[msgspec.Struct]) -> str:
    return str(struct.__struct_config__.tag)
