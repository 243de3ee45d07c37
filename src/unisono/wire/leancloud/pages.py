"""Pages of history: where LeanCloud's `logs` begins and ends, as our `history`."""

from typing import Final

from msgspec import Struct

from unisono.domain.commands import GetHistory
from unisono.domain.commands.base import PAGE_MAX
from unisono.domain.ids import ConversationId, Instant, Seq
from unisono.wire.leancloud.places import instant_of, seq_of
from unisono.wire.leancloud.realtime_pb2 import LogsCommand

DEFAULT_LIMIT: Final = 20

Bound = tuple[Seq | None, Instant | None]
"""A place and a time between which and their counterparts the messages lie."""


def history_of(logs: LogsCommand, conversation: ConversationId) -> GetHistory | None:
    """Give what is to be asked for; None where the client asks for no message at all: a limit of 0.

    A page begins at its start, in its direction: without one at the newest message, or the oldest. The end is on its
    other side. Both are left out of it unless the client says otherwise. A message id parts messages of one time; one
    that does not go with the time beside it counts for nothing.
    """
    limit = logs.limit if logs.HasField("limit") else logs.l if logs.HasField("l") else DEFAULT_LIMIT
    if limit <= 0:
        return None
    start = _Limit(logs.t, logs.mid, logs.tIncluded)
    end = _Limit(logs.tt, logs.tmid, logs.ttIncluded)
    is_upwards = logs.direction == LogsCommand.NEW
    low, high = (start, end) if is_upwards else (end, start)
    after, after_at = _bound(conversation, low, outwards=-1)
    before, before_at = _bound(conversation, high, outwards=1)
    return GetHistory(
        conversation=conversation,
        before=before,
        after=after,
        limit=min(limit, PAGE_MAX),
        before_at=before_at,
        after_at=after_at,
        type=logs.lctype if logs.HasField("lctype") else None,
        direction="newer" if is_upwards else "older",
    )


class _Limit(Struct, frozen=True):
    timestamp: int
    mid: str
    is_included: bool


def _bound(conversation: ConversationId, limit: _Limit, *, outwards: int) -> Bound:
    """Give what the messages of a page lie within; `outwards` is the step that leads out of it."""
    at = instant_of(limit.timestamp)
    if at is None:
        return None, None
    outside = Instant(at + outwards)
    seq = seq_of(limit.mid, conversation, at)
    if seq is None:
        return None, outside if limit.is_included else at
    return Seq(seq + outwards) if limit.is_included else seq, outside
