"""How the node is: /healthz for the process, /readyz for its parts."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from unisono.domain.errors import UnisonoError
from unisono.gateways.rest.shapes import Check, Readiness
from unisono.ports.clock import Clock
from unisono.ports.telemetry import Telemetry

CHECK_DEADLINE_S: Final = 2.0
KEPT_S: Final = 0.25
"""How long an answer is used again: anybody may ask, and asking must cost next to nothing."""

Checking = Callable[[], Awaitable[str | None]]
"""Gives None when a part is well, else the reason why not; may raise a fault instead."""


class Health:
    """Asks the parts how they are."""

    def __init__(self, checks: Mapping[str, Checking], clock: Clock, telemetry: Telemetry) -> None:
        self._checks: Final = checks
        self._clock: Final = clock
        self._telemetry: Final = telemetry
        self._last: Readiness | None = None
        self._asked_s = 0.0

    async def readiness(self) -> Readiness:
        """Say if the node takes work. Never waits longer than `CHECK_DEADLINE_S` for a part."""
        now_s = self._clock.monotonic_s()
        if self._last is not None and now_s - self._asked_s < KEPT_S:
            return self._last
        self._asked_s = now_s
        async with asyncio.TaskGroup() as tasks:
            asked = {name: tasks.create_task(_ask(checking)) for name, checking in self._checks.items()}
        checks = {name: task.result() for name, task in asked.items()}
        readiness = Readiness(is_ready=all(check.is_good for check in checks.values()), checks=checks)
        self._note(readiness)
        return readiness

    def _note(self, readiness: Readiness) -> None:
        before, self._last = self._last, readiness
        self._telemetry.gauge("ready", float(readiness.is_ready))
        if before is None or before.is_ready == readiness.is_ready:
            return
        failing = ",".join(name for name, check in readiness.checks.items() if not check.is_good)
        self._telemetry.event("readiness_changed", is_ready=readiness.is_ready, failing=failing)


async def _ask(checking: Checking) -> Check:
    try:
        async with asyncio.timeout(CHECK_DEADLINE_S):
            reason = await checking()
    except TimeoutError:
        return Check(is_good=False, reason=f"no answer in {CHECK_DEADLINE_S:g} s")
    except UnisonoError as fault:
        return Check(is_good=False, reason=fault.code)
    return Check(is_good=reason is None, reason=reason)
