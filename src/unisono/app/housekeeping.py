"""What has to happen again and again: sweeping the log, keeping the node's lease, ending what ran out."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from unisono.app.audience import Audience
from unisono.app.lease import Lease
from unisono.app.options import AppOptions
from unisono.app.own_sessions import OwnSessions
from unisono.app.parts import Parts
from unisono.app.turns import in_turns
from unisono.domain.calls import ENDED_KEPT_MS
from unisono.domain.claims import DONE_KEPT_MS
from unisono.domain.errors import UnisonoError
from unisono.domain.ids import Instant

EXPIRED_PER_TURN: Final = 200
TOUCH_EVERY_S: Final = 30.0
"""How exact it is known when a session last spoke."""
TOUCHED_AT_ONCE: Final = 1000
FORGET_EVERY_S: Final = 3600.0
FORGET_FIRST_S: Final = 60.0
"""A node that is started anew each night, or more often, forgets as well."""
JITTER_SHARE: Final = 0.1

Chore = Callable[[], Awaitable[None]]


class Housekeeping:
    """The periodic chores of one app on one node: its own, and those that others do at every sweep."""

    def __init__(
        self,
        parts: Parts,
        options: AppOptions,
        audience: Audience,
        own_sessions: OwnSessions,
        *,
        lease: Lease,
        at_every_sweep: Mapping[str, Chore],
    ) -> None:
        self._parts = parts
        self._options = options
        self._audience = audience
        self._own_sessions = own_sessions
        self._lease = lease
        self._at_every_sweep = at_every_sweep
        self._touched_s = 0.0

    async def run(self) -> None:
        """Do the chores until cancelled. A chore that fails is logged and tried again at its next turn."""
        options = self._options
        async with asyncio.TaskGroup() as chores:
            for name, chore in self._at_every_sweep.items():
                chores.create_task(self._repeat(name, options.sweep_s, chore))
            chores.create_task(self._repeat("lease", options.lease_ttl_s / 3, self._lease.keep))
            chores.create_task(self._repeat("expiry", options.sweep_s, self._end_expired))
            chores.create_task(self._repeat("touch", TOUCH_EVERY_S, self._touch))
            chores.create_task(self._repeat("forget", FORGET_EVERY_S, self._forget, first_s=FORGET_FIRST_S))

    async def _repeat(self, name: str, every_s: float, chore: Chore, *, first_s: float | None = None) -> None:
        wait_s = first_s or every_s
        while True:
            await asyncio.sleep(wait_s * (1 + JITTER_SHARE * (self._parts.entropy.fraction() - 0.5)))
            wait_s = every_s
            try:
                await chore()
            except UnisonoError as fault:
                self._parts.telemetry.fault("chore_failed", chore=name, code=fault.code)
            except Exception as defect:  # noqa: BLE001  (a chore's defect must not end what everybody else does)
                self._parts.telemetry.defect("chore_failed", defect, chore=name)

    async def _end_expired(self) -> None:
        before = Instant(self._parts.clock.now() - int(self._options.detach_window_s * 1000))
        await self._own_sessions.end_expired(before, EXPIRED_PER_TURN)

    async def _touch(self) -> None:
        """Note which sessions spoke since the last time."""
        now, now_s = self._parts.clock.now(), self._parts.clock.monotonic_s()
        seen = [
            (attached.session, Instant(now - int((now_s - attached.link.heard_at_s) * 1000)))
            for attached in self._audience
            if attached.link.heard_at_s > self._touched_s
        ]
        self._touched_s = now_s
        for start in range(0, len(seen), TOUCHED_AT_ONCE):
            await self._parts.sessions.touch(seen[start : start + TOUCHED_AT_ONCE])

    async def _forget(self) -> None:
        before = Instant(self._parts.clock.now() - int(self._options.ended_kept_s * 1000))
        await self._parts.sessions.forget_ended(before)
        await self._parts.requests.forget(self._parts.clock.now())
        await self._parts.claims.forget(DONE_KEPT_MS)
        await self._parts.calls.forget(ENDED_KEPT_MS)
        await in_turns(self._parts.clock, self._parts.search.compact)
