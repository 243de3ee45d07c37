"""Whether a level that was looked at again and again stays where it is."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

WARM_UP_SHARE: Final = 0.25
"""The first looks that do not count: caches fill, and the interpreter learns."""
FEWEST: Final = 6
HOUR_S: Final = 3600.0


@dataclass(frozen=True, slots=True)
class Drift:
    """How far the median of a level went from the first third after the warm-up to the last, and in what time."""

    name: str
    growth: float
    seconds: float

    def excess(self, slack: float, per_hour: float = 0.0) -> str | None:
        """Say by how much it grew beyond a slack that is borne once and a slope; None when it did not."""
        allowed = slack + per_hour * self.seconds / HOUR_S
        if self.growth <= allowed:
            return None
        return f"{self.name} grew by {self.growth:.0f} in {self.seconds:.0f} s, {allowed:.0f} allowed"


def drift(name: str, looks: Sequence[tuple[float, float]]) -> Drift:
    """Judge looks, each a time in seconds and a level, in order.

    Raises:
        ValueError: Too few to say anything.

    """
    warm = looks[int(len(looks) * WARM_UP_SHARE) :]
    if len(warm) < FEWEST:
        raise ValueError(f"{len(looks)} looks at {name} say nothing")
    third = len(warm) // 3
    (before_s, before), (after_s, after) = _middle(warm[:third]), _middle(warm[-third:])
    return Drift(name, after - before, after_s - before_s)


def _middle(looks: Sequence[tuple[float, float]]) -> tuple[float, float]:
    return statistics.median(at for at, _ in looks), statistics.median(level for _, level in looks)
