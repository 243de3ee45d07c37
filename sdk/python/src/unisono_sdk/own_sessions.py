"""My sessions, on whichever device: seen, ended, and told things."""

from collections.abc import Sequence

from unisono_sdk.answers import Done, Sessions
from unisono_sdk.commands import CloseDevice, CloseSession, ListSessions
from unisono_sdk.counter import Counter
from unisono_sdk.desk import ask
from unisono_sdk.facts import Json
from unisono_sdk.passing import Addressed
from unisono_sdk.tabs import CloseTab
from unisono_sdk.telling import Address, OwnSession, Priority, owned, tell

MINE = Address()


class OwnSessions:
    """The side of a `Client` that has to do with my other logins."""

    _counter: Counter

    async def sessions(self) -> Sequence[OwnSession]:
        """List my sessions that are not over, the oldest login first, this one included (`is_this`)."""
        page = await ask(self._counter, ListSessions(), Sessions)
        found = list(page.sessions)
        while page.next is not None:
            page = await ask(self._counter, ListSessions(after=page.next), Sessions)
            found += page.sessions
        return owned(self._counter, found)

    async def other_sessions(self) -> Sequence[OwnSession]:
        """List my sessions without this one."""
        return [view for view in await self.sessions() if not view.is_this]

    async def close_session(self, session: str) -> None:
        """End one of my sessions.

        Raises:
            NotFound: I have none of this id.
        """
        await ask(self._counter, CloseSession(session=session), Done)

    async def close_tab(self, session: str, tab: str) -> None:
        """Have one tab of one of my sessions in a browser go; its other tabs stay.

        Raises:
            NotFound: I have no such session, or it has no such tab.
        """
        await ask(self._counter, CloseTab(session=session, tab=tab), Done)

    async def close_device(self, device: str) -> None:
        """End all my sessions of one device. That none is left is no error."""
        await ask(self._counter, CloseDevice(device=device), Done)

    async def tell(
        self, name: str, data: Json = None, *, to: Address = MINE, priority: Priority = "normal", keep_s: int = 0
    ) -> Addressed:
        """Tell my other sessions something, or those that `to` means: there it is a `told` event.

        It is best effort: who has no connection now, or reads too slowly, hears nothing of it; unless it is kept for
        `keep_s` seconds, up to 7 days, for each of the sessions that there are now. `name` has 1 to 64 characters,
        `data` up to 16 KiB of JSON.

        Raises:
            NotFound: The device, session or tab that it is for is not there.
            TooLarge, Unacceptable: It is not as described.
        """
        return await tell(self._counter, to, name, data, priority, keep_s=keep_s)
