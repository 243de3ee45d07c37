"""An event loop whose clock jumps to the next deadline as soon as nothing else is to be done.

A test of an hour's worth of deadlines takes milliseconds, and comes out the same on a busy machine. A test that waits
for something that will never happen fails at once.
"""

import asyncio
import functools
import selectors
from collections.abc import Callable, Coroutine
from typing import ParamSpec, TypeVar

from tests.support.time_and_chance import NOON
from unisono.domain.ids import Instant

P = ParamSpec("P")
T = TypeVar("T")
Ready = list[tuple[selectors.SelectorKey, int]]


class NothingLeftError(RuntimeError):
    """Everybody waits, and nobody will ever be woken."""


class _JumpingSelector(selectors.DefaultSelector):
    """Instead of waiting it tells how long it would have."""

    def __init__(self, jump: Callable[[float], None]) -> None:
        super().__init__()
        self._jump = jump

    def select(self, timeout: float | None = None) -> Ready:
        ready: Ready = super().select(0)
        if ready:
            return ready
        if timeout is None:
            raise NothingLeftError
        self._jump(timeout)
        return ready


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """An event loop for tests without sockets and threads."""

    def __init__(self) -> None:
        self._virtual_s = 0.0
        super().__init__(_JumpingSelector(self._advance))

    def time(self) -> float:
        return self._virtual_s

    def _advance(self, seconds: float) -> None:
        self._virtual_s += max(0.0, seconds)


def in_virtual_time(test: Callable[P, Coroutine[None, None, T]]) -> Callable[P, T]:
    """Make a plain test of an asynchronous one; `hypothesis.given` goes above it."""

    @functools.wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
            return runner.run(test(*args, **kwargs))

    return run


class LoopClock:
    """Implements `ports.clock.Clock` by the running loop: noon when it was made, unless it is set."""

    def __init__(self) -> None:
        self._set_by_ms = 0

    def now(self) -> Instant:
        return Instant(NOON + self._set_by_ms + int(self.monotonic_s() * 1000))

    def set_by(self, seconds: float) -> None:
        """Set the time of day. The other clock goes on as it was."""
        self._set_by_ms += int(seconds * 1000)

    def monotonic_s(self) -> float:
        return asyncio.get_running_loop().time()
