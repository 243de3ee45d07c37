"""What is made once for all links that ask for it, and kept while they may."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Final

from unisono.domain.errors import UnisonoError
from unisono.gateways.leancloud.parcels import Push

KEPT_LIMIT: Final = 1_000
"""Facts and events whose frames are kept: all links of a node ask for them within moments."""
KEPT_BYTES: Final = 8 * 1024 * 1024
"""How large what is kept may be, all together: 128 of the largest messages."""

Pushes = Sequence[Push]


class Making:
    """Has frames made once, however many ask at once; the oldest are forgotten first."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, Pushes] = OrderedDict()
        self._kept_bytes = 0
        self._making: dict[Hashable, asyncio.Future[Pushes | None]] = {}

    def find(self, key: Hashable) -> Pushes | None:
        """Give the frames of a key, if they are kept."""
        return self._kept.get(key)

    async def get(self, key: Hashable, make: Callable[[], Awaitable[Pushes]]) -> Pushes:
        """Give the frames of a key, made by the first who asks.

        Raises:
            UnisonoError: What making them raised, to all who waited for it.
        """
        while (kept := self._kept.get(key)) is None:
            making = self._making.get(key)
            if making is None:
                return await self._make(key, make)
            # Who waits no longer takes it from nobody else.
            kept = await asyncio.shield(making)
            if kept is not None:
                return kept
        return kept

    async def _make(self, key: Hashable, make: Callable[[], Awaitable[Pushes]]) -> Pushes:
        making = self._making[key] = asyncio.get_running_loop().create_future()
        try:
            made = await make()
        except UnisonoError as fault:
            making.set_exception(fault)
            # Where nobody waited it is no defect that nobody heard of it.
            making.exception()
            raise
        else:
            making.set_result(made)
            self.keep(key, made)
            return made
        finally:
            del self._making[key]
            if not making.done():
                # Whoever made it gave up: the next does it.
                making.set_result(None)

    def keep(self, key: Hashable, made: Pushes) -> None:
        """Keep the frames of a key, unless it has some."""
        if key in self._kept:
            return
        self._kept[key] = made
        self._kept_bytes += _size_of(made)
        while len(self._kept) > KEPT_LIMIT or self._kept_bytes > KEPT_BYTES:
            _, gone = self._kept.popitem(last=False)
            self._kept_bytes -= _size_of(gone)


def _size_of(pushes: Pushes) -> int:
    return sum(len(push.payload) for push in pushes)
