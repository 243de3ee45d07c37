"""What may be asked about calls."""

from typing import Annotated, Final, Literal

from msgspec import Meta

from unisono.domain.commands.base import Command
from unisono.domain.facts import Media
from unisono.domain.ids import CallIdIn, ConversationIdIn, Json, SendKeyIn, SessionIdIn, UserIdIn

CALLED_MAX: Final = 32
"""Users that one call rings."""
RING_DEFAULT_S: Final = 45
RING_MAX_S: Final = 120


class StartCall(Command, frozen=True, tag="call"):
    """Call users, or all other members of a conversation that lists them; I am in the call with this session.

    `key` is made anew for each call, so that a repeat is the same call. `data` comes along with the ring.
    """

    key: SendKeyIn
    users: Annotated[tuple[UserIdIn, ...], Meta(max_length=CALLED_MAX)] = ()
    conversation: ConversationIdIn | None = None
    media: Media = "audio"
    data: Json = None
    ring_s: Annotated[int, Meta(ge=1, le=RING_MAX_S)] = RING_DEFAULT_S


class AnswerCall(Command, frozen=True, tag="answer"):
    """Be in a call with this session: answer it where it rings for me, or join one of several people that runs."""

    call: CallIdIn


class DeclineCall(Command, frozen=True, tag="decline"):
    """Do not take a call: on this device alone, or for me altogether, `busy` to say that I am in another."""

    call: CallIdIn
    scope: Literal["device", "call"] = "call"
    busy: bool = False


class HangUp(Command, frozen=True, tag="hang_up"):
    """Leave a call, with whichever of my sessions; the caller of one that nobody answered yet takes it back.

    With a `session`, only if I am in it with that one: it may be with another by now.
    """

    call: CallIdIn
    session: SessionIdIn | None = None


class HandOver(Command, frozen=True, tag="hand_over"):
    """Be in a call with another of my sessions from now on, in place of the one I am in it with."""

    call: CallIdIn
    session: SessionIdIn


class SignalCall(Command, frozen=True, tag="call_signal"):
    """Tell something to the other end of a call, such as an offer, an answer or a candidate; of several, to one."""

    call: CallIdIn
    data: Json
    session: SessionIdIn | None = None


class ListCalls(Command, frozen=True, tag="calls"):
    """Ask what rings or runs for me now. To be asked after each login and resume."""


class GetTurn(Command, frozen=True, tag="turn"):
    """Ask for the servers that media of calls go by."""
