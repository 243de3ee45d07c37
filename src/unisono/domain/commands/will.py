"""What may be asked about the message that a session leaves behind."""

from typing import Annotated, Final

from msgspec import Meta

from unisono.domain.commands.base import Command
from unisono.domain.commands.message import Mentions
from unisono.domain.events import DEFAULT_PRIORITY, Priority
from unisono.domain.facts import Content
from unisono.domain.ids import ConversationIdIn, Json, SendKeyIn

WILL_AFTER_S: Final = 15
WILL_AFTER_MAX_S: Final = 3600


class LeaveWill(Command, frozen=True, tag="will"):
    """Leave a message, to be sent if this session loses its connection and has none again for `after_s` seconds.

    A session has one at most: a later one takes its place. The fields are those of `SendMessage`.
    """

    conversation: ConversationIdIn
    key: SendKeyIn
    content: Content
    transient: bool = False
    mentions: Mentions = ()
    mention_all: bool = False
    push: dict[str, Json] | None = None
    priority: Priority = DEFAULT_PRIORITY
    after_s: Annotated[int, Meta(ge=0, le=WILL_AFTER_MAX_S)] = WILL_AFTER_S


class DropWill(Command, frozen=True, tag="no_will"):
    """Take back what this session left. Nothing left is no fault."""
