"""What passes by without a place, as the protocol says it; the tag stands in `kind`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from unisono_sdk.call_frames import CallChanged, CallSignalled
from unisono_sdk.facts import Content, Json, MessagePlaced
from unisono_sdk.tabs import TabView


@dataclass(frozen=True, slots=True, kw_only=True)
class TransientMessage:
    """A message that is not kept, or one of a room, with its place where the room keeps it."""

    kind: ClassVar[str] = "message"
    conversation: str
    at: int
    message: MessagePlaced
    seq: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Typing:
    """A member began, or ceased, to write."""

    kind: ClassVar[str] = "typing"
    conversation: str
    user: str
    is_typing: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """`presence`: a user whom this client watches came or went.

    `state` is online or offline, `platforms` are those the user is on. `seen_at` is when a user who is offline was last
    there, None when that is not known or not mine to know.
    """

    kind: ClassVar[str] = "presence"
    user: str
    state: str
    platforms: tuple[str, ...] = ()
    seen_at: int | None = None

    @property
    def is_online(self) -> bool:
        """Say if the user is there."""
        return self.state == "online"


@dataclass(frozen=True, slots=True, kw_only=True)
class PutOut:
    """This client is in a room no more: its user was blocked there."""

    kind: ClassVar[str] = "put_out"
    conversation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TabsChanged:
    """`tabs`: other tabs share one of my sessions now."""

    kind: ClassVar[str] = "tabs"
    session: str
    tabs: tuple[TabView, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TabClosed:
    """A tab of this session is to go. A program has one: it is asked to close."""

    kind: ClassVar[str] = "tab_closed"
    tab: str
    why: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Teller:
    """The session of mine that told something, and which of its tabs, where it said so."""

    session: str
    tab: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """`told`: something for this session, or all of mine: `data` under a `name` of the application's.

    Another session of mine told it, the `teller`, or the application's server, where there is none. With a `tab` it is
    for that one alone. What has a `content` is a `session_message`.
    """

    kind: ClassVar[str] = "told"
    id: str
    at: int
    name: str | None = None
    data: Json = None
    content: Content | None = None
    teller: Teller | None = None
    tab: str | None = None
    is_kept: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldLater:
    """What was told while this session was away. Where `lost` is not 0, the oldest is gone up to there."""

    kind: ClassVar[str] = "told_later"
    events: tuple[Told, ...] = ()
    has_more: bool = False
    lost: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """This session is asked something by the application's server, and has `within_ms` to answer."""

    kind: ClassVar[str] = "asked"
    id: str
    name: str
    within_ms: int
    data: Json = None
    tab: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What the application's server answers."""

    kind: ClassVar[str] = "answered"
    data: Json = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressed:
    """How many sessions something was for: `live` with a connection now, `away` without. Nobody says they got it."""

    kind: ClassVar[str] = "addressed"
    live: int
    away: int


AnswerAboutTelling = Addressed | Answered


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownPassing:
    """Something of a kind that this SDK does not know."""

    kind: str
    fields: Mapping[str, Json] = field(default_factory=dict)


KnownPassing = (
    TransientMessage
    | Typing
    | Presence
    | PutOut
    | TabsChanged
    | TabClosed
    | Told
    | ToldLater
    | Asked
    | CallChanged
    | CallSignalled
)
Passing = KnownPassing | UnknownPassing
