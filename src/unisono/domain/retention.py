"""How long what is said is kept: by kind of conversation, for ever unless the operator says otherwise."""

from collections.abc import Mapping
from typing import Annotated, Final

from msgspec import Meta, Struct

from unisono.domain.facts import ConversationKind
from unisono.domain.ids import Instant, Seq
from unisono.domain.placement import Head

DAY_MS: Final = 86_400_000

# Less than a day could be less than a node or client is away that still counts on what it has read.
Days = Annotated[float, Meta(ge=1, le=36_500)]
CLOCKS_APART_MS: Final = 3_600_000
"""A clock that is an hour off another one is wrong, or the other one is."""


class Retention(Struct, frozen=True, forbid_unknown_fields=True):
    """For how many days conversations keep what was said and done in them; without a number for ever.

    What is older is removed for everybody, with all that hangs on it.
    """

    direct_days: Annotated[Days | None, Meta(description="Conversations of two.")] = None
    group_days: Annotated[Days | None, Meta(description="Groups, and the threads under their messages.")] = None
    room_days: Annotated[Days | None, Meta(description="Rooms that keep what is said; others keep nothing.")] = None
    temporary_days: Annotated[Days | None, Meta(description="Temporary conversations, those that are over, too.")] = (
        None
    )
    service_days: Annotated[Days | None, Meta(description="What the operator announces.")] = None
    files_days: Annotated[Days | None, Meta(description="Files that users uploaded, whoever tells of them.")] = None
    wait_s: Annotated[
        float,
        Meta(
            ge=0, le=86_400, description="After a start nothing is removed for so long: a wrong clock may be set right."
        ),
    ] = 300.0

    def by_kind(self) -> Mapping[ConversationKind, float]:
        """Give the days of the kinds that have a number."""
        days: Mapping[ConversationKind, float | None] = {
            "direct": self.direct_days,
            "group": self.group_days,
            "thread": self.group_days,
            "room": self.room_days,
            "temporary": self.temporary_days,
            "service": self.service_days,
        }
        return {of: each for of, each in days.items() if each is not None}


def kept_since(days: float, now: Instant) -> Instant:
    """Give the instant from which on facts are kept."""
    return Instant(now - int(days * DAY_MS))


def agreed_time(own: Instant, shared: Instant) -> Instant | None:
    """Give the earlier of two clocks' times, or None where they are more than CLOCKS_APART_MS apart."""
    return min(own, shared) if abs(own - shared) <= CLOCKS_APART_MS else None


def lacks_older(head: Head, after: Seq, *, is_newest: bool, has_more: bool) -> bool:
    """Say if a page of history lacks messages that were asked for and are gone: those behind `after`, up to the trim.

    A page from the newest end lacks them when it reaches their place, one from the oldest end when it begins there.
    """
    return head.gone > 0 and after < head.trimmed and not (is_newest and has_more)
