"""What an import shows: how far it is, and what is there in the end."""

import sys
import time
from collections.abc import Mapping
from typing import Any, Final, Self

from rich.console import Console, Group
from rich.markup import escape
from rich.padding import Padding
from rich.progress import BarColumn, Progress, TaskID, TextColumn
from rich.table import Table

from unisono.cli.leancloud.records import CODES
from unisono.cli.printing import safe

SAID_EVERY_S: Final = 10.0
MEGABYTE: Final = 1_000_000
KILOBYTE: Final = 1_000
WIDE: Final = 110
"""Columns of a terminal from which on there is room for whole names, and for the total beside the bar."""
_COUNTED: Final = (
    *("conversations", "messages", "recalled", "members", "managers", "muted", "silenced", "blocked", "unread"),
)


class Screen:
    """Shows a step as a bar with its rate and the time that is left; without a terminal as a line now and then."""

    def __init__(self, console: Console | None = None) -> None:
        console = console or Console(file=sys.stderr, highlight=False, emoji=False)
        self._is_wide: Final = console.width >= WIDE
        self._progress: Final = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24 if self._is_wide else 10, complete_style="cyan", finished_style="green"),
            TextColumn("{task.fields[amount]}", justify="right", markup=False),
            TextColumn("{task.fields[pace]}", style="dim", markup=False),
            console=console,
            disable=not console.is_terminal,
        )
        self._task: TaskID | None = None
        self._name, self._total, self._unit = "", 0, ""
        self._first = self._done = 0
        self._began_s = self._said_s = 0.0

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def begin(self, step: str, total: int, unit: str, done: int = 0) -> None:
        """Begin a step, which an earlier run may have brought so far; the one before is over."""
        self.finish()
        if unit == "bytes":
            unit = "MB" if total >= MEGABYTE else "kB"
        self._name, self._total, self._unit, self._first = step, total, unit, done
        self._began_s = self._said_s = time.monotonic()
        self._task = self._progress.add_task(
            _named(step, 38 if self._is_wide else 24), total=total or 1, amount="", pace=""
        )
        self.reach(done)

    def reach(self, done: int) -> None:
        """Say how far it is."""
        self._done, now_s = min(done, self._total), time.monotonic()
        amounts = f"{number(self._done, self._unit)} of {amount(self._total, self._unit)}"
        rate = (self._done - self._first) / (now_s - self._began_s) if now_s > self._began_s else 0.0
        pace = f"{number(rate, self._unit)}/s · {span((self._total - self._done) / rate)} left" if rate else ""
        if self._task is not None:
            shown = amounts if self._is_wide else amount(self._done, self._unit)
            self._progress.update(self._task, completed=self._done, amount=shown, pace=pace)
        if self._progress.disable and now_s - self._said_s >= SAID_EVERY_S:
            self._said_s = now_s
            sys.stderr.write(f"{self._name}: {amounts}{pace and ', '}{pace}\n")

    def finish(self) -> None:
        """Say that a step is over."""
        if self._task is not None:
            told, took = amount(self._done, self._unit), f"in {span(time.monotonic() - self._began_s)}"
            self._progress.update(self._task, completed=self._total or 1, amount=told, pace=took)


def _named(step: str, width: int) -> str:
    """Give the name of a step, as wide as all others."""
    name = safe(step)
    return f"{name:<{width}}" if len(name) <= width else name[: width - 1] + "…"


def number(of: float, unit: str) -> str:
    """Tell a number of something, or of bytes in megabytes (`MB`) or kilobytes (`kB`)."""
    return f"{of / MEGABYTE:,.2f}" if unit == "MB" else f"{of / KILOBYTE if unit == 'kB' else of:,.0f}"


def amount(of: float, unit: str) -> str:
    """Tell a number with what it is of."""
    return f"{number(of, unit)} {unit}"


def span(seconds: float) -> str:
    """Tell a length of time."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest:02} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"


def show_result(console: Console, told: Mapping[str, Any], where: str | None) -> None:
    """Show what an import did, what there is now, and what was left out."""
    taken = told["taken"]
    done = Table.grid(padding=(0, 2))
    for _ in range(2):
        done.add_column()
    new, changed, same = (taken[name] for name in ("new", "changed", "same"))
    done.add_row("Conversations", f"[green]{new:,}[/] new · {changed:,} brought up to date · {same:,} as before")
    if taken["standing_placed"] or taken["standing_known"]:
        known = f"{taken['standing_known']:,} were so already"
        done.add_row("Roles and restrictions", f"[green]{taken['standing_placed']:,}[/] new · {known}")
    done.add_row("Messages", f"[green]{taken['placed']:,}[/] new · {taken['known']:,} as before")
    done.add_row("Read marks", f"{taken['moved']:,} moved")
    console.print(Padding(done, (1, 0, 0, 2), expand=False))
    show_report(console, told["report"])
    if told["not_taken"]:
        console.print(Padding(_left_out(told["not_taken"], where), (0, 0, 1, 2), expand=False))
    else:
        console.print(Padding("[green]Everything was taken over.[/]", (0, 0, 1, 2), expand=False))


def show_report(console: Console, report: Mapping[str, Any]) -> None:
    """Show what there is on a server: what was counted line by line, kinds side by side, so that it fits 80 columns."""
    kinds = report["kinds"]
    table = Table(box=None, padding=(0, 3, 0, 0), header_style="bold")
    table.add_column("Here now" if kinds else "Nothing is here yet.")
    for kind in kinds:
        table.add_column(escape(kind), justify="right")
    if len(kinds) > 1:
        table.add_column("all", justify="right", style="bold")
    for name in _COUNTED if kinds else ():
        counted = [counts[name] for counts in kinds.values()]
        total = [_counted(sum(counted))] if len(kinds) > 1 else []
        table.add_row(name, *map(_counted, counted), *total)
    console.print(
        Padding(Group(table, f"\n[dim]hash[/]  [bold]{escape(report['hash'])}[/]"), (1, 0, 1, 2), expand=False)
    )


def _counted(count: int) -> str:
    return f"{count:,}" if count else "[dim]0[/]"


def _left_out(counts: Mapping[str, int], where: str | None) -> Group:
    table = Table.grid(padding=(0, 2))
    table.add_column(justify="right", style="yellow")
    table.add_column(no_wrap=True)
    table.add_column(style="dim")
    for code, count in counts.items():
        table.add_row(f"{count:,}", escape(code), CODES.get(code, ""))
    listed = "" if where is None else f"  [dim]each in {escape(where)}[/]"
    return Group(f"[yellow]Not taken over, or not as it was:[/]{listed}", table)
