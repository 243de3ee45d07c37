"""The Python client of Unisono: one user, many live sessions, everything in step.

    async with Unisono("ws://127.0.0.1:8080") as unisono:
        alice = await unisono.login(user="alice")
        conversation = await alice.direct("bob")
        await conversation.send("Hello")

The guide is docs/guide/python-sdk.md.
"""

from unisono_sdk import events
from unisono_sdk.answers import Member, SessionView
from unisono_sdk.backoff import Backoff
from unisono_sdk.bodies import Attachment, Audio, Body, File, Image, Location, Text, Unknown, Video, body
from unisono_sdk.call import Call
from unisono_sdk.claiming import Claim
from unisono_sdk.client import Client
from unisono_sdk.conditions import Condition, Field, contains_members, field, with_members
from unisono_sdk.contact_commands import ContactView
from unisono_sdk.contacts import Contacts
from unisono_sdk.conversation import Conversation
from unisono_sdk.device import Device
from unisono_sdk.draft import Draft, SendOptions
from unisono_sdk.errors import (
    ClaimLost,
    ClientClosed,
    Conflict,
    Displaced,
    Forbidden,
    InvalidArgument,
    LimitReached,
    LinkDown,
    LocalFault,
    NotFound,
    NotGranted,
    NotLetIn,
    OutboxFull,
    Overflow,
    ProtocolFault,
    Refused,
    Replaced,
    SessionOver,
    StateFault,
    TimedOut,
    Unacceptable,
    Unavailable,
    UnisonoError,
)
from unisono_sdk.facts import Content, Label, Rules
from unisono_sdk.finding import ConversationQuery
from unisono_sdk.history import HistoryPage, MessagesIterator
from unisono_sdk.hub import EventIterator
from unisono_sdk.kept import ObjectView
from unisono_sdk.limits import Limits
from unisono_sdk.message import Message, RoomMessage, SessionMessage, Status, TransientMessage
from unisono_sdk.objects import Objects
from unisono_sdk.passing import Addressed
from unisono_sdk.places import Position
from unisono_sdk.plugin import Plugin
from unisono_sdk.providers import GrantProvider, GrantRequest, TokenProvider
from unisono_sdk.room import Room
from unisono_sdk.searching import MessageSearch, SearchPage
from unisono_sdk.silence import Silence, Window
from unisono_sdk.state import FileState, MemoryState, SavedState, StateStore
from unisono_sdk.telling import Address, OwnSession
from unisono_sdk.unisono import Unisono
from unisono_sdk.waiting import UnreadTotal
from unisono_sdk.ways import Transport

__all__ = [
    "Address",
    "Addressed",
    "Attachment",
    "Audio",
    "Backoff",
    "Body",
    "Call",
    "Claim",
    "ClaimLost",
    "Client",
    "ClientClosed",
    "Condition",
    "Conflict",
    "ContactView",
    "Contacts",
    "Content",
    "Conversation",
    "ConversationQuery",
    "Device",
    "Displaced",
    "Draft",
    "EventIterator",
    "Field",
    "File",
    "FileState",
    "Forbidden",
    "GrantProvider",
    "GrantRequest",
    "HistoryPage",
    "Image",
    "InvalidArgument",
    "Label",
    "LimitReached",
    "Limits",
    "LinkDown",
    "LocalFault",
    "Location",
    "Member",
    "MemoryState",
    "Message",
    "MessageSearch",
    "MessagesIterator",
    "NotFound",
    "NotGranted",
    "NotLetIn",
    "ObjectView",
    "Objects",
    "OutboxFull",
    "Overflow",
    "OwnSession",
    "Plugin",
    "Position",
    "ProtocolFault",
    "Refused",
    "Replaced",
    "Room",
    "RoomMessage",
    "Rules",
    "SavedState",
    "SearchPage",
    "SendOptions",
    "SessionMessage",
    "SessionOver",
    "SessionView",
    "Silence",
    "StateFault",
    "StateStore",
    "Status",
    "Text",
    "TimedOut",
    "TokenProvider",
    "TransientMessage",
    "Transport",
    "Unacceptable",
    "Unavailable",
    "Unisono",
    "UnisonoError",
    "Unknown",
    "UnreadTotal",
    "Video",
    "Window",
    "body",
    "contains_members",
    "events",
    "field",
    "with_members",
]
