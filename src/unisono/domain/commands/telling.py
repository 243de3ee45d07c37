"""What may be said to some of a user's sessions, or tabs, and to nobody else."""

from typing import Annotated

from msgspec import Meta, Struct

from unisono.domain.commands.base import Command
from unisono.domain.events import DEFAULT_PRIORITY, Priority
from unisono.domain.facts import Content
from unisono.domain.ids import PRINTABLE, DeviceIdIn, Json, PlatformIn, SendKeyIn, SessionIdIn, TabIdIn

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
    session's tabs which tells it.
    """

    key: SendKeyIn
    to: Address = Address()
    name: EventName | None = None
    data: Json = None
    content: Content | None = None
    priority: Priority = DEFAULT_PRIORITY
    tab: TabIdIn | None = None
