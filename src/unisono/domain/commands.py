"""What may be asked, in the imperative. One struct per operation; `op` names it on the wire.

Limits of single fields stand here, in the types; limits that an operator can change are `quotas`.
"""

from typing import Annotated, Final, get_args

from msgspec import Meta, Struct

from unisono.domain.facts import Content, ConversationKind
from unisono.domain.ids import (
    NO_NUL,
    PRINTABLE,
    START,
    CheckpointIn,
    ConversationIdIn,
    DeviceIdIn,
    EpochIn,
    FenceIn,
    Json,
    OpaqueIn,
    PlatformIn,
    SendKeyIn,
    SeqIn,
    SessionIdIn,
    StreamKeyIn,
    TabIdIn,
    TagIn,
    UserIdIn,
)

PAGE_MAX: Final = 1000
MEMBERS_PER_COMMAND_MAX: Final = 1000
NAME_MAX_CHARS: Final = 256
LABEL_MAX_CHARS: Final = 128
INFO_MAX_CHARS: Final = 4096
TOKEN_MAX_CHARS: Final = 8192

PageSize = Annotated[int, Meta(ge=1, le=PAGE_MAX)]
Users = Annotated[tuple[UserIdIn, ...], Meta(min_length=1, max_length=MEMBERS_PER_COMMAND_MAX)]
Name = Annotated[str, Meta(max_length=NAME_MAX_CHARS, pattern=NO_NUL)]
Token = Annotated[str, Meta(max_length=TOKEN_MAX_CHARS)]


class Command(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag_field="op"):
    """Base of all operations."""


class Device(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One browser profile or installation. `id` is kept by the SDK; `info` is free text of the application."""

    id: DeviceIdIn
    platform: PlatformIn
    label: Annotated[str, Meta(max_length=LABEL_MAX_CHARS, pattern=NO_NUL)] | None = None
    info: Annotated[str, Meta(max_length=INFO_MAX_CHARS, pattern=NO_NUL)] | None = None


class Login(Command, frozen=True, tag="login"):
    """Open a session. `login` is made new by the SDK for each login, so that repeating a lost one is no second one.

    `user` is a wish: it must equal what the credential says, and stands alone only on a `--dev` server. A repetition
    with a higher `fence` has the session, in whatever order the two are carried out.
    """

    device: Device
    login: Annotated[str, Meta(min_length=8, max_length=64, pattern=PRINTABLE)]
    token: Token | None = None
    user: UserIdIn | None = None
    tag: TagIn | None = None
    fence: FenceIn | None = None
    tab: TabIdIn | None = None
    sdk: OpaqueIn | None = None


class Resume(Command, frozen=True, tag="resume"):
    """Carry on a session on a new connection. Never displaces another session.

    A `fence` below the highest one seen for the session is refused; without one the server takes the next.
    """

    session: SessionIdIn
    resume_token: Token
    checkpoint: CheckpointIn = START
    fence: FenceIn | None = None
    tab: TabIdIn | None = None
    sdk: OpaqueIn | None = None


class Logout(Command, frozen=True, tag="logout"):
    """End this session."""


class Ping(Command, frozen=True, tag="ping"):
    """Ask for a sign of life; the answer carries the checkpoint reached."""


class Sync(Command, frozen=True, tag="sync"):
    """Ask which of my streams moved after a checkpoint, a page at a time."""

    checkpoint: CheckpointIn = START
    after: StreamKeyIn | None = None
    limit: PageSize = 500


class ReadStream(Command, frozen=True, tag="read"):
    """Ask for facts of one of my streams, in order, those after `after`.

    With the `epoch` in which `after` was reached, the server says so where the position cannot be continued.
    """

    stream: StreamKeyIn
    after: SeqIn
    limit: PageSize = 100
    epoch: EpochIn | None = None


class CreateConversation(Command, frozen=True, tag="create"):
    """Begin a conversation of the caller and `members`.

    A `direct` one has two members for ever; a `group` may change. With `unique` (always so for a direct one) the
    conversation of this kind and exactly these members that was made so before is given back. Repeating `key` gives
    back what it made the first time.
    """

    key: SendKeyIn
    of: ConversationKind = "group"
    members: Annotated[tuple[UserIdIn, ...], Meta(max_length=MEMBERS_PER_COMMAND_MAX)] = ()
    name: Name | None = None
    attributes: dict[str, Json] | None = None
    unique: bool = True


class GetConversation(Command, frozen=True, tag="conversation"):
    """Ask for one conversation, with its members."""

    conversation: ConversationIdIn


class ListConversations(Command, frozen=True, tag="conversations"):
    """Ask for my conversations, by id, a page at a time."""

    after: ConversationIdIn | None = None
    limit: PageSize = 100


class AddMembers(Command, frozen=True, tag="add"):
    """Make users members. Those who are members already stay so."""

    conversation: ConversationIdIn
    users: Users


class RemoveMembers(Command, frozen=True, tag="remove"):
    """Make members leave. Those who are none already are passed over."""

    conversation: ConversationIdIn
    users: Users


class Join(Command, frozen=True, tag="join"):
    """Become a member."""

    conversation: ConversationIdIn


class Quit(Command, frozen=True, tag="quit"):
    """Cease to be a member."""

    conversation: ConversationIdIn


class SendMessage(Command, frozen=True, tag="send"):
    """Place a message. `key` is the sender's: repeating it, from any tab, ever, gives the first place again."""

    conversation: ConversationIdIn
    key: SendKeyIn
    content: Content


class GetHistory(Command, frozen=True, tag="history"):
    """Ask for messages before or after a place, in rising order; without either, the newest."""

    conversation: ConversationIdIn
    before: SeqIn | None = None
    after: SeqIn | None = None
    limit: PageSize = 20


class MarkRead(Command, frozen=True, tag="mark_read"):
    """Move my read mark up to `seq`, for all my sessions. A lower one than today's changes nothing."""

    conversation: ConversationIdIn
    seq: SeqIn


class ListSessions(Command, frozen=True, tag="sessions"):
    """Ask for my sessions that are not over, this one included."""


class CloseSession(Command, frozen=True, tag="close_session"):
    """End one of my sessions, on whichever device."""

    session: SessionIdIn


class CloseDevice(Command, frozen=True, tag="close_device"):
    """End all my sessions of one device."""

    device: DeviceIdIn


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
    | ListSessions
    | CloseSession
    | CloseDevice
)

COMMANDS: Final[tuple[type[Command], ...]] = get_args(AnyCommand)
"""All operations. The permission table and the protocol page are checked against this list."""
