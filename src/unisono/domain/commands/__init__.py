"""What may be asked, in the imperative. One struct per operation; `op` names it on the wire.

Limits of single fields stand in the types; limits that an operator can change are `quotas`.
"""

from typing import Final, get_args

from unisono.domain.commands.arranging import (
    MARK_MAX_CHARS,
    DeleteConversation,
    DeleteHistory,
    DeleteMessages,
    GetSilence,
    MarkConversation,
    PinConversation,
    SilenceAll,
    SilenceConversation,
    UnmarkConversation,
    UnpinConversation,
    UnsilenceAll,
    UnsilenceConversation,
)
from unisono.domain.commands.base import (
    GRANT_MAX_CHARS,
    MEMBERS_PER_COMMAND_MAX,
    PAGE_MAX,
    Command,
)
from unisono.domain.commands.call import (
    CALLED_MAX,
    AnswerCall,
    DeclineCall,
    GetTurn,
    HandOver,
    HangUp,
    ListCalls,
    SignalCall,
    StartCall,
)
from unisono.domain.commands.claim import (
    LEASE_DEFAULT_S,
    LEASE_MAX_S,
    Claim,
    FinishClaim,
    ReleaseClaim,
    RenewClaim,
)
from unisono.domain.commands.contact import (
    BLOCKED_AT_ONCE_MAX,
    MESSAGE_MAX_CHARS,
    REMARK_MAX_CHARS,
    AcceptContact,
    BlockUsers,
    DeclineContact,
    GetWriting,
    InviteContact,
    ListContacts,
    RemarkContact,
    RemoveContact,
    SetWriting,
    Ties,
    UnblockUsers,
)
from unisono.domain.commands.conversation import (
    NAME_MAX_CHARS,
    TTL_DEFAULT_S,
    TTL_MAX_S,
    AddMembers,
    Amendment,
    Append,
    CreateConversation,
    Dissolve,
    GetConversation,
    Increase,
    Join,
    ListConversations,
    Quit,
    RemoveMembers,
    TakeOut,
    UpdateConversation,
)
from unisono.domain.commands.file import RemoveFile, RequestUpload
from unisono.domain.commands.finding import FindConversations, SearchMessages
from unisono.domain.commands.member import RESTRICTION_MAX_S, GetMembers, Restrict, Roll, SetLevel, SetMember
from unisono.domain.commands.message import (
    EditMessage,
    GetHistory,
    GetMissed,
    GetReceipts,
    GetUnread,
    MarkAllRead,
    MarkDelivered,
    MarkRead,
    MarkUnread,
    React,
    RecallMessage,
    SendMessage,
    TellTyping,
)
from unisono.domain.commands.object import DropObject, ListObjects, SetObject
from unisono.domain.commands.presence import ASKED_MAX, AskPresence, Unwatch, Watch
from unisono.domain.commands.push import RegisterPush, UnregisterPush
from unisono.domain.commands.room import CountPeople, EnterRoom, LeaveRoom
from unisono.domain.commands.session import (
    INFO_MAX_CHARS,
    LABEL_MAX_CHARS,
    TABS_MAX,
    TOKEN_MAX_CHARS,
    CloseDevice,
    CloseSession,
    CloseTab,
    Device,
    ListSessions,
    Login,
    Logout,
    Ping,
    ReadStream,
    Resume,
    ShareTabs,
    Sync,
    Tab,
)
from unisono.domain.commands.telling import ASK_DEFAULT_S, ASK_MAX_S, Address, Ask, ReplyTo, Tell, Took
from unisono.domain.commands.thread import CreateThread, ListThreads
from unisono.domain.commands.will import DropWill, LeaveWill

