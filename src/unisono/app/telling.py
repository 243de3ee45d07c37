"""What is told to some of a user's sessions, by another of them or by the application's server."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from unisono.app.audience import Audience
from unisono.app.own_sessions import OwnSessions
from unisono.app.parts import Parts
from unisono.app.signals import Signals
from unisono.domain import commands as c
from unisono.domain.answers import Done
from unisono.domain.errors import UnisonoError
from unisono.domain.events import Signal
from unisono.domain.ids import Instant, SessionId, UserId, user_stream
from unisono.domain.quotas import Quotas
from unisono.domain.telling import BATCH_BYTES, tell
from unisono.domain.told import Addressed, Teller, Told
from unisono.ports.link import Link

BRING_AGAIN_S: Final = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
"""After what times what could not be read for a session that came back is asked for again, half more or less."""
KEPT_PER_REQUEST: Final = 10
"""So many sessions that something is kept for cost as much as one more request: for each a row is written."""

Spend = Callable[[float], None]


class Telling:
    """Passes on what is told: to those who are there, best effort; and later, where it is kept."""

    def __init__(
        self, parts: Parts, quotas: Quotas, own_sessions: OwnSessions, *, audience: Audience, signals: Signals
    ) -> None:
        self._parts = parts
        self._quotas = quotas
        self._own_sessions = own_sessions
        self._audience = audience
        self._signals = signals

    async def tell(
        self, user: UserId, command: c.Tell, asking: SessionId | None = None, spend: Spend | None = None
    ) -> Addressed:
        """Tell sessions of a user something; say how many are meant, live and away. Refusals: `domain.telling`.

        What is kept is durable before anybody hears it. `spend` counts for how many sessions that is, or refuses it.

        Raises:
            KeyReused: Something else is kept under the key, or another teller told it.
        """
        parts, now = self._parts, self._parts.clock.now()
        teller = None if asking is None else Teller(asking, command.tab)
        held = await self._own_sessions.list_of(user)
        telling = tell(held, command, teller, now=now, quotas=self._quotas)
        sessions = tuple(view.session for view in telling.to)
        if command.keep_s and sessions:
            if spend is not None:
                spend(len(sessions) / KEPT_PER_REQUEST)
            await parts.kept_events.keep(user, sessions, telling.told, Instant(now + command.keep_s * 1000))
        parts.bus.signal_nowait(Signal(user_stream(user), telling.told, command.priority, sessions=sessions))
        live = sum(view.state == "live" for view in telling.to)
        return Addressed(live=live, away=len(sessions) - live)

    async def bring(self, session: SessionId, link: Link) -> None:
        """Give a session that came back what waits for it, and behind that what was told to it meanwhile.

        Raises:
            UnisonoError: The store is away, or too busy.
        """
        brought: Sequence[Told] = ()
        try:
            later = await self._parts.kept_events.waiting(session, BATCH_BYTES)
            if later.events or later.lost:
                link.push_nowait(link.encoder.event(later))
            brought = later.events
        finally:
            self._signals.release(link, brought)

    async def bring_sometime(self, session: SessionId, link: Link) -> None:
        """Give a session that came back what waits for it, now or when the store is there again. Never raises.

        After some tries it waits for the next time that the session comes back.
        """
        for pause_s in BRING_AGAIN_S:
            try:
                await self.bring(session, link)
            except UnisonoError:
                await asyncio.sleep(pause_s * (0.5 + self._parts.entropy.fraction()))
            except Exception as defect:  # noqa: BLE001  (it must not end the connection it is done beside)
                self._parts.telemetry.defect("bringing_failed", defect)
                return
            else:
                return

    async def took(self, user: UserId, session: SessionId, command: c.Took) -> Done:
        """Keep no more what a session took; bring what waits behind it, if it asks."""
        await self._parts.kept_events.took(user, session, command.ids, command.lost)
        attached = self._audience.find(session)
        if command.more and attached is not None:
            await self.bring(session, attached.link)
        return Done()

    async def sweep(self) -> None:
        """Drop what waited for too long."""
        await self._parts.kept_events.forget(self._parts.clock.now())
