"""What commands print: tables for people, JSON for scripts."""

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec

from unisono.clock import SystemClock

WIDTH_UNBOUND: Final = 10_000

if TYPE_CHECKING:
    from rich.console import Console


def print_json(value: object) -> None:
    """Print one line of JSON."""
    sys.stdout.write(msgspec.json.encode(value).decode() + "\n")


def console() -> "Console":
    """Give a terminal to print on: with colours and width where there is one."""
    from rich.console import Console

    # What goes into a file or a pipe is not broken at the width of a terminal that is not there.
    return Console(highlight=False, emoji=False, width=None if sys.stdout.isatty() else WIDTH_UNBOUND)


def safe(value: Any) -> str:
    """Give text that a terminal shows as it is: no control characters of other people."""
    return "".join(char if char.isprintable() else "�" for char in str(value))


def moment(at_ms: int, now_ms: int | None = None) -> str:
    """Tell a time as people do: how long ago, or the day when it is long ago."""
    now_ms = SystemClock().now() if now_ms is None else now_ms
    passed_s = max(0, (now_ms - at_ms) // 1000)
    for unit_s, name in ((86_400, "d"), (3600, "h"), (60, "min")):
        if passed_s >= 7 * 86_400:
            return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone().strftime("%Y-%m-%d %H:%M")
        if passed_s >= unit_s:
            return f"{passed_s // unit_s} {name} ago"
    return "just now" if passed_s < 5 else f"{passed_s} s ago"
