"""(c) What a session that says nothing costs in memory, beyond a bare WebSocket connection of the same library."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Final

from bench import contenders, unisono
from bench.figures import Figure, Goal, Reading, Run, Series, compared, judged, take_turns
from bench.plan import Plan
from bench.wsload import Target, load

OURS: Final = "Unisono"
BARE: Final = "bare aiohttp"
MEMORY: Final = "memory_per_connection_kib"
ABOVE_BARE: Final = Goal("value", "at most", 20.0)


@contextmanager
def sessions() -> Iterator[Target]:
    """Run a server where each connection logs in as a user of its own."""
    with unisono.fresh_server() as node:
        yield node.target(*unisono.login_script("i%d"))


def measure(plan: Plan) -> list[Figure]:
    """Give KiB per session, and how much of it is ours."""
    runs = {OURS: _run(OURS, sessions, plan), BARE: _run(BARE, contenders.bare_aiohttp, plan)}
    return figures_of(take_turns(runs, repeats=plan.repeats, extra=0), plan.idle_sessions)


def _run(name: str, open_: Callable[[], AbstractContextManager[Target]], plan: Plan) -> Run:
    def run() -> Iterator[tuple[str, Reading]]:
        plan.say(f"{plan.idle_sessions} idle sessions: {name}")
        with open_() as target:
            for reading in load("idle", target, "-n", str(plan.idle_sessions), "-d", "1", "-W", "1"):
                yield name, reading

    return run


def figures_of(series: dict[str, Series], count: int) -> list[Figure]:
    """Make figures of readings."""
    ours, bare = series[OURS].median(MEMORY), series[BARE].median(MEMORY)
    unit = "KiB/session"
    session = Figure(f"memory of {count} idle sessions: {OURS}", ours, unit)
    difference = Figure(f"memory of {count} idle sessions: above {BARE}", ours - bare, unit)
    return [
        Figure(f"memory of {count} idle connections: {BARE}", bare, unit),
        compared(session, BARE, bare),
        judged(difference, ABOVE_BARE),
    ]
