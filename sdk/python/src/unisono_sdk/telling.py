"""Telling something to sessions of mine: what travels, and what came to this one."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Final, Literal

from unisono_sdk.answers import SessionView
from unisono_sdk.bodies import Body, as_content
from unisono_sdk.commands import Command
from unisono_sdk.desk import Desk, ask
from unisono_sdk.facts import Content, Json
from unisono_sdk.message import SessionMessage
from unisono_sdk.passing import Addressed, Told

Priority = Literal["high", "normal", "low"]
REMEMBERED: Final = 1_000
"""What was told last, by its ids: what comes once more, its teller repeated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Which sessions of mine: all, those on a `platform`, of a `device`, one `session`, or one `tab` of that."""

    platform: str | None = None
    device: str | None = None
    session: str | None = None
    tab: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tell(Command):
    """Tell something to sessions of mine."""

    op: ClassVar[str] = "tell"
    key: str
    to: Address = Address()
    name: str | None = None
    data: Json = None
    content: Content | None = None
    priority: str = "normal"
    tab: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnSession(SessionView):
    """One of my sessions, which things can be told to."""

    desk: Desk = field(repr=False, compare=False)

    async def tell(
        self, name: str, data: Json = None, *, tab: str | None = None, priority: Priority = "normal"
    ) -> Addressed:
        """Tell it something, as `Client.tell`; with a `tab`, that one alone.

        Raises:
            NotFound: It is over, or has no such tab.
            TooLarge: More than 16 KiB.
        """
        to = Address(session=self.session, tab=tab)
        return await ask(self.desk, _tell(self.desk, to, name, data, priority), Addressed)

    async def send(self, message: str | Content | Body) -> Addressed:
        """Send it a message that is for it alone and in no conversation: there it is a `session_message` event.

        It is not kept: without a connection now it gets nothing.

        Raises:
            NotFound: It is over.
            TooLarge, Unacceptable: The server does not take such a message.
        """
        to = Address(session=self.session)
        return await ask(self.desk, Tell(key=self.desk.new_key(), to=to, content=as_content(message)), Addressed)


async def tell(desk: Desk, to: Address, name: str, data: Json, priority: Priority) -> Addressed:
    """Tell something under a name."""
    return await ask(desk, _tell(desk, to, name, data, priority), Addressed)


def owned(desk: Desk, views: Sequence[SessionView]) -> list[OwnSession]:
    """Give sessions of mine so that things can be told to them."""
    return [_owned(desk, view) for view in views]


class Hearing:
    """Tells the program what was told to this session, each once, and what is for this tab or for all."""

    def __init__(self, desk: Desk, tab: str) -> None:
        self._desk = desk
        self._tab = tab
        self._heard: OrderedDict[str, None] = OrderedDict()

    def take(self, told: Told) -> None:
        """Tell something, unless it was told before or is for another tab."""
        if told.id in self._heard or told.tab not in {None, self._tab}:
            return
        self._heard[told.id] = None
        if len(self._heard) > REMEMBERED:
            self._heard.popitem(last=False)
        if told.content is None:
            self._desk.hub.emit("told", told)
        else:
            message = SessionMessage(user=self._desk.user, told=told, bodies=self._desk.plugins.bodies)
            self._desk.hub.emit("session_message", message)


def _tell(desk: Desk, to: Address, name: str, data: Json, priority: Priority) -> Tell:
    return Tell(key=desk.new_key(), to=to, name=name, data=data, priority=priority)


def _owned(desk: Desk, view: SessionView) -> OwnSession:
    return OwnSession(
        session=view.session,
        device=view.device,
        shown=view.shown,
        state=view.state,
        opened_at=view.opened_at,
        seen_at=view.seen_at,
        tag=view.tag,
        address=view.address,
        is_this=view.is_this,
        tabs=view.tabs,
        desk=desk,
    )
