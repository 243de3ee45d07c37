"""One connection: requests and their answers, pushes, signs of life, one reason to end."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import Final

from unisono_sdk.answers import Answer, Pong
from unisono_sdk.carrier import Carrier, CarrierOver, NoWay, Way
from unisono_sdk.clock import Clock
from unisono_sdk.codec import Payload
from unisono_sdk.commands import Command, Ping
from unisono_sdk.errors import InvalidArgument, LinkDown, ProtocolFault, UnisonoError, refused
from unisono_sdk.frames import Bye, Delivery, EventFrame, Refusal, Reply, Request, ServerFrame
from unisono_sdk.limits import Limits
from unisono_sdk.loss import Loss, broken, garbled, of_bye, of_close
from unisono_sdk.options import Options
from unisono_sdk.polling import open_polling
from unisono_sdk.websocket import open_websocket

log: Final = logging.getLogger("unisono_sdk")

QUIET_SHARE: Final = 0.8
"""Share of the heartbeat after which a silent client speaks: a sign of life that is on its way counts for nothing."""

TakePush = Callable[[Delivery | EventFrame], None]


@asynccontextmanager
async def open_link(options: Options) -> AsyncIterator["Link"]:
    """Connect by a way that goes, and close at the end.

    Raises:
        Refused: The server did not let the connection in.
        LinkDown: There is nobody, or nobody who speaks this protocol.
    """
    clock, ways = options.clock, options.ways
    carrier = await _open_carrier(options)
    ways.note_open(carrier.way, clock.monotonic_s())
    link = Link(carrier, options.limits, clock)
    try:
        yield link
        ways.note_end(carrier.way, clock.monotonic_s(), has_heard=link.has_heard)
    finally:
        await link.close()


async def _open_carrier(options: Options) -> Carrier:
    first, *others = options.ways.order(options.clock.monotonic_s())
    try:
        return await _OPENERS[first](options)
    except NoWay as fault:
        for way in others:
            log.info("event=way_closed way=%s reason=%r", first, str(fault))
            with suppress(NoWay):
                return await _OPENERS[way](options)
        raise


_OPENERS: Final[Mapping[Way, Callable[[Options], Awaitable[Carrier]]]] = {
    "websocket": open_websocket,
    "longpoll": open_polling,
}


class Link:
    """A connection that is open. `read` has to run for anything else to be answered."""

    def __init__(self, carrier: Carrier, limits: Limits, clock: Clock) -> None:
        self._carrier = carrier
        self._limits = limits
        self._clock = clock
        self._waiting: dict[int, asyncio.Future[Answer]] = {}
        self._room = asyncio.Semaphore(limits.requests)
        self._last_id = 0
        self._spoke_at_s = clock.monotonic_s()
        self._heard_at_s = self._spoke_at_s
        self._over = asyncio.Event()
        self.loss: Loss | None = None
        self.has_heard = False
        """Something came from the server."""

    @property
    def way(self) -> Way:
        """Say how it goes."""
        return self._carrier.way

    @property
    def is_over(self) -> bool:
        """Say if nothing more is answered here."""
        return self._over.is_set()

    async def wait_over(self) -> None:
        """Wait for the end."""
        await self._over.wait()

    async def request(self, command: Command) -> Answer:
        """Ask, and give the answer. Cancelling leaves open whether it was carried out.

        Raises:
            Refused: The server said no.
            LinkDown: The link ended before the answer.
            InvalidArgument: It cannot be sent, or is larger than `Limits.sent_bytes`.
        """
        async with self._room:
            if self.is_over:
                raise self._lost()
            self._last_id += 1
            request = Request(id=self._last_id, do=command)
            payload = self._encode(request)
            answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
            self._waiting[request.id] = answer
            self._spoke_at_s = self._clock.monotonic_s()
            try:
                await self._carrier.send(payload)
                return await answer
            except CarrierOver:
                self._over.set()
                raise self._lost() from None
            finally:
                self._waiting.pop(request.id, None)
                answer.cancel()

    def _encode(self, request: Request) -> Payload:
        payload = self._carrier.codec.encode(request)
        size, limit = len(payload.encode() if isinstance(payload, str) else payload), self._limits.sent_bytes
        if size > limit:
            # The server would end the connection, and with it all that is under way.
            raise InvalidArgument(f"larger than {limit} bytes: {size}", numbers={"limit_bytes": limit, "bytes": size})
        return payload

    async def read(self, take: TakePush) -> None:
        """Take what the server says until the link ends; `loss` tells why it did."""
        try:
            while True:
                frames = await self._carrier.receive()
                self._heard_at_s = self._clock.monotonic_s()
                self.has_heard = True
                for frame in frames:
                    self._take(frame, take)
        except CarrierOver as end:
            self.end(of_close(end.close, end.reason))
        except ProtocolFault as fault:
            log.warning("event=frame_unreadable reason=%r", str(fault))
            self.end(garbled(f"the server sent something else: {fault}"))
        finally:
            self._fail_waiting()

    async def keep_alive(self, heartbeat_s: float, reach: Callable[[int], None]) -> None:
        """Speak often enough, and end the link when nobody answers. Runs until the link is over."""
        quiet_s = max(1.0, heartbeat_s * QUIET_SHARE)
        while not self.is_over:
            silent_s = self._clock.monotonic_s() - min(self._spoke_at_s, self._heard_at_s)
            if silent_s < quiet_s:
                await self._clock.sleep(quiet_s - silent_s)
                continue
            await self._ping(reach)

    def end(self, loss: Loss) -> None:
        """End the link for a reason, at once; the first reason counts."""
        if self.loss is None:
            self.loss = loss
        self._over.set()
        self._carrier.abort()

    def expect(self, loss: Loss) -> None:
        """Note why the server is about to end the link; its last frame may say more."""
        self.loss = self.loss or loss

    async def close(self) -> None:
        """Close in good order, within the deadline for it."""
        self._over.set()
        await self._carrier.close()
        self._fail_waiting()

    async def _ping(self, reach: Callable[[int], None]) -> None:
        try:
            async with self._clock.deadline(self._limits.pong_s):
                answer = await self.request(Ping())
        except TimeoutError:
            self.end(broken("the server does not answer"))
        except UnisonoError as fault:
            log.info("event=ping_refused code=%s", fault.code)
        else:
            if isinstance(answer, Pong):
                reach(answer.checkpoint)

    def _take(self, frame: ServerFrame, take: TakePush) -> None:
        match frame:
            case Delivery() | EventFrame():
                take(frame)
            case Reply(re=re):
                self._answer(re, frame.answer)
            case Refusal(re=re):
                self._answer(re, _fault(frame))
            case Bye():
                self._take_bye(of_bye(frame))
            case _:
                log.debug("event=frame_unknown is=%s", frame.tag)

    def _take_bye(self, said: Loss) -> None:
        known = self.loss
        if known is not None and known.code == said.code:
            said = replace(said, numbers=known.numbers, retry_after_ms=said.retry_after_ms or known.retry_after_ms)
        self.loss = said

    def _answer(self, re: int, answer: Answer | UnisonoError) -> None:
        waiting = self._waiting.get(re)
        if waiting is None or waiting.done():
            if isinstance(answer, UnisonoError):
                log.warning("event=refusal_unasked code=%s re=%d", answer.code, re)
        elif isinstance(answer, UnisonoError):
            waiting.set_exception(answer)
        else:
            waiting.set_result(answer)

    def _fail_waiting(self) -> None:
        self._over.set()
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(self._lost())

    def _lost(self) -> UnisonoError:
        return LinkDown(self.loss.message if self.loss is not None else "the connection was lost")


def _fault(refusal: Refusal) -> UnisonoError:
    return refused(
        refusal.code,
        refusal.message,
        retryable=refusal.retryable,
        retry_after_ms=refusal.retry_after_ms,
        numbers=refusal.numbers,
    )
