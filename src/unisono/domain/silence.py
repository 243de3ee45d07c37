"""When a user wants to hear less of a conversation: until an instant, at hours of the day, or for good.

Hours are those of a time zone, so that a night stays a night when clocks are put forward or back. The zones are data
of the machine, like the letters of Unicode: they are looked up by name and are the same for all who ask.
"""

from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo

from msgspec import Meta, Struct

from unisono.domain.ids import Instant

WINDOWS_MAX: Final = 10
ZONES_KEPT: Final = 600
"""Zones that are remembered once they were asked for: there are some 600 in all."""
DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
TimeOfDay = Annotated[str, Meta(pattern=r"^(?:[01][0-9]|2[0-3]):[0-5][0-9](?![\s\S])")]
ZoneName = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_+/-]+(?![\s\S])")]
SilentLevel = Literal["mentions", "none"]


class Window(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Hours of the day, from `start` to before `end`, on the `days` on which they start: on all unless told.

    Where the end is not behind the start it is on the day after.
    """

    start: TimeOfDay
    end: TimeOfDay
    days: Annotated[tuple[Day, ...], Meta(max_length=len(DAYS))] = ()
    zone: ZoneName = "UTC"

    def holds(self, now: Instant) -> bool:
        """Say if an instant is within."""
        local = datetime.fromtimestamp(now / 1000, find_zone(self.zone) or UTC)
        clock, today, before = f"{local:%H:%M}", DAYS[local.weekday()], DAYS[local.weekday() - 1]
        if self.start < self.end:
            return self._is_on(today) and self.start <= clock < self.end
        return (self._is_on(today) and clock >= self.start) or (self._is_on(before) and clock < self.end)

    def _is_on(self, day: str) -> bool:
        return not self.days or day in self.days


class Silence(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What is left to be alerted of, at most: `mentions`, or `none`. For good, unless it ends or has windows."""

    level: SilentLevel = "none"
    until: Instant | None = None
    windows: tuple[Window, ...] = ()

    def holds(self, now: Instant) -> bool:
        """Say if it is silent at an instant."""
        if self.until is not None and now >= self.until:
            return False
        return not self.windows or any(window.holds(now) for window in self.windows)


@lru_cache(maxsize=ZONES_KEPT)
def find_zone(name: str) -> tzinfo | None:
    """Give a time zone by its name in the database of the IANA; None where this machine has none of it."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        # Not there, no name of a zone, or the folder of several.
        return None
