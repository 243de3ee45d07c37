"""Facts of how a user arranges their conversations, with the least and the most they hold."""

from typing import Final

from tests.vectors.commands import ROOM
from unisono.domain.arrangement import (
    AllSilenced,
    AllUnsilenced,
    Arrangement,
    ConversationDeleted,
    ConversationMarked,
    ConversationPinned,
    ConversationSilenced,
    ConversationUnmarked,
    ConversationUnpinned,
    ConversationUnsilenced,
    HistoryDeleted,
    MessagesDeleted,
    Quietness,
)
from unisono.domain.ids import Instant, Seq
from unisono.domain.silence import Silence, Window

WINDOWS: Final = (Window("22:00", "07:00", ("mon", "sun"), "Europe/Oslo"), Window("12:00", "13:00"))
SILENCE: Final = Silence("mentions", Instant(1_795_219_200_123), WINDOWS)

ARRANGEMENTS: Final[dict[str, Arrangement | Quietness]] = {
    "all_silenced: least": AllSilenced(Silence()),
    "all_silenced: all fields": AllSilenced(SILENCE),
    "all_unsilenced": AllUnsilenced(),
    "pinned": ConversationPinned(ROOM),
    "unpinned": ConversationUnpinned(ROOM),
    "marked": ConversationMarked(ROOM, "work"),
    "unmarked": ConversationUnmarked(ROOM, "work"),
    "silenced: least": ConversationSilenced(ROOM, Silence()),
    "silenced: all fields": ConversationSilenced(ROOM, SILENCE),
    "unsilenced": ConversationUnsilenced(ROOM),
    "conversation_deleted": ConversationDeleted(ROOM, 12),
    "conversation_deleted: with its history": ConversationDeleted(ROOM, 12, Seq(17)),
    "history_deleted": HistoryDeleted(ROOM, Seq(17)),
    "messages_deleted: least": MessagesDeleted(ROOM, (Seq(17),)),
    "messages_deleted: all fields": MessagesDeleted(ROOM, (Seq(17), Seq(19)), 1),
}
