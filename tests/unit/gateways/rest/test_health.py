"""How the node is, and who may read its metrics."""

import asyncio
from pathlib import Path

import pytest

from tests.support.operator_desk import ADMIN_KEY, open_desk
from tests.support.time_and_chance import ManualClock
from unisono.domain.errors import Unavailable
from unisono.gateways.rest.health import CHECK_DEADLINE_S, KEPT_S, Health
from unisono.gateways.rest.shapes import Check
from unisono.telemetry.recording import RecordingTelemetry


class Parts:
    """Two parts that can be made unwell."""

    def __init__(self) -> None:
        self.reason: str | None = None
        self.fault: Unavailable | None = None
        self.asked = 0
        self.clock = ManualClock()
        self.telemetry = RecordingTelemetry()
        self.health = Health({"store": self.store, "loop": self.loop}, self.clock, self.telemetry)

    async def store(self) -> str | None:
        self.asked += 1
        if self.fault is not None:
            raise self.fault
        return None

    async def loop(self) -> str | None:
        return self.reason


async def test_a_node_is_ready_when_all_its_parts_are_well() -> None:
    parts = Parts()
    readiness = await parts.health.readiness()
    assert readiness.is_ready
    assert readiness.checks == {"store": Check(is_good=True), "loop": Check(is_good=True)}
    assert parts.telemetry.meter.level("ready") == 1.0


async def test_one_unwell_part_is_enough_and_is_named() -> None:
    parts = Parts()
    parts.reason = "2 s late"
    readiness = await parts.health.readiness()
    assert not readiness.is_ready
    assert readiness.checks["loop"] == Check(is_good=False, reason="2 s late")
    assert parts.telemetry.meter.level("ready") == 0.0


async def test_a_part_that_fails_is_told_by_its_code() -> None:
    parts = Parts()
    parts.fault = Unavailable()
    assert (await parts.health.readiness()).checks["store"] == Check(is_good=False, reason="unavailable")


async def test_a_part_that_hangs_is_waited_for_only_so_long(monkeypatch: pytest.MonkeyPatch) -> None:
    async def hangs() -> str | None:
        await asyncio.Event().wait()
        return None

    monkeypatch.setattr("unisono.gateways.rest.health.CHECK_DEADLINE_S", 0.01)
    readiness = await Health({"store": hangs}, ManualClock(), RecordingTelemetry()).readiness()
    assert readiness.checks["store"] == Check(is_good=False, reason="no answer in 0.01 s")
    assert CHECK_DEADLINE_S <= 2.0


async def test_many_who_ask_at_once_cost_one_look() -> None:
    parts = Parts()
    for _ in range(10):
        await parts.health.readiness()
    assert parts.asked == 1
    parts.clock.advance(KEPT_S)
    await parts.health.readiness()
    assert parts.asked == 2


async def test_a_change_is_told_once_in_the_log() -> None:
    parts = Parts()
    await parts.health.readiness()
    for reason in ("late", "late", None):
        parts.reason = reason
        parts.clock.advance(KEPT_S)
        await parts.health.readiness()
    assert parts.telemetry.named("readiness_changed") == [
        {"is_ready": False, "failing": "loop"},
        {"is_ready": True, "failing": ""},
    ]


async def test_a_server_says_that_it_lives_and_is_ready(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        status, alive = await desk.ask("GET", "/healthz", key=None)
        assert (status, alive["status"]) == (200, "ok")
        status, readiness = await desk.ask("GET", "/readyz", key=None)
        assert (status, readiness["is_ready"]) == (200, True)
        assert set(readiness["checks"]) == {"store", "lease", "loop", "admission"}


async def test_a_server_that_drains_is_alive_but_not_ready(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        await desk.server.drain()
        status, readiness = await desk.ask("GET", "/readyz", key=None)
        assert (status, readiness["checks"]["admission"]) == (503, {"is_good": False, "reason": "draining"})
        assert (await desk.ask("GET", "/healthz", key=None))[0] == 200


async def metrics_status(tmp_path: Path, access: str, **headers: str) -> int:
    async with (
        open_desk(tmp_path, UNISONO_METRICS__ACCESS=access) as desk,
        desk.http.get(f"{desk.url}/metrics", headers=headers) as answer,
    ):
        return answer.status


BEARER = f"Bearer {ADMIN_KEY}"


@pytest.mark.parametrize(
    ("access", "headers", "status"),
    [
        ("loopback", {}, 200),
        ("loopback", {"X-Forwarded-For": "192.0.2.1"}, 401),
        ("loopback", {"Host": "evil.example"}, 401),
        ("loopback", {"X-Forwarded-For": "192.0.2.1", "Authorization": BEARER}, 200),
        ("key", {}, 401),
        ("key", {"Authorization": "Bearer wrong"}, 401),
        ("key", {"Authorization": BEARER}, 200),
        ("anyone", {"X-Forwarded-For": "192.0.2.1"}, 200),
    ],
)
async def test_metrics_are_for_those_the_settings_name(
    tmp_path: Path, access: str, headers: dict[str, str], status: int
) -> None:
    assert await metrics_status(tmp_path, access, **headers) == status


async def test_metrics_can_be_switched_off(tmp_path: Path) -> None:
    async with open_desk(tmp_path, UNISONO_METRICS__ENABLED="false") as desk:
        assert (await desk.ask("GET", "/metrics"))[0] == 404


async def test_metrics_tell_what_happened(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk, await desk.login("alice", "d1"):
        await desk.ask("GET", "/v1/nothing")
        async with desk.http.get(f"{desk.url}/metrics") as answer:
            text = await answer.text()
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    assert 'unisono_logins_total{outcome="ok"} 1.0' in text
    assert 'unisono_connections_opened_total{door="websocket"} 1.0' in text
    assert 'unisono_rest_requests_total{status="404"} 1.0' in text
