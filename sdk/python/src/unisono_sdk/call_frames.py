"""Calls on the wire: commands, answers and what passes by about them."""

from dataclasses import dataclass
from typing import ClassVar

from unisono_sdk.claims import Claimed
from unisono_sdk.commands import Command
from unisono_sdk.facts import Json, Label

RING_S = 45


@dataclass(frozen=True, slots=True, kw_only=True)
class StartCall(Command):
    """Call users, or the other members of a conversation."""

    op: ClassVar[str] = "call"
    key: str
    users: tuple[str, ...] = ()
    conversation: str | None = None
    media: str = "audio"
    data: Json = None
    ring_s: int = RING_S


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerCall(Command):
    """Be in a call with this session."""

    op: ClassVar[str] = "answer"
    call: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclineCall(Command):
    """Do not take a call."""

    op: ClassVar[str] = "decline"
    call: str
    scope: str = "call"
    busy: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HangUp(Command):
    """Leave a call; with a `session`, only where I am in it with that one."""

    op: ClassVar[str] = "hang_up"
    call: str
    session: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOver(Command):
    """Be in a call with another of my sessions."""

    op: ClassVar[str] = "hand_over"
    call: str
    session: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalCall(Command):
    """Tell something to the other end."""

    op: ClassVar[str] = "call_signal"
    call: str
    data: Json
    session: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListCalls(Command):
    """Ask what rings or runs for me."""

    op: ClassVar[str] = "calls"


@dataclass(frozen=True, slots=True, kw_only=True)
class GetTurn(Command):
    """Ask for the servers that media go by."""

    op: ClassVar[str] = "turn"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEnd:
    """Who is in a call, with which session and since when; `shown` is the device, where it is mine."""

    user: str
    session: str
    since: int
    shown: Label | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallView:
    """A call as it is for me; one with a lower `revision` is older."""

    call: str
    revision: int
    state: str
    caller: str
    users: tuple[str, ...]
    media: str
    began_at: int
    rings_until: int
    conversation: str | None = None
    data: Json = None
    ringing: tuple[str, ...] = ()
    ends: tuple[CallEnd, ...] = ()
    declined: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()
    answered_at: int | None = None
    ended_at: int | None = None
    reason: str | None = None
    by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IceServer:
    """A server that helps two ends to reach each other; with a name and a password where it takes them."""

    urls: tuple[str, ...]
    username: str | None = None
    credential: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallAnswer:
    """A call as it is after the command."""

    kind: ClassVar[str] = "call"
    call: CallView


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """Calls that ring or run for me, the oldest first."""

    kind: ClassVar[str] = "calls"
    calls: tuple[CallView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnServers:
    """Servers for media, good for `ttl_s` seconds."""

    kind: ClassVar[str] = "turn"
    servers: tuple[IceServer, ...]
    ttl_s: int


AnswerAboutCalls = CallAnswer | Calls | TurnServers | Claimed


@dataclass(frozen=True, slots=True, kw_only=True)
class CallChanged:
    """A call of mine rings, or is another than before."""

    kind: ClassVar[str] = "call"
    call: CallView


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSignalled:
    """The other end of a call tells something."""

    kind: ClassVar[str] = "call_signal"
    call: str
    user: str
    session: str
    data: Json = None
