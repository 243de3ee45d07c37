"""Figures that the adverse suites measured, for the table at the end of the run."""

from collections.abc import Callable
from typing import Final

FIGURES: Final[list[tuple[str, str]]] = []
Report = Callable[[str], None]


def reporting(name: str) -> Report:
    """Give a function that notes figures under a name."""
    return lambda figures: FIGURES.append((name, figures))
