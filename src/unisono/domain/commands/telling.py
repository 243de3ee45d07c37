"""What may be said to some of a user's sessions, or tabs, and to nobody else."""

from typing import Annotated, Final

from msgspec import Meta, Struct

from unisono.domain.commands.base import Command
from unisono.domain.events import DEFAULT_PRIORITY, Priority
from unisono.domain.facts import Content
from unisono.domain.ids import (
    INTEGER_MAX,
    PRINTABLE,
    DeviceIdIn,
    Json,
    OpaqueIn,
    PlatformIn,
    SendKeyIn,
    SessionIdIn,
    TabIdIn,
)

KEEP_MAX_S: Final = 604_800
TOOK_MAX: Final = 1_000
ASK_MAX_S: Final = 60
ASK_DEFAULT_S: Final = 10
ERROR_MAX_CHARS: Final = 200

EventName = Annotated[str, Meta(min_length=1, max_length=64, pattern=PRINTABLE)]
"""The application's own name of something that it tells or asks."""


class Address(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which of a user's sessions: all of them, those on a platform, those of a device, one, or one tab of one."""

    platform: PlatformIn | None = None
    device: DeviceIdIn | None = None
    session: SessionIdIn | None = None
    tab: TabIdIn | None = None


class Tell(Command, frozen=True, tag="tell"):
    """Tell something to sessions of mine, other than this one unless it is named: `data` under a name, or a message.

    `key` is made anew for each: a repetition has the same, so that who hears it twice can tell. `tab` is that of this
    session's tabs which tells it. With `keep_s` it waits so long for sessions that do not say that they took it.
    """

    key: SendKeyIn
    to: Address = Address()
    name: EventName | None = None
    data: Json = None
    content: Content | None = None
    priority: Priority = DEFAULT_PRIORITY
    tab: TabIdIn | None = None
    keep_s: Annotated[int, Meta(ge=0, le=KEEP_MAX_S)] = 0


class Took(Command, frozen=True, tag="took"):
    """Say what of that which is kept for this session has come, by its ids; with `more`, ask for what waits behind.

    `lost` is the number under which this session was told that something is gone.
    """

    ids: Annotated[tuple[SendKeyIn, ...], Meta(max_length=TOOK_MAX)]
    more: bool = False
    lost: Annotated[int, Meta(ge=0, le=INTEGER_MAX)] = 0


class Ask(Command, frozen=True, tag="ask"):
    """Ask the program that runs the server something; its handler of that name answers. A repetition asks again."""

    name: EventName
    data: Json = None
    timeout_s: Annotated[int, Meta(ge=1, le=ASK_MAX_S)] = ASK_DEFAULT_S
    tab: TabIdIn | None = None


class ReplyTo(Command, frozen=True, tag="reply"):
    """Answer what this session was asked; or, with an `error`, say why not. The first answer counts."""

    id: OpaqueIn
    data: Json = None
    error: Annotated[str, Meta(min_length=1, max_length=ERROR_MAX_CHARS, pattern=PRINTABLE)] | None = None
