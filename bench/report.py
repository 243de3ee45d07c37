"""What is shown and what is kept."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

from bench.figures import Figure


def table_of(title: str, figures: Sequence[Figure]) -> Table:
    """Lay figures out for people."""
    table = Table(title=title, title_justify="left", title_style="bold")
    table.add_column("what", ratio=1)
    table.add_column("value", justify="right", no_wrap=True)
    table.add_column("unit", no_wrap=True)
    table.add_column("ratio", justify="right", no_wrap=True)
    table.add_column("compared with")
    table.add_column("goal")
    for figure in figures:
        ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
        name = figure.name if figure.note is None else f"{figure.name} [dim]({figure.note})[/dim]"
        table.add_row(name, number(figure.value), figure.unit, ratio, figure.compared_with or "", verdict(figure))
    return table


def number(value: float) -> str:
    """Give about three significant digits, with thousands apart."""
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    if abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def verdict(figure: Figure) -> str:
    """Say plainly if the goal was met."""
    if figure.is_met is None:
        return ""
    return f"[green]met[/green] ({figure.goal})" if figure.is_met else f"[red]missed[/red] ({figure.goal})"


def print_summary(console: Console, figures: Sequence[Figure]) -> None:
    """Count the goals, and name those that were missed."""
    goals = [figure for figure in figures if figure.is_met is not None]
    missed = [figure for figure in goals if not figure.is_met]
    console.print(f"goals: {len(goals) - len(missed)} of {len(goals)} met")
    for figure in missed:
        against = f" against {figure.compared_with}" if figure.compared_with else ""
        ratio = "" if figure.ratio is None else f", ratio {figure.ratio:.2f}{against}"
        console.print(f"missed: {figure.name}: {number(figure.value)} {figure.unit}{ratio} (goal: {figure.goal})")


def write(figures: Sequence[Figure], path: Path) -> None:
    """Keep figures for programs: a list of objects."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(figures)) + b"\n")
