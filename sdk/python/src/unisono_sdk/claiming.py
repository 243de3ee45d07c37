"""Work that one of all my sessions does, once: who does it, and for how long that holds."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Final

from unisono_sdk.claims import LEASE_S, Claimed, FinishClaim, ReleaseClaim, RenewClaim, TakeClaim
from unisono_sdk.clock import Clock
from unisono_sdk.desk import Desk, ask
from unisono_sdk.errors import ClaimLost, Conflict, UnisonoError
from unisono_sdk.hub import Spawn
from unisono_sdk.options import Options
from unisono_sdk.uploading import Uploading

RENEWALS_PER_LEASE: Final = 3
"""A runner asks for more so often that it survives two answers that are lost."""
GIVING_UP_S: Final = 2.0
PAUSE_LEAST_S: Final = 0.05
"""Before a claim is asked for again whose lease has ended: clocks run at different paces."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Whether the work is this program's (`is_mine`), or another session (`holder`) does it, or has (`is_done`).

    `number` grows with each runner: what is changed elsewhere can refuse one that comes late by it.
    """

    name: str
    is_mine: bool
    is_done: bool
    number: int
    holder: str | None


class Claiming(Uploading):
    """The side of a `Client` that claims work."""

    _options: Options
    _spawn: Spawn

    @asynccontextmanager
    async def claim(self, name: str, *, lease_s: int = LEASE_S, wait: bool = False) -> AsyncIterator[Claim]:
        """Be the one who does what a name stands for, if nobody else of my sessions does or has done it.

        Look at `is_mine` inside. The claim is kept while inside, leaving says that the work is done, and leaving by an
        exception that it is not, so that another may. A runner that is gone is followed when its lease is over. What
        was done is remembered for a day.

        Args:
            name: Up to 256 characters, the same in all sessions, as `notify/` and the id of a message.
            lease_s: 1 to 300 seconds for which it is held at a time.
            wait: While another does the work, wait until it is done, and take over if it is not.

        Raises:
            ClaimLost: It could not be kept, and another may do the work by now: what is inside was cancelled.
            LimitReached: Too many names are remembered.
            Unacceptable: Not a name or lease as described.
        """
        claimed, until_s = await self._take(name, lease_s, waits=wait)
        claim = Claim(
            name=name,
            is_mine=claimed.is_mine,
            is_done=claimed.is_done,
            number=claimed.number,
            holder=claimed.holder,
        )
        if not claim.is_mine:
            yield claim
            return
        held = _Held(self._counter, self._options.clock, claim, lease_s=lease_s, until_s=until_s)
        is_done, alarm = False, asyncio.timeout(None)
        try:
            async with alarm:
                self._spawn(held.keep(alarm))
                yield claim
            is_done = True
        except TimeoutError:
            if not alarm.expired():
                raise
            raise ClaimLost(f"{name} could not be kept", numbers={"number": claim.number}) from None
        finally:
            held.over.set()
            if not is_done:
                await held.give_up()
        await held.finish()

    async def _take(self, name: str, lease_s: int, *, waits: bool) -> tuple[Claimed, float]:
        """Give how it stands, and until when it is held where it is mine."""
        clock, key = self._options.clock, self._counter.new_key()
        while True:
            # As of the question: the server counts from later on, whenever it hears of it.
            until_s = clock.monotonic_s() + lease_s
            claimed = await ask(self._counter, TakeClaim(name=name, key=key, lease_s=lease_s), Claimed)
            if claimed.is_mine and until_s > clock.monotonic_s():
                return claimed, until_s
            if not claimed.is_mine and (claimed.is_done or not waits):
                return claimed, until_s
            if not claimed.is_mine:
                # It may be given up, or done, before the end of the lease.
                left_s = min(claimed.left_ms / 1000, lease_s / RENEWALS_PER_LEASE)
                await clock.sleep(max(left_s, PAUSE_LEAST_S))


class _Held:
    """A claim that is mine, until `over`."""

    def __init__(self, desk: Desk, clock: Clock, claim: Claim, *, lease_s: int, until_s: float) -> None:
        self._desk = desk
        self._clock = clock
        self._claim = claim
        self._lease_s = lease_s
        self._until_s = until_s
        self.over = asyncio.Event()

    async def keep(self, alarm: asyncio.Timeout) -> None:
        """Renew it until it is over; ring the alarm when it cannot be kept."""
        try:
            while not self.over.is_set() and await self._is_kept():
                pass
        finally:
            if not self.over.is_set():
                alarm.reschedule(asyncio.get_running_loop().time())

    async def _is_kept(self) -> bool:
        """Wait for the time to renew it, do, and say if it is still held: whatever was answered, or nothing was."""
        with suppress(TimeoutError):
            async with self._clock.deadline(self._lease_s / RENEWALS_PER_LEASE):
                await self.over.wait()
                return True
        asked_s = self._clock.monotonic_s()
        renewal = RenewClaim(name=self._claim.name, number=self._claim.number, lease_s=self._lease_s)
        try:
            async with self._clock.deadline(self._until_s - asked_s):
                await ask(self._desk, renewal, Claimed)
        except Conflict:
            return False
        except (TimeoutError, UnisonoError):
            return self._clock.monotonic_s() < self._until_s
        self._until_s = asked_s + self._lease_s
        return True

    async def finish(self) -> None:
        """Say that the work is done."""
        try:
            await ask(self._desk, FinishClaim(name=self._claim.name, number=self._claim.number), Claimed)
        except Conflict as conflict:
            raise ClaimLost(f"{self._claim.name} is another's by now", numbers=conflict.numbers) from None

    async def give_up(self) -> None:
        """Say that it is not. Without a connection that answers soon the end of the lease says so."""
        with suppress(UnisonoError, TimeoutError):
            async with self._clock.deadline(GIVING_UP_S):
                await self._desk.request_now(ReleaseClaim(name=self._claim.name, number=self._claim.number))
