"""What is told to some of a user's sessions, by another of them or by the application's server."""

from unisono.app.own_sessions import OwnSessions
from unisono.app.parts import Parts
from unisono.domain import commands as c
from unisono.domain.events import Signal
from unisono.domain.ids import SessionId, UserId, user_stream
from unisono.domain.quotas import Quotas
from unisono.domain.telling import tell
from unisono.domain.told import Addressed, Teller


class Telling:
    """Passes on what is told: to those who are there, and best effort."""

    def __init__(self, parts: Parts, quotas: Quotas, own_sessions: OwnSessions) -> None:
        self._parts = parts
        self._quotas = quotas
        self._own_sessions = own_sessions

    async def tell(self, user: UserId, command: c.Tell, asking: SessionId | None = None) -> Addressed:
        """Tell sessions of a user something; say how many are meant, live and away. Refusals: `domain.telling`."""
        parts = self._parts
        teller = None if asking is None else Teller(asking, command.tab)
        telling = tell(
            await self._own_sessions.list_of(user),
            command,
            teller,
            now=parts.clock.now(),
            quotas=self._quotas,
        )
        sessions = tuple(view.session for view in telling.to)
        parts.bus.signal_nowait(Signal(user_stream(user), telling.told, command.priority, sessions=sessions))
        live = sum(view.state == "live" for view in telling.to)
        return Addressed(live=live, away=len(sessions) - live)
