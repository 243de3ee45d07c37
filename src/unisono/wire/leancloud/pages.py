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


def history_of(
    logs: LogsCommand, conversation: ConversationId, start: Seq | None = None, end: Seq | None = None
) -> GetHistory | None:
    """Give what is to be asked for; None where the client asks for no message at all: a limit of 0.

    A page begins at its start, in its direction: without one at the newest message, or the oldest. The end is on its
    other side. Both are left out of it unless the client says otherwise. A message id parts messages of one time; one
    that does not go with the time beside it counts for nothing. `start` and `end` are the places of the messages named
    at both ends, where they were found otherwise than by their ids.
    """
    limit = logs.limit if logs.HasField("limit") else logs.l if logs.HasField("l") else DEFAULT_LIMIT
    if limit <= 0:
        return None
    first = _limit(conversation, logs.t, logs.mid, start, is_included=logs.tIncluded)
    last = _limit(conversation, logs.tt, logs.tmid, end, is_included=logs.ttIncluded)
    is_upwards = logs.direction == LogsCommand.NEW
    low, high = (first, last) if is_upwards else (last, first)
    after, after_at = _bound(low, outwards=-1)
    before, before_at = _bound(high, outwards=1)
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
    at: Instant | None
    seq: Seq | None
    is_included: bool


def _limit(conversation: ConversationId, timestamp: int, mid: str, found: Seq | None, *, is_included: bool) -> _Limit:
    at = instant_of(timestamp)
    named = found if at is None or found is not None else seq_of(mid, conversation, at)
    return _Limit(at, named, is_included)


def _bound(limit: _Limit, *, outwards: int) -> Bound:
    """Give what the messages of a page lie within; `outwards` is the step that leads out of it."""
    if limit.at is None:
        return None, None
    outside = Instant(limit.at + outwards)
    if limit.seq is None:
        return None, outside if limit.is_included else limit.at
    return Seq(limit.seq + outwards) if limit.is_included else limit.seq, outside
