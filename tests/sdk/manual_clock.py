"""Time for the SDK that stands still until it is moved."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field


@dataclass(order=True)
class _Due:
    at_s: float
    alarm: "asyncio.Future[None] | asyncio.Timeout" = field(compare=False)


class ManualClock:
    """Implements `unisono_sdk.clock.Clock`; `slept` lists what was waited for."""

    def __init__(self) -> None:
        self._now_s = 0.0
        self._due: list[_Due] = []

    def monotonic_s(self) -> float:
        """Give the time."""
        return self._now_s

    def now_ms(self) -> int:
        """Give the time of day."""
        return int(self._now_s * 1000)

    async def sleep(self, seconds: float) -> None:
        """Wait until time is moved past it."""
        alarm: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._due.append(_Due(self._now_s + seconds, alarm))
        await alarm

    def deadline(self, seconds: float) -> asyncio.Timeout:
        """Give a deadline that time has to be moved past."""
        if seconds <= 0:
            return asyncio.timeout(0)
        alarm = asyncio.timeout(None)
        self._due.append(_Due(self._now_s + seconds, alarm))
        return alarm

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._now_s += seconds
        due = [each for each in self._due if each.at_s <= self._now_s]
        self._due = [each for each in self._due if each.at_s > self._now_s]
        for each in sorted(due):
            if isinstance(each.alarm, asyncio.Future):
                if not each.alarm.done():
                    each.alarm.set_result(None)
            else:
                with suppress(RuntimeError):  # not entered, or left long ago
                    each.alarm.reschedule(asyncio.get_running_loop().time())
