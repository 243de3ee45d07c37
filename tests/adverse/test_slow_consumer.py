"""One session of three hundred stops reading: it alone pays for it, and gets everything once it reads again."""

import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.support.crowd import Crowd, create, gathered
from tests.support.figures import Report
from tests.support.pulse import pulse
from tests.support.server_process import TEST_CONFIG, ServerProcess
from tests.support.virtual_client import VirtualClient

pytestmark = pytest.mark.adverse

SESSIONS = 300
BEATS_SHORT = 60
BEATS_FULL = 600
BULK_CHARS = 16_000
BULK_MESSAGES = 600
OUTBOX_BYTES = 384 * 1024
GROWTH_MAX_BYTES = 64 * 1024 * 1024
ANSWER_SLACK_S = 0.1
CONFIG = TEST_CONFIG + f"outbox_bytes = {OUTBOX_BYTES}\n"


@dataclass
class Stopwatch:
    """How long each beat took to each listener, in seconds."""

    began_s: dict[int, float] = field(default_factory=dict)
    took_s: list[float] = field(default_factory=list)

    def percentile(self, share: float) -> float:
        """Give a percentile."""
        return sorted(self.took_s)[int(share * (len(self.took_s) - 1))]


async def beat(
    crowd: Crowd, drummer: VirtualClient, listeners: list[VirtualClient], room: str, beats: int
) -> Stopwatch:
    """Send messages one after the other, each when all listeners had the one before; take the times."""
    watch, stream = Stopwatch(), f"c/{room}"
    for _ in range(beats):
        seq = max(listener.follower.seq(stream) for listener in listeners) + 1
        waiting = set(range(len(listeners)))
        began_s = time.monotonic()

        def all_have_it(waiting: set[int] = waiting, seq: int = seq, began_s: float = began_s) -> bool:
            now_s = time.monotonic()
            done = {number for number in waiting if listeners[number].follower.seq(stream) >= seq}
            waiting -= done
            watch.took_s += [now_s - began_s] * len(done)
            return not waiting

        drummer.post(room, "beat", f"beat {room} {seq}")
        await crowd.wait_until(all_have_it)
    return watch


@pytest.mark.timeout(600)
async def test_a_session_that_stops_reading_hurts_nobody_else(data: Path, is_full: bool, report: Report) -> None:
    beats = BEATS_FULL if is_full else BEATS_SHORT
    async with ServerProcess(data, config=CONFIG) as server, gathered(server.port, seed=6) as crowd:
        for number in range(SESSIONS - 1):
            crowd.add(f"user{number}")
        (slow,) = crowd.add("slow", receive_bytes=4096)
        (bulk,) = crowd.add("bulk")
        await crowd.wait_live()
        drummer, *listeners = crowd.clients[: SESSIONS - 1]
        room = await create(drummer, [client.user for client in crowd.clients[:SESSIONS]], "room")
        flood = await create(bulk, ("slow", "bulk"), "flood")
        async with pulse(server.port) as calm:
            before = await beat(crowd, drummer, listeners, room, beats)
        memory = server.rss_bytes()
        slow.pause()
        async with pulse(server.port) as flooded:
            for number in range(BULK_MESSAGES):
                bulk.post(flood, "x" * BULK_CHARS, f"bulk {number}")
            during = await beat(crowd, drummer, listeners, room, beats)
            await bulk.wait_until(lambda: not bulk.unacknowledged)
        growth = server.rss_bytes() - memory
        await server.wait_metric('unisono_connections_closed_total{code="slow_consumer"}', 1)
        slow.unpause()
        verdict = await crowd.verdict()
        server.assert_clean_log()
    report(
        f"delivery to {len(listeners)} sessions p50/p99 {before.percentile(0.5) * 1000:.0f}/"
        f"{before.percentile(0.99) * 1000:.0f} ms before, {during.percentile(0.5) * 1000:.0f}/"
        f"{during.percentile(0.99) * 1000:.0f} ms while one did not read and "
        f"{BULK_MESSAGES * BULK_CHARS / 1e6:.0f} MB came for it (the crowd's own process included); "
        f"to a process apart it answered in p50/p99 {calm.percentile(0.5) * 1000:.1f}/"
        f"{calm.percentile(0.99) * 1000:.0f} ms, then {flooded.percentile(0.5) * 1000:.1f}/"
        f"{flooded.percentile(0.99) * 1000:.0f} ms; memory grew {growth / 1e6:.1f} MB; {verdict}"
    )
    verdict.assert_clean()
    assert slow.resumes >= 1
    assert slow.logins == 1
    assert all(client.resumes == 0 for client in crowd.clients if client is not slow)
    assert flooded.percentile(0.99) < 10 * calm.percentile(0.99) + ANSWER_SLACK_S
    assert during.percentile(0.99) < 10 * before.percentile(0.99) + 0.5
    assert growth < GROWTH_MAX_BYTES
