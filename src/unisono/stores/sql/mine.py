"""A conversation and the reader's place in it, from one row of the three tables that hold them."""

from typing import Final

import msgspec

from unisono.domain.conversation import Conversation, Membership
from unisono.ports.directory import MyConversation
from unisono.stores.sql.compiled import Row
from unisono.stores.sql.entries import read_conversation, read_membership, read_stream, view
from unisono.stores.sql.schema import CONVERSATIONS, STREAMS

_STREAM_COLUMNS: Final = len(STREAMS.c)
_BOTH_COLUMNS: Final = _STREAM_COLUMNS + len(CONVERSATIONS.c)


def read_mine(row: Row) -> MyConversation:
    """Read a row of `streams`, `conversations` and `members`, whose columns may be null."""
    conversation, membership = read_place(row)
    if membership is not None and not membership.was_member:
        membership = None
    if membership is not None and membership.until is not None:
        head = msgspec.structs.replace(conversation.head, seq=membership.until)
        conversation = msgspec.structs.replace(conversation, head=head)
    return MyConversation(conversation, membership)


def read_place(row: Row) -> tuple[Conversation, Membership | None]:
    """Read such a row as the tables have it: the conversation as it is now, and who is only restricted in it, too."""
    stream = read_stream(row[:_STREAM_COLUMNS])
    entry = read_conversation(row[_STREAM_COLUMNS:_BOTH_COLUMNS])
    place = row[_BOTH_COLUMNS:]
    return view(stream.key, stream.head, entry), None if place[0] is None else read_membership(place)
