"""Durations as people write them."""

import re
from typing import Final

_UNITS_S: Final = {"": 1, "s": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400}
_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]*)")


def seconds_of(text: str) -> float:
    """Read a duration such as `90`, `15m`, `8h` or `7d`.

    Raises:
        ValueError: It is none, or nothing.
    """
    found = _DURATION.fullmatch(text.strip().lower())
    if found is None or found[2] not in _UNITS_S:
        raise ValueError(f"`{text}` is no duration; write for example 90, 15m, 8h or 7d")
    seconds = float(found[1]) * _UNITS_S[found[2]]
    if seconds <= 0:
        raise ValueError("a duration is more than nothing")
    return seconds
