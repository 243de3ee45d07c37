"""What a connection may ask about its session, and about what it missed."""

from typing import Annotated, Final

from msgspec import Meta, Struct

from unisono.domain.commands.base import Command, PageSize
from unisono.domain.ids import (
    NO_NUL,
    PRINTABLE,
    START,
    CheckpointIn,
    DeviceIdIn,
    EpochIn,
    FenceIn,
    InstantIn,
    OpaqueIn,
    PageMarkIn,
    PlatformIn,
    SeqIn,
    SessionIdIn,
    StreamKeyIn,
    TabIdIn,
    TagIn,
    UserIdIn,
)

LABEL_MAX_CHARS: Final = 128
INFO_MAX_CHARS: Final = 4096
TOKEN_MAX_CHARS: Final = 8192
TABS_MAX: Final = 200
"""Tabs of a session that are told of; there may be more."""

Token = Annotated[str, Meta(max_length=TOKEN_MAX_CHARS)]


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


class ListSessions(Command, frozen=True, tag="sessions"):
    """Ask for my sessions that are not over, this one included, the oldest login first, a page at a time."""

    after: PageMarkIn | None = None
    limit: PageSize = 100


class Tab(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A tab or window that shares the session."""

    tab: TabIdIn
    since: InstantIn | None = None
    label: Annotated[str, Meta(max_length=LABEL_MAX_CHARS, pattern=NO_NUL)] | None = None


class ShareTabs(Command, frozen=True, tag="tabs"):
    """Say which tabs share this session now: all of them, in place of those told before."""

    tabs: Annotated[tuple[Tab, ...], Meta(max_length=TABS_MAX)]


class CloseTab(Command, frozen=True, tag="close_tab"):
    """Have one tab of one of my sessions go; the others stay."""

    session: SessionIdIn
    tab: TabIdIn


class CloseSession(Command, frozen=True, tag="close_session"):
    """End one of my sessions, on whichever device."""

    session: SessionIdIn


class CloseDevice(Command, frozen=True, tag="close_device"):
    """End all my sessions of one device."""

    device: DeviceIdIn
