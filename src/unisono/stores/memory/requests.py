"""The requests port in memory."""

from typing import Final

import msgspec

from unisono.domain.answers import AnyAnswer
from unisono.domain.errors import KeyReused
from unisono.domain.ids import Instant
from unisono.ports.clock import Clock
from unisono.ports.log import Committed
from unisono.ports.requests import KEPT_MS, Request
from unisono.stores.memory.records import Remembered
from unisono.stores.memory.state import State

_decode: Final = msgspec.json.Decoder(AnyAnswer).decode


class MemoryRequests:
    """Implements `ports.requests.Requests`."""

    def __init__(self, state: State, clock: Clock) -> None:
        self._state = state
        self._clock = clock

    async def begin(self, request: Request) -> bytes | None:
        """Remember a request, or give its answer."""
        self._state.check_open()
        known = self.find(request)
        if known is None:
            self._state.requests[request.key] = Remembered(request.digest, self._clock.now())
        return None if known is None else known.answer

    async def finish(self, request: Request, answer: bytes) -> None:
        """Keep an answer."""
        self._state.check_open()
        self.remember(request, answer)

    async def forget(self, before: Instant) -> int:
        """Drop old ones."""
        self._state.check_open()
        until = min(before, self._clock.now() - KEPT_MS)
        old = [key for key, known in self._state.requests.items() if known.at < until]
        for key in old:
            del self._state.requests[key]
        return len(old)

    def find(self, request: Request) -> Remembered | None:
        """Give what is remembered of a request."""
        known = self._state.requests.get(request.key)
        if known is None or known.at <= self._clock.now() - KEPT_MS:
            return None
        if known.digest != request.digest:
            raise KeyReused()
        return known

    def remember(self, request: Request, answer: bytes) -> None:
        """Note an answer."""
        self._state.requests[request.key] = Remembered(request.digest, self._clock.now(), answer)

    def repeated(self, request: Request) -> Committed | None:
        """Give what came of a request that was carried out before."""
        known = self.find(request)
        return None if known is None or known.answer is None else Committed(_decode(known.answer), ())