AnyCommand = (
    Login
    | Resume
    | Logout
    | Ping
    | Sync
    | ReadStream
    | CreateConversation
    | GetConversation
    | ListConversations
    | AddMembers
    | RemoveMembers
    | Join
    | Quit
    | SendMessage
    | GetHistory
    | MarkRead
    | TellTyping
    | EditMessage
    | RecallMessage
    | React
    | MarkAllRead
    | MarkUnread
    | GetUnread
    | MarkDelivered
    | GetReceipts
    | ListSessions
    | CloseSession
    | CloseDevice
    | FindConversations
    | SearchMessages
    | AskPresence
    | Watch
    | Unwatch
    | UpdateConversation
    | GetMembers
    | SetMember
    | Restrict
    | SetLevel
    | EnterRoom
    | LeaveRoom
    | CountPeople
    | LeaveWill
    | DropWill
    | RegisterPush
    | UnregisterPush
    | RequestUpload
    | RemoveFile
    | Dissolve
    | GetMissed
    | SetObject
    | DropObject
    | ListObjects
    | ShareTabs
    | CloseTab
    | Claim
    | RenewClaim
    | FinishClaim
    | ReleaseClaim
    | Tell
    | Took
    | PinConversation
    | UnpinConversation
    | MarkConversation
    | UnmarkConversation
    | Ask
    | ReplyTo
    | SilenceConversation
    | UnsilenceConversation
    | SilenceAll
    | UnsilenceAll
    | GetSilence
    | StartCall
    | AnswerCall
    | DeclineCall
    | HangUp
    | HandOver
    | SignalCall
    | ListCalls
    | GetTurn
    | DeleteConversation
    | DeleteHistory
    | DeleteMessages
    | InviteContact
    | AcceptContact
    | DeclineContact
    | RemoveContact
    | RemarkContact
    | BlockUsers
    | UnblockUsers
    | SetWriting
    | GetWriting
    | ListContacts
    | CreateThread
    | ListThreads
)

COMMANDS: Final[tuple[type[Command], ...]] = get_args(AnyCommand)
"""All operations. The permission table and the protocol page are checked against this list."""

__all__ = [
    "ASKED_MAX",
    "ASK_DEFAULT_S",
    "ASK_MAX_S",
    "BLOCKED_AT_ONCE_MAX",
    "CALLED_MAX",
    "COMMANDS",
    "GRANT_MAX_CHARS",
    "INFO_MAX_CHARS",
    "LABEL_MAX_CHARS",
    "LEASE_DEFAULT_S",
    "LEASE_MAX_S",
    "MARK_MAX_CHARS",
    "MEMBERS_PER_COMMAND_MAX",
    "MESSAGE_MAX_CHARS",
    "NAME_MAX_CHARS",
    "PAGE_MAX",
    "REMARK_MAX_CHARS",
    "RESTRICTION_MAX_S",
    "TABS_MAX",
    "TOKEN_MAX_CHARS",
    "TTL_DEFAULT_S",
    "TTL_MAX_S",
    "AcceptContact",
    "AddMembers",
    "Address",
    "Amendment",
    "AnswerCall",
    "AnyCommand",
    "Append",
    "Ask",
    "AskPresence",
    "BlockUsers",
    "Claim",
    "CloseDevice",
    "CloseSession",
    "CloseTab",
    "Command",
    "CountPeople",
    "CreateConversation",
    "CreateThread",
    "DeclineCall",
    "DeclineContact",
    "DeleteConversation",
    "DeleteHistory",
    "DeleteMessages",
    "Device",
    "Dissolve",
    "DropObject",
    "DropWill",
    "EditMessage",
    "EnterRoom",
    "FindConversations",
    "FinishClaim",
    "GetConversation",
    "GetHistory",
    "GetMembers",
    "GetMissed",
    "GetReceipts",
    "GetSilence",
    "GetTurn",
    "GetUnread",
    "GetWriting",
    "HandOver",
    "HangUp",
    "Increase",
    "InviteContact",
    "Join",
    "LeaveRoom",
    "LeaveWill",
    "ListCalls",
    "ListContacts",
    "ListConversations",
    "ListObjects",
    "ListSessions",
    "ListThreads",
    "Login",
    "Logout",
    "MarkAllRead",
    "MarkConversation",
    "MarkDelivered",
    "MarkRead",
    "MarkUnread",
    "PinConversation",
    "Ping",
    "Quit",
    "React",
    "ReadStream",
    "RecallMessage",
    "RegisterPush",
    "ReleaseClaim",
    "RemarkContact",
    "RemoveContact",
    "RemoveFile",
    "RemoveMembers",
    "RenewClaim",
    "ReplyTo",
    "RequestUpload",
    "Restrict",
    "Resume",
    "Roll",
    "SearchMessages",
    "SendMessage",
    "SetLevel",
    "SetMember",
    "SetObject",
    "SetWriting",
    "ShareTabs",
    "SignalCall",
    "SilenceAll",
    "SilenceConversation",
    "StartCall",
    "Sync",
    "Tab",
    "TakeOut",
    "Tell",
    "TellTyping",
    "Ties",
    "Took",
    "UnblockUsers",
    "UnmarkConversation",
    "UnpinConversation",
    "UnregisterPush",
    "UnsilenceAll",
    "UnsilenceConversation",
    "Unwatch",
    "UpdateConversation",
    "Watch",
]
