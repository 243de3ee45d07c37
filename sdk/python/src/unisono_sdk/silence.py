"""When I want to hear less of a conversation."""

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from typing import ClassVar, Final
from zoneinfo import ZoneInfo

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ZONES_KEPT: Final = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Hours of the day, from `start` (`"22:00"`) to before `end`, on the day after where that is not behind the start.

    `days` are those on which it starts (`mon` to `sun`), all where there are none; `zone` is a time zone's name.
    """

    start: str
    end: str
    days: tuple[str, ...] = ()
    zone: str = "UTC"

    def holds(self, at_ms: int) -> bool:
        """Say if an instant, in milliseconds since 1970-01-01 UTC, is within."""
        local = datetime.fromtimestamp(at_ms / 1000, _zone(self.zone))
        clock, today, before = local.strftime("%H:%M"), DAYS[local.weekday()], DAYS[local.weekday() - 1]
        days = self.days or DAYS
        if self.start < self.end:
            return today in days and self.start <= clock < self.end
        return (today in days and self.start <= clock) or (before in days and clock < self.end)


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """Be alerted of `mentions` alone, or of `none`: for good, or `until` an instant, and only within `windows`."""

    level: str = "none"
    until: int | None = None
    windows: tuple[Window, ...] = ()

    def holds(self, at_ms: int) -> bool:
        """Say if it is silent at an instant, in milliseconds since 1970-01-01 UTC."""
        is_over = self.until is not None and at_ms >= self.until
        return not is_over and (not self.windows or any(window.holds(at_ms) for window in self.windows))


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceOfAll:
    """When I want to hear less of all my conversations; None for as usual."""

    kind: ClassVar[str] = "silence_of_all"
    silence: Silence | None = None


@lru_cache(maxsize=ZONES_KEPT)
def _zone(name: str) -> tzinfo:
    """Give a time zone; UTC for one that this machine does not know, although the server does."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return UTC
