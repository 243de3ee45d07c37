"""A session over many links: connect, greet, follow, lose, come back, until it is over."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Final, Protocol

from unisono_sdk.advice import Advice
from unisono_sdk.answers import Welcome
from unisono_sdk.carrier import Way
from unisono_sdk.catch_up import CatchUp
from unisono_sdk.errors import ClientClosed, LinkDown, Refused
from unisono_sdk.events import Disconnect, Reconnect, Retry, Schedule
from unisono_sdk.frames import Delivery, EventFrame
from unisono_sdk.greeter import Greeter
from unisono_sdk.lifecycle import Cue, Phase, next_phase
from unisono_sdk.link import Link, open_link
from unisono_sdk.loss import Loss, broken, closed_here, of_refusal
from unisono_sdk.options import Options
from unisono_sdk.passing import Passing
from unisono_sdk.places import Outcome
from unisono_sdk.positions import Positions

log: Final = logging.getLogger("unisono_sdk")

NetworkEvent = Disconnect | Schedule | Retry | Reconnect


class Listener(Protocol):
    """Who hears of a session. No method may wait."""

    def welcomed(self, welcome: Welcome) -> Positions:
        """Take note that a link is live; give the positions to follow by."""

    def passed(self, outcomes: Sequence[Outcome]) -> None:
        """Facts came, each once and in order."""

    def passing(self, passing: Passing) -> None:
        """Something passed by."""

    def network(self, event: NetworkEvent, *, is_client_back: bool) -> None:
        """Take note that the link went or came."""

    def ended(self, loss: Loss) -> None:
        """Take note of the end."""

    async def wait_room(self, count: int) -> None:
        """Wait until so many facts can be taken."""


class Session:
    """Runs in one task. `first` is done when the client can be used, or has the error why it never can."""

    def __init__(self, options: Options, greeter: Greeter, listener: Listener) -> None:
        self._options = options
        self._greeter = greeter
        self._listener = listener
        self._positions: Positions | None = None
        self._early: list[Delivery] = []
        self._catch_up: CatchUp | None = None
        self._link: Link | None = None
        self._changed = asyncio.Event()
        self._retry_now = asyncio.Event()
        self._last_epoch = greeter.kept.epoch
        self._attempt = 0
        self._tries = 0
        self._was_live = False
        self.phase = Phase.CONNECTING
        self.is_leaving = False
        self.first: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def run(self) -> None:
        """Live until it is over. Cancelling ends it in good order; it can be resumed later."""
        loss = closed_here()
        try:
            while self.phase is not Phase.CLOSED:
                loss = await self._hold_link()
                await self._after(loss)
        except asyncio.CancelledError:
            loss = closed_here()
            raise
        except Exception:  # the task tree of a client ends here: a defect costs this client, not the program
            log.exception("event=defect")
            loss = Loss(ClientClosed.code, "a defect of the SDK; see the log", Advice.STOP)
        finally:
            if self.phase is not Phase.CLOSED:
                self._end(loss)

    @property
    def is_live(self) -> bool:
        """Say if requests are answered now."""
        return self._link is not None and not self._link.is_over

    @property
    def way(self) -> Way | None:
        """Say how the live link goes, if there is one."""
        return self._link.way if self._link is not None and self.is_live else None

    async def wait_link(self) -> Link:
        """Wait for a live link.

        Raises:
            LinkDown: There is none, and the options say not to wait.
            ClientClosed: There will be none.
        """
        while True:
            if self.phase is Phase.CLOSED:
                raise ClientClosed("this client is closed")
            if self._link is not None and not self._link.is_over:
                return self._link
            if self._options.fail_fast:
                raise LinkDown("there is no connection now")
            self._changed.clear()
            await self._changed.wait()

    def retry(self) -> bool:
        """Come back now instead of after the delay; False when no delay is running."""
        if self.phase is not Phase.WAITING or not self._was_live:
            return False
        self._retry_now.set()
        return True

    # ------------------------------------------------------------ one link

    async def _hold_link(self) -> Loss:
        options = self._options
        try:
            await self._greeter.prepare()
        except Exception as problem:  # it is the program's own function, which may raise anything
            log.exception("event=no_token")
            return Loss("token_missing", f"no token could be had: {problem!r}", Advice.LATER, cause=problem)
        try:
            async with open_link(options) as link:
                self._move(Cue.LINK_OPENED)
                if self._was_live:
                    self._listener.network(Reconnect(), is_client_back=False)
                await self._use(link)
                return link.loss or broken("the connection was lost")
        except Refused as refusal:
            return of_refusal(refusal)
        except LinkDown as fault:
            return broken(str(fault))

    async def _use(self, link: Link) -> None:
        self._early.clear()
        async with asyncio.TaskGroup() as tasks:
            talk = tasks.create_task(self._talk(link))
            try:
                await link.read(self._take)
            finally:
                self._link = self._catch_up = None
                talk.cancel()

    async def _talk(self, link: Link) -> None:
        try:
            welcome = await self._greeter.greet(link)
        except Refused as refusal:
            await self._end_refused(link, refusal)
        except LinkDown as fault:
            link.end(broken(str(fault)))
        except TimeoutError:
            link.end(broken("the greeting was not answered in time"))
        else:
            await self._follow(link, welcome)

    async def _end_refused(self, link: Link, refusal: Refused) -> None:
        """Let the server say more in its last frame, such as who took the place, before the link ends."""
        link.expect(of_refusal(refusal))
        try:
            async with self._options.clock.deadline(self._options.limits.close_s):
                await link.wait_over()
        except TimeoutError:
            link.end(of_refusal(refusal))

    async def _follow(self, link: Link, welcome: Welcome) -> None:
        last_epoch, last_checkpoint = self._last_epoch, self._checkpoint_now()
        positions = self._positions = self._listener.welcomed(welcome)
        self._last_epoch = welcome.epoch
        is_restored = welcome.checkpoint < last_checkpoint or last_epoch not in {0, welcome.epoch}
        start = positions.begin_link(is_restored=is_restored)
        self._catch_up = CatchUp(
            link, positions, self._options, pass_on=self._listener.passed, wait_room=self._listener.wait_room
        )
        self._go_live(link, is_usable=not positions.is_fresh)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(link.keep_alive(min(max(welcome.heartbeat_s, 1), 300), positions.reach))
            tasks.create_task(self._catch_up.run())
            early, self._early = self._early, []
            for delivery in early:
                self._take(delivery)
            if await self._catch_up.sync(start):
                self._be_ready()

    def _go_live(self, link: Link, *, is_usable: bool) -> None:
        self._move(Cue.WELCOMED)
        self._link = link
        self._attempt = 0
        self._changed.set()
        if self._was_live:
            self._listener.network(Reconnect(), is_client_back=True)
        self._was_live = True
        if is_usable:
            self._be_ready()

    def _be_ready(self) -> None:
        if not self.first.done():
            self.first.set_result(None)

    def _take(self, delivery: Delivery | EventFrame) -> None:
        if isinstance(delivery, EventFrame):
            self._listener.passing(delivery.event)
        elif self._catch_up is not None:
            self._catch_up.take(delivery)
        elif len(self._early) < self._options.limits.held_facts:
            self._early.append(delivery)

    # ------------------------------------------------------------ between links

    async def _after(self, loss: Loss) -> None:
        """Decide what follows from the end of a link, and wait as long as that asks for."""
        was_live = self.phase is Phase.LIVE
        loss = closed_here() if self.is_leaving and loss.advice is Advice.STOP else self._judged(loss)
        if loss.advice is Advice.STOP:
            self._end(loss)
            return
        if loss.advice in {Advice.LOG_IN, Advice.NEW_TOKEN}:
            self._greeter.forget_session(is_token_bad=loss.advice is Advice.NEW_TOKEN)
        self._move(Cue.LINK_LOST)
        if was_live:
            self._listener.network(Disconnect(code=loss.code, message=loss.message), is_client_back=False)
        if self._was_live:
            await self._wait(loss)
        self._move(Cue.RETRY)

    def _judged(self, loss: Loss) -> Loss:
        """Turn the advice into what is possible here."""
        if not self._was_live and self._greeter.is_resuming and loss.advice in FINAL and loss.code not in NO_ANSWER:
            # A saved session that cannot be resumed is a reason to log in when a person asks for it.
            return _with(loss, Advice.LOG_IN)
        if loss.advice is Advice.NEW_TOKEN and not self._greeter.can_renew:
            return _with(loss, Advice.STOP)
        return loss if self._was_live else self._judged_first(loss)

    def _judged_first(self, loss: Loss) -> Loss:
        """Nobody has the client yet: whoever asked for it gets the error, unless another try makes sense at once."""
        self._tries += 1
        is_worth_it = loss.advice in {Advice.LOG_IN, Advice.NEW_TOKEN} or (
            self.phase is Phase.GREETING and loss.code in NO_ANSWER
        )
        if is_worth_it and self._tries < self._options.limits.login_attempts + self._options.limits.token_attempts:
            return loss
        return _with(loss, Advice.STOP)

    async def _wait(self, loss: Loss) -> None:
        delay_ms = self._delay_ms(loss)
        self._listener.network(Schedule(attempt=self._attempt, delay_ms=delay_ms), is_client_back=False)
        self._retry_now.clear()
        try:
            async with self._options.clock.deadline(delay_ms / 1000):
                await self._retry_now.wait()
            self._attempt = 0
        except TimeoutError:
            pass
        self._listener.network(Retry(attempt=self._attempt), is_client_back=False)
        self._attempt += 1

    def _delay_ms(self, loss: Loss) -> int:
        backoff, chance = self._options.backoff, self._options.chance()
        if loss.advice is Advice.LATER:
            return backoff.later_ms(self._attempt, chance, loss.retry_after_ms)
        return backoff.soon_ms(self._attempt, chance)

    def _end(self, loss: Loss) -> None:
        self._move(Cue.ENDED)
        if not self.first.done():
            self.first.set_exception(loss.cause or loss.error)
            self.first.exception()  # whoever waits has it; nobody has to
        self._changed.set()
        self._listener.ended(loss)

    def _checkpoint_now(self) -> int:
        return self._greeter.kept.checkpoint if self._positions is None else self._positions.checkpoint

    def _move(self, cue: Cue) -> None:
        self.phase = next_phase(self.phase, cue)


NO_ANSWER: Final = frozenset({"link_lost", "protocol"})
FINAL: Final = frozenset({Advice.STOP, Advice.LOG_IN, Advice.NEW_TOKEN})


def _with(loss: Loss, advice: Advice) -> Loss:
    return replace(loss, advice=advice)
