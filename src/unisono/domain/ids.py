"""Typed identifiers and places.

A `Seq` is a fact's place in its stream, from 1, without holes. Together with the stream's `Epoch` it is a
`Position`. A `Checkpoint` is one number for a whole app: everything committed up to it is included.
"""

import re
from typing import Annotated, Final, NewType

from msgspec import Meta, Struct

UserId = NewType("UserId", str)
DeviceId = NewType("DeviceId", str)
SessionId = NewType("SessionId", str)
TabId = NewType("TabId", str)
ConversationId = NewType("ConversationId", str)
SendKey = NewType("SendKey", str)
ObjectName = NewType("ObjectName", str)
ClaimName = NewType("ClaimName", str)
CallId = NewType("CallId", str)
FileId = NewType("FileId", str)
"""128 bits of chance: in public links it is all that a reader has to know."""
StreamKey = NewType("StreamKey", str)
Platform = NewType("Platform", str)
Tag = NewType("Tag", str)
NodeId = NewType("NodeId", int)
PageMark = NewType("PageMark", str)
"""Where a page of what is listed by time ends, as text that only we read."""

Seq = NewType("Seq", int)
Epoch = NewType("Epoch", int)
Checkpoint = NewType("Checkpoint", int)
Fence = NewType("Fence", int)
Instant = NewType("Instant", int)
"""Milliseconds since 1970-01-01 UTC."""

Json = object
"""Any value that JSON can carry. Checked where bytes become values, opaque inside."""

USER_ID_MAX_CHARS: Final = 64
OPAQUE_ID_MAX_CHARS: Final = 64
CLAIM_NAME_MAX_CHARS: Final = 256
SEND_KEY_MAX_CHARS: Final = 128
INTEGER_MAX: Final = 2**53 - 1
"""The largest integer that every JSON reader keeps exact."""

# A pattern ends in (?![\s\S]) because Python's `$` lets a final line break pass; JavaScript reads it alike.
PRINTABLE: Final = r"^[^\x00-\x1f\x7f-\x9f]+(?![\s\S])"
"""No control characters: they have no place in an id, would break lines of the log, and PostgreSQL keeps no NUL."""
# Half a surrogate pair cannot come over the wire, but out of a token it can.
_USER_ID: Final = re.compile(r"[^\x00-\x1f\x7f-\x9f\ud800-\udfff]+")
NO_NUL: Final = r"^[^\x00]*$"

# Lengths are counted in characters (Unicode code points), as clients see them.
UserIdIn = Annotated[UserId, Meta(min_length=1, max_length=USER_ID_MAX_CHARS, pattern=PRINTABLE)]
OpaqueIn = Annotated[str, Meta(min_length=1, max_length=OPAQUE_ID_MAX_CHARS, pattern=PRINTABLE)]
DeviceIdIn = Annotated[DeviceId, Meta(min_length=1, max_length=OPAQUE_ID_MAX_CHARS, pattern=PRINTABLE)]
SessionIdIn = Annotated[SessionId, Meta(min_length=1, max_length=OPAQUE_ID_MAX_CHARS, pattern=PRINTABLE)]
TabIdIn = Annotated[TabId, Meta(min_length=1, max_length=OPAQUE_ID_MAX_CHARS, pattern=PRINTABLE)]
ConversationIdIn = Annotated[ConversationId, Meta(min_length=1, max_length=OPAQUE_ID_MAX_CHARS, pattern=PRINTABLE)]
FileIdIn = Annotated[FileId, Meta(pattern=r"^[0-9a-f]{32}(?![\s\S])")]
SendKeyIn = Annotated[SendKey, Meta(min_length=1, max_length=SEND_KEY_MAX_CHARS, pattern=PRINTABLE)]
ObjectNameIn = Annotated[ObjectName, Meta(min_length=1, max_length=SEND_KEY_MAX_CHARS, pattern=PRINTABLE)]
CallIdIn = Annotated[CallId, Meta(min_length=1, max_length=OPAQUE_ID_MAX_CHARS, pattern=PRINTABLE)]
ClaimNameIn = Annotated[ClaimName, Meta(min_length=1, max_length=CLAIM_NAME_MAX_CHARS, pattern=PRINTABLE)]
StreamKeyIn = Annotated[StreamKey, Meta(min_length=3, max_length=OPAQUE_ID_MAX_CHARS + 2, pattern=PRINTABLE)]
PlatformIn = Annotated[Platform, Meta(pattern=r"^[a-z0-9][a-z0-9_.-]{0,31}(?![\s\S])")]
TagIn = Annotated[Tag, Meta(min_length=1, max_length=64, pattern=PRINTABLE)]
PageMarkIn = Annotated[
    PageMark, Meta(max_length=OPAQUE_ID_MAX_CHARS + 34, pattern=r"^[0-9]{1,16}/[^\x00-\x1f\x7f-\x9f]+(?![\s\S])")
]
SeqIn = Annotated[Seq, Meta(ge=0, le=INTEGER_MAX)]
EpochIn = Annotated[Epoch, Meta(ge=1, le=INTEGER_MAX)]
InstantIn = Annotated[Instant, Meta(ge=0, le=INTEGER_MAX)]
CheckpointIn = Annotated[Checkpoint, Meta(ge=0, le=INTEGER_MAX)]
FenceIn = Annotated[Fence, Meta(ge=0, le=INTEGER_MAX)]

