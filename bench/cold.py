"""(e) How long it takes from the command to `/readyz`."""

import time
from pathlib import Path
from statistics import median
from typing import Final

from bench import unisono
from bench.figures import Figure, Goal, judged
from bench.plan import Plan

ONE_SECOND: Final = Goal("value", "at most", 1.0)


def measure(plan: Plan) -> list[Figure]:
    """Give the medians of several starts, with an empty data directory and with a used one."""
    fresh: list[float] = []
    used: list[float] = []
    for _ in range(plan.starts):
        plan.say("cold start")
        with unisono.data_directory() as data:
            fresh.append(_seconds_to_ready(data))
            used.append(_seconds_to_ready(data))
    return figures_of(fresh, used)


def figures_of(fresh: list[float], used: list[float]) -> list[Figure]:
    """Make figures of times."""
    return [
        judged(Figure("cold start to ready, empty data directory", median(fresh), "s"), ONE_SECOND),
        judged(Figure("cold start to ready, used data directory", median(used), "s"), ONE_SECOND),
    ]


def _seconds_to_ready(data: Path) -> float:
    begun = time.monotonic()
    with unisono.serving(data):
        return time.monotonic() - begun
