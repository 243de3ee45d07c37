"""How LeanCloud's clients name conversations, messages and times.

A message id is 22 characters, made from the place of the message and the time that stands beside it: the same at each
reading, another for each message, and the place can be read back from it. So a message is found in one step by what a
client says of it: its conversation, id and time.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Fault
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Final

from unisono.domain.ids import (
    IMPORTED,
    INTEGER_MAX,
    NO_SEQ,
    OPAQUE_ID_MAX_CHARS,
    PRINTABLE,
    ConversationId,
    Instant,
    SendKey,
    Seq,
    read_thread_id,
)

MID_CHARS: Final = 22
TEMPORARY: Final = "_tmp:"
"""How ids of temporary conversations begin: clients know them by it."""

_PRINT_BYTES: Final = 9
_SEQ_BYTES: Final = 7
_PADDING: Final = "=="


def id_of(conversation: ConversationId, seq: Seq, at: Instant, key: SendKey) -> str:
    """Give the id by which clients know a message: one that LeanCloud gave it, else that of its place."""
    return key.removeprefix(IMPORTED) if key.startswith(IMPORTED) else mid_of(conversation, seq, at)


def mid_of(conversation: ConversationId, seq: Seq, at: Instant) -> str:
    """Give the id of the message at a place."""
    return _mid(f"{at}/{conversation}", seq)


def passing_mid(conversation: ConversationId, key: SendKey, at: Instant) -> str:
    """Give the id of a message without a place, made from its sender's key. No place is found by it."""
    return _mid(f"{at}/{conversation}/{key}", NO_SEQ)


def seq_of(mid: str, conversation: ConversationId, at: Instant) -> Seq | None:
    """Give the place of a message; None when the id was not made of this conversation and time, or has no place."""
    seq = seq_in(mid)
    return seq if seq is not None and mid == mid_of(conversation, seq, at) else None


def seq_in(mid: str) -> Seq | None:
    """Give the place that an id speaks of, whether or not such a message stands there; None when it has none."""
    if len(mid) != MID_CHARS:
        return None
    try:
        number = int.from_bytes(urlsafe_b64decode(mid + _PADDING)[_PRINT_BYTES:], "big")
    except (Base64Fault, ValueError):
        return None
    return Seq(number) if NO_SEQ < number <= INTEGER_MAX else None


def cid_of(conversation: ConversationId, *, is_temporary: bool) -> str:
    """Give the id by which clients know a conversation."""
    return f"{TEMPORARY}{conversation}" if is_temporary else conversation


def conversation_of(cid: str) -> ConversationId | None:
    """Give the conversation that a client names; None for what cannot be an id: 1 to 64 printable characters.

    Nor is a thread known to clients.
    """
    name = ConversationId(cid.removeprefix(TEMPORARY))
    is_id = len(name) <= OPAQUE_ID_MAX_CHARS and re.match(PRINTABLE, name)
    return name if is_id and not is_hidden(name) else None


def is_hidden(conversation: ConversationId | None) -> bool:
    """Say if clients are told nothing of a conversation: of threads, which they do not know."""
    return conversation is not None and read_thread_id(conversation) is not None


def instant_of(timestamp: int) -> Instant | None:
    """Give the time that a client says, in milliseconds; None for 0 or less, by which it means none."""
    return Instant(min(timestamp, INTEGER_MAX)) if timestamp > 0 else None


def iso_of(at: Instant) -> str:
    """Give a time as text, in UTC with milliseconds: `2026-11-21T13:00:00.000Z`."""
    moment = datetime.fromtimestamp(at // 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{at % 1000:03}Z"


def _mid(said: str, seq: Seq) -> str:
    digest = blake2b(f"{said}/{seq}".encode(), digest_size=_PRINT_BYTES).digest()
    return urlsafe_b64encode(digest + seq.to_bytes(_SEQ_BYTES, "big")).decode().rstrip("=")
