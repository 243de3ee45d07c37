"""Hours of everything at once: the promises are kept to the end, and nothing that the server holds creeps upwards."""

import asyncio
import sqlite3
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

from tests.soak.rounds import Played, Round
from tests.support.drift import drift
from tests.support.figures import Report
from tests.support.server_process import TEST_CONFIG, ServerProcess

pytestmark = [pytest.mark.soak, pytest.mark.timeout(0)]

MIB: Final = 1 << 20
ROUND_S: Final = (6.0, 120.0)
ROUNDS: Final = 10
"""So many at least: fewer levels say nothing about where they are heading."""
WINDOW_S: Final = 20
CONFIG: Final = (
    TEST_CONFIG + f"outbox_bytes = {512 * 1024}\n\n[sessions]\ndetach_window_s = {WINDOW_S}.0\nended_kept_s = 60.0\n"
)
LOOK_EVERY_S: Final = 1.0
QUIET_TIMEOUT_S: Final = 30.0

OWN_SLACK_BYTES: Final = 8 * MIB
OWN_BYTES_PER_HOUR: Final = 8 * MIB
"""What the memory may grow by in an hour: streams of people who are gone are followed until others take their place."""
CACHE_BYTES: Final = 128 * MIB
"""What the database's caches may hold of what was written: that much the memory may grow with the file, and no more."""
WAL_MAX_BYTES: Final = 96 * MIB
FILE_PER_CONTENT_MAX: Final = 1.5
SLACK: Final = {"open files": 4, "threads": 2, "tasks": 3}
MUST_BE_ZERO: Final = ("unisono_connections", "unisono_sessions_live", "unisono_users_live", "unisono_outbox_bytes")


@dataclass
class Watch:
    """Levels at rest, one of each round, and the highest ones of the whole run."""

    looks: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    highest: Counter[str] = field(default_factory=Counter)

    def note(self, name: str, level: float) -> None:
        """Note a level at rest."""
        self.looks.setdefault(name, []).append((time.monotonic(), level))

    def excesses(self) -> list[str]:
        """Say what grew beyond what is allowed."""
        # A page may be in the writer's cache and in a reader's.
        cached = min(2 * drift("file", self.looks["file"]).growth, CACHE_BYTES)
        found = [drift("memory", self.looks["memory"]).excess(OWN_SLACK_BYTES + cached, OWN_BYTES_PER_HOUR)]
        found += [drift(name, self.looks[name]).excess(slack) for name, slack in SLACK.items()]
        return [excess for excess in found if excess is not None]


@asynccontextmanager
async def watched(server: ServerProcess, watch: Watch) -> AsyncIterator[None]:
    """Look at what the server holds while inside."""

    async def look() -> None:
        while True:
            with suppress(OSError, StopIteration):  # between two lives there is nobody to look at
                wal = server.data / "default.sqlite3-wal"
                levels = {"wal": wal.stat().st_size, "memory": server.own_bytes(), "threads": server.threads()}
                for name, level in levels.items():
                    watch.highest[name] = max(watch.highest[name], level)
            await asyncio.sleep(LOOK_EVERY_S)

    looking = asyncio.create_task(look())
    try:
        yield
    finally:
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)


async def rest(server: ServerProcess, watch: Watch) -> None:
    """Wait until nobody is there, and note what is left."""
    async with asyncio.timeout(QUIET_TIMEOUT_S):
        metrics = await server.metrics()
        while any(metrics[name] for name in MUST_BE_ZERO):
            await asyncio.sleep(0.1)
            metrics = await server.metrics()
    await asyncio.sleep(LOOK_EVERY_S)
    metrics = await server.metrics()
    watch.note("memory", server.own_bytes())
    watch.note("threads", server.threads())
    watch.note("open files", server.open_files())
    watch.note("tasks", metrics["unisono_tasks"])
    watch.note("streams", metrics["unisono_streams_followed"])
    watch.note("file", (server.data / "default.sqlite3").stat().st_size)
    watch.note("checkpoint lag", metrics["unisono_checkpoint_lag_seconds"])


async def soak(
    server: ServerProcess, watch: Watch, seconds: float, *, is_killed: bool
) -> tuple[Counter[str], list[Played]]:
    """Play one round after the other."""
    first_s, counts, bad = time.monotonic(), Counter[str](), list[Played]()
    shortest_s, longest_s = ROUND_S
    round_s = min(longest_s, max(shortest_s, seconds / (ROUNDS + 2)))
    async with watched(server, watch):
        while counts["rounds"] < ROUNDS or time.monotonic() - first_s < seconds:
            played = await Round(server, counts["rounds"], round_s, is_killed=is_killed).play()
            counts += Counter(played.counts) + Counter(
                rounds=1, deliveries=played.verdict.deliveries, acknowledgements=played.verdict.acknowledgements
            )
            if played.verdict.findings or played.nonsense.findings:
                bad.append(played)
            await rest(server, watch)
        # The last sessions run out.
        await asyncio.sleep(WINDOW_S + 5)
    return counts, bad


def kept(file: Path) -> dict[str, int]:
    """Say what the database holds, once its server is gone."""
    asked = {
        "facts": "SELECT count(*) FROM facts",
        "content": "SELECT coalesce(sum(length(body)), 0) + 100 * count(*) FROM facts",
        "sessions": "SELECT count(*) FROM sessions",
        "open sessions": "SELECT count(*) FROM sessions WHERE ended_at IS NULL",
        "leases": "SELECT count(*) FROM leases",
    }
    with closing(sqlite3.connect(file)) as database:
        return {name: database.execute(statement).fetchone()[0] for name, statement in asked.items()}


@pytest.mark.parametrize("is_killed", [False, True], ids=("one life", "killed in every round"))
async def test_hours_of_everything_at_once(data: Path, hours: float, is_killed: bool, report: Report) -> None:
    watch, file = Watch(), data / "default.sqlite3"
    async with ServerProcess(data, config=CONFIG) as server:
        counts, bad = await soak(server, watch, hours * 3600 / 2, is_killed=is_killed)
        slow = await server.metric('unisono_connections_closed_total{code="slow_consumer"}')
        assert await server.terminate() == 0
        server.assert_clean_log()
    held = kept(file)
    told = ", ".join(f"{count} {name}" for name, count in counts.items())
    levels = "; ".join(
        f"{name} {looks[0][1]:.0f} … {looks[len(looks) // 2][1]:.0f} … {looks[-1][1]:.0f}"
        for name, looks in watch.looks.items()
    )
    report(f"{told}. At rest, first … middle … last: {levels}. Highest: {dict(watch.highest)}. Kept: {held}")
    assert not bad, "\n".join(f"{played.verdict} {played.nonsense.findings}" for played in bad)
    assert watch.excesses() == []
    assert watch.highest["wal"] < WAL_MAX_BYTES
    assert held["open sessions"] == 0
    # A login that a kill left without an answer counts for nobody.
    assert held["sessions"] <= counts["logins"] + counts["rounds"]
    assert held["leases"] <= len(server.starts_s)
    assert file.stat().st_size < FILE_PER_CONTENT_MAX * held["content"] + MIB
    assert is_killed or slow >= 1
