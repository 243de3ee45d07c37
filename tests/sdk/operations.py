"""All operations that the SDK knows, for checks against the golden frames."""

from typing import Final

from unisono_sdk import commands as c
from unisono_sdk import finding
from unisono_sdk import member_commands as m

COMMANDS: Final[tuple[type[c.Command], ...]] = (
    c.Login,
    c.Resume,
    c.Logout,
    c.Ping,
    c.Sync,
    c.ReadStream,
    c.CreateConversation,
    c.GetConversation,
    c.ListConversations,
    c.AddMembers,
    c.RemoveMembers,
    c.Join,
    c.Quit,
    c.SendMessage,
    c.GetHistory,
    c.MarkRead,
    c.TellTyping,
    c.EditMessage,
    c.RecallMessage,
    c.React,
    c.MarkAllRead,
    c.MarkUnread,
    c.GetUnread,
    c.GetMissed,
    c.MarkDelivered,
    c.GetReceipts,
    c.ListSessions,
    c.CloseSession,
    c.CloseDevice,
    c.AskPresence,
    c.Watch,
    c.Unwatch,
    c.EnterRoom,
    c.LeaveRoom,
    c.CountPeople,
    c.LeaveWill,
    c.DropWill,
    m.UpdateConversation,
    m.GetMembers,
    m.SetMember,
    m.Restrict,
    m.SetLevel,
    m.Dissolve,
    finding.FindConversations,
)
