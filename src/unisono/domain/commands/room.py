"""What may be asked about rooms."""

from unisono.domain.commands.base import Command, GrantIn
from unisono.domain.ids import ConversationIdIn, TabIdIn


class EnterRoom(Command, frozen=True, tag="enter"):
    """Be in a room with one tab of this session, and in no other with it. Without `tab`, the session as a whole."""

    conversation: ConversationIdIn
    tab: TabIdIn | None = None
    grant: GrantIn | None = None


class LeaveRoom(Command, frozen=True, tag="leave"):
    """Be in a room no more with a tab of this session. Who is not there stays away."""

    conversation: ConversationIdIn
    tab: TabIdIn | None = None


class CountPeople(Command, frozen=True, tag="count"):
    """Ask how many people are in a room now, or are members of another conversation."""

    conversation: ConversationIdIn
