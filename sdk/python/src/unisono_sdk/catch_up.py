"""Getting what is missing: which streams moved, and the facts behind a gap."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from unisono_sdk.answers import Answer, Facts, Moved, StartOver, StreamHead
from unisono_sdk.commands import Command, ReadStream, Sync
from unisono_sdk.errors import LinkDown, Refused
from unisono_sdk.frames import Delivery
from unisono_sdk.link import Link
from unisono_sdk.loss import broken, garbled
from unisono_sdk.options import Options
from unisono_sdk.places import Outcome, Read
from unisono_sdk.positions import Positions

PUT_OFF_S: Final = 1.0
"""Before a request is repeated that the server put off without saying for how long."""

Pass = Callable[[Sequence[Outcome]], None]
WaitRoom = Callable[[int], Awaitable[None]]


class CatchUp:
    """Follows the user's streams on one link. What it finds goes to `pass_on`, in order for each stream."""

    def __init__(
        self, link: Link, positions: Positions, options: Options, *, pass_on: Pass, wait_room: WaitRoom
    ) -> None:
        self._link = link
        self._positions = positions
        self._limits = options.limits
        self._clock = options.clock
        self._pass_on = pass_on
        self._wait_room = wait_room
        self._wake = asyncio.Event()

    def take(self, delivery: Delivery) -> None:
        """Take facts that were pushed."""
        self._take(self._positions.take(delivery))

    async def sync(self, checkpoint: int) -> bool:
        """Learn which streams moved after a checkpoint; False when the link ended meanwhile.

        A session without any state learns where its streams are, so that only what comes later is delivered.
        """
        try:
            await (self._begin_fresh() if self._positions.is_fresh else asyncio.sleep(0))
            await self._sync_pages(checkpoint)
        except LinkDown:
            return False
        except Refused as refusal:
            self._link.end(broken(f"the server does not say what moved: {refusal}"))
            return False
        return True

    async def run(self) -> None:
        """Read what is missing, whenever something is. Runs until cancelled."""
        room = asyncio.Semaphore(self._limits.reads)
        async with asyncio.TaskGroup() as reads:
            while True:
                await self._wake.wait()
                self._wake.clear()
                while (asked := self._positions.next_read()) is not None:
                    await room.acquire()
                    reads.create_task(self._read(asked)).add_done_callback(lambda _: room.release())

    async def _begin_fresh(self) -> None:
        own = self._positions.own_stream
        # My own stream comes first: it tells of each conversation that begins for me while the others are listed.
        answer = await self._ask(ReadStream(stream=own, after=0, limit=1))
        if isinstance(answer, Facts):
            self._take(self._positions.take_heads([StreamHead(stream=own, epoch=answer.epoch, seq=answer.head)], None))

    async def _sync_pages(self, checkpoint: int) -> None:
        after: str | None = None
        is_last = False
        while not is_last:
            answer = await self._ask(Sync(checkpoint=checkpoint, after=after))
            if not isinstance(answer, Moved):
                self._link.end(garbled("a sync was answered with something else"))
                raise LinkDown
            self._take(self._positions.take_heads(answer.heads, answer.checkpoint))
            after, is_last = answer.next, answer.next is None
        self._take(self._positions.end_sync())

    async def _read(self, asked: Read) -> None:
        await self._wait_room(self._limits.page)
        try:
            answer = await self._ask(
                ReadStream(stream=asked.stream, after=asked.after, limit=self._limits.page, epoch=asked.epoch or None)
            )
        except LinkDown:
            self._positions.put_back(asked)
        except Refused:
            self._take(self._positions.give_up(asked))
        else:
            self._take_page(asked, answer)

    def _take_page(self, asked: Read, answer: Answer) -> None:
        if isinstance(answer, Facts) and answer.stream == asked.stream:
            self._take(self._positions.take_page(asked, answer))
        elif isinstance(answer, StartOver) and answer.stream == asked.stream:
            self._take(self._positions.take_start_over(asked, answer))
        else:
            self._positions.put_back(asked)
            self._link.end(garbled("a read was answered with something else"))

    async def _ask(self, command: Command) -> Answer:
        """Ask, and ask again when put off."""
        while True:
            try:
                return await self._link.request(command)
            except Refused as refusal:
                if not refusal.retryable:
                    raise
                await self._clock.sleep((refusal.retry_after_ms or PUT_OFF_S * 1000) / 1000)

    def _take(self, outcomes: Sequence[Outcome]) -> None:
        if outcomes:
            self._pass_on(outcomes)
        if not self._positions.is_settled:
            self._wake.set()
