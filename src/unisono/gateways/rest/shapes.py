"""What is asked and answered over REST. The OpenAPI document is made from these."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from unisono.domain.commands.arranging import MarkName
from unisono.domain.commands.base import PageSize
from unisono.domain.commands.session import Token
from unisono.domain.facts import Label
from unisono.domain.ids import (
    INTEGER_MAX,
    ConversationIdIn,
    DeviceId,
    DeviceIdIn,
    FileIdIn,
    Instant,
    ObjectNameIn,
    PageMark,
    PageMarkIn,
    SeqIn,
    SessionId,
    SessionIdIn,
    TabIdIn,
    UserId,
    UserIdIn,
)
from unisono.domain.session_view import SessionView

InstantIn = Annotated[Instant, Meta(ge=0, le=INTEGER_MAX, description="Milliseconds since 1970-01-01 UTC.")]
CredentialIn = Annotated[
    str,
    Meta(min_length=5, max_length=160, description="The name of a token: `jti:…` or `sha256:…`, as in the log."),
]


class OfNothing(Struct, frozen=True, forbid_unknown_fields=True):
    """No parameters."""


class OfUser(Struct, frozen=True):
    """A user."""

    user: UserIdIn


class OfMark(Struct, frozen=True):
    """A mark of a user's to a conversation."""

    user: UserIdIn
    conversation: ConversationIdIn
    mark: MarkName


class OfSession(Struct, frozen=True):
    """One of a user's sessions."""

    user: UserIdIn
    session: SessionIdIn


class OfTab(Struct, frozen=True):
    """One tab of one of a user's sessions."""

    user: UserIdIn
    session: SessionIdIn
    tab: TabIdIn


class OfDevice(Struct, frozen=True):
    """One of a user's devices."""

    user: UserIdIn
    device: DeviceIdIn


class OfConversation(Struct, frozen=True):
    """One of a user's conversations."""

    user: UserIdIn
    conversation: ConversationIdIn


class OfMember(Struct, frozen=True):
    """A member of one of a user's conversations."""

    user: UserIdIn
    conversation: ConversationIdIn
    member: UserIdIn


class OfMessage(Struct, frozen=True):
    """A message in one of a user's conversations, by its seq."""

    user: UserIdIn
    conversation: ConversationIdIn
    message: SeqIn


class OfFile(Struct, frozen=True):
    """One of a user's files."""

    user: UserIdIn
    file: FileIdIn


class OfObject(Struct, frozen=True):
    """What a user keeps under a name."""

    user: UserIdIn
    name: ObjectNameIn


class OfOther(Struct, frozen=True):
    """Another user, as one knows them."""

    user: UserIdIn
    other: UserIdIn


class OfAnyConversation(Struct, frozen=True):
    """A conversation, whoever is in it."""

    conversation: ConversationIdIn


class OfAnyMember(Struct, frozen=True):
    """A member of a conversation."""

    conversation: ConversationIdIn
    member: UserIdIn


class OfAnyMessage(Struct, frozen=True):
    """A message in a conversation, by its seq."""

    conversation: ConversationIdIn
    message: SeqIn


class OfActor(Struct, frozen=True, forbid_unknown_fields=True):
    """Who did it, for those who see it: a user id that the operator chooses, of a user or of nobody."""

    by: UserIdIn = UserId("operator")


class OfPage(Struct, frozen=True, forbid_unknown_fields=True):
    """Which page of a list: the one that begins behind `after`, the `next` of the page before."""

    after: PageMarkIn | UnsetType = UNSET
    limit: PageSize = 100


class OfClosing(Struct, frozen=True, forbid_unknown_fields=True):
    """Why something is closed: shown to who is logged in there, and to the user's other sessions."""

    why: Annotated[str, Meta(min_length=1, max_length=200)] | UnsetType = UNSET


class SessionList(Struct, frozen=True, omit_defaults=True):
    """A user's sessions that are not over, the oldest login first; `next` asks for the following page."""

    sessions: tuple[SessionView, ...]
    next: PageMark | None = None


class DeviceView(Struct, frozen=True, omit_defaults=True):
    """A device of a user, as its latest login described it. `live` when one of its sessions is connected."""

    device: DeviceId
    shown: Label
    state: Literal["live", "detached"]
    opened_at: Instant
    seen_at: Instant
    sessions: tuple[SessionId, ...]


class DeviceList(Struct, frozen=True, omit_defaults=True):
    """A user's devices that are logged in, the latest login last; `next` asks for the following page."""

    devices: tuple[DeviceView, ...]
    next: PageMark | None = None


class Closed(Struct, frozen=True):
    """How many sessions were closed."""

    closed: Annotated[int, Meta(ge=0)]


class TokenRevocation(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """This token is void from now on."""

    token: Annotated[Token, Meta(min_length=1)]


class CredentialRevocation(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The token of this name is void from now on.

    `until` says how long that has to be remembered: at least as long as the token would have lived.
    """

    credential: CredentialIn
    until: InstantIn | None = None


class UserRevocation(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """All tokens of this user are void that were issued before a moment: the present, when left out."""

    user: UserIdIn
    before: InstantIn | None = None


class Fault(Struct, frozen=True):
    """Why it was not done. `numbers` explain; `retryable` says if a repeat can help."""

    code: str
    message: str
    retryable: bool
    numbers: dict[str, int | str]


class Alive(Struct, frozen=True):
    """The process answers."""

    version: str
    status: Literal["ok"] = "ok"


class Check(Struct, frozen=True, omit_defaults=True):
    """How one part is."""

    is_good: bool
    reason: str | None = None


class Readiness(Struct, frozen=True):
    """Whether the node takes work, and how its parts are."""

    is_ready: bool
    checks: dict[str, Check]