NO_SEQ: Final = Seq(0)
START: Final = Checkpoint(0)
FIRST_EPOCH: Final = Epoch(1)

THREAD_SIGN: Final = "~"
"""Between the id of a conversation and the place of a message, in the id of the thread under it."""
_THREAD: Final = re.compile(r"(.+)~([1-9][0-9]{0,15})")

IMPORTED: Final = "lc:"
"""How send keys of messages begin that came from LeanCloud: what follows is the id that it gave them."""

OPERATOR: Final = UserId("_operator")
"""By whom is done what the application's server does in nobody's name. Nobody is let in by it."""

_CONVERSATION_PREFIX: Final = "c/"
_USER_PREFIX: Final = "u/"


class Position(Struct, frozen=True, order=True):
    """A place in one stream that stays comparable only while the epoch is the same."""

    epoch: Epoch
    seq: Seq


def page_mark(at: Instant, name: str) -> PageMark:
    """Mark a place in what is listed by time, and by name where that is the same."""
    return PageMark(f"{at}/{name}")


def read_page_mark(mark: PageMark) -> tuple[Instant, str]:
    """Give the time and the name that a mark was made of."""
    at, _, name = mark.partition("/")
    return Instant(int(at)), name


def is_user_id(text: str) -> bool:
    """Say if a text, from wherever it comes, can be a user's id: 1 to 64 printable characters, and not `OPERATOR`."""
    return len(text) <= USER_ID_MAX_CHARS and _USER_ID.fullmatch(text) is not None and text != OPERATOR


def is_imported(key: SendKey) -> bool:
    """Say if a message was brought along from LeanCloud. Nobody who sends has such a key."""
    return key.startswith(IMPORTED)


def thread_id(conversation: ConversationId, message: Seq) -> ConversationId:
    """Name the thread under a message: there is one at most, whoever begins it, and its name tells what it is under."""
    return ConversationId(f"{conversation}{THREAD_SIGN}{message}")


def read_thread_id(conversation: ConversationId) -> tuple[ConversationId, Seq] | None:
    """Give the conversation and the message that a thread is under; None for a name that no thread has."""
    found = _THREAD.fullmatch(conversation)
    return None if found is None else (ConversationId(found[1]), Seq(int(found[2])))


def conversation_stream(conversation: ConversationId) -> StreamKey:
    """Name the stream of a conversation."""
    return StreamKey(_CONVERSATION_PREFIX + conversation)


def user_stream(user: UserId) -> StreamKey:
    """Name the stream of a user: what happened to them, for all their sessions."""
    return StreamKey(_USER_PREFIX + user)


def conversation_of(stream: StreamKey) -> ConversationId | None:
    """Give the conversation whose stream this is, or None when it is not a conversation's."""
    if stream.startswith(_CONVERSATION_PREFIX):
        return ConversationId(stream[len(_CONVERSATION_PREFIX) :])
    return None


def user_of(stream: StreamKey) -> UserId | None:
    """Give the user whose stream this is, or None when it is not a user's."""
    if stream.startswith(_USER_PREFIX):
        return UserId(stream[len(_USER_PREFIX) :])
    return None
