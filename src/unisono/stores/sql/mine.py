"""A conversation and the reader's place in it, from one row of the three tables that hold them."""

from typing import Final

import msgspec

from unisono.ports.directory import MyConversation
from unisono.stores.sql.compiled import Row
from unisono.stores.sql.entries import read_conversation, read_membership, read_stream, view
from unisono.stores.sql.schema import CONVERSATIONS, STREAMS

_STREAM_COLUMNS: Final = len(STREAMS.c)
_BOTH_COLUMNS: Final = _STREAM_COLUMNS + len(CONVERSATIONS.c)


def read_mine(row: Row) -> MyConversation:
    """Read a row of `streams`, `conversations` and `members`, whose columns may be null."""
    stream = read_stream(row[:_STREAM_COLUMNS])
    place = row[_BOTH_COLUMNS:]
    membership = None if place[0] is None else read_membership(place)
    if membership is not None and not membership.was_member:
        membership = None
    head = stream.head
    if membership is not None and membership.until is not None:
        head = msgspec.structs.replace(head, seq=membership.until)
    entry = read_conversation(row[_STREAM_COLUMNS:_BOTH_COLUMNS])
    return MyConversation(view(stream.key, head, entry), membership)
