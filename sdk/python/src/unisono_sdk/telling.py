"""Telling something to sessions of mine: what travels, and what came to this one."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Final, Literal

from unisono_sdk import events
from unisono_sdk.answers import SessionView
from unisono_sdk.bodies import Body, as_content
from unisono_sdk.commands import Command
from unisono_sdk.desk import Desk, ask
from unisono_sdk.errors import LinkDown, Refused
from unisono_sdk.facts import Content, Json
from unisono_sdk.hub import Spawn
from unisono_sdk.message import SessionMessage
from unisono_sdk.passing import Addressed, Told, ToldLater

Priority = Literal["high", "normal", "low"]
TOOK_MAX: Final = 1_000
REMEMBERED: Final = 1_000
"""What was told last, by its ids and tellers: what comes once more, its teller repeated."""


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
    keep_s: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Took(Command):
    """Say what of that which is kept for this session has come."""

    op: ClassVar[str] = "took"
    ids: tuple[str, ...]
    more: bool = False
    lost: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnSession(SessionView):
    """One of my sessions, which things can be told to."""

    desk: Desk = field(repr=False, compare=False)

    async def tell(
        self,
        name: str,
        data: Json = None,
        *,
        tab: str | None = None,
        priority: Priority = "normal",
        keep_s: int = 0,
    ) -> Addressed:
        """Tell it something, as `Client.tell`; with a `tab`, that one alone.

        Raises:
            NotFound: It is over, or has no such tab.
            TooLarge: More than 16 KiB.
        """
        to = Address(session=self.session, tab=tab)
        return await ask(self.desk, _tell(self.desk, to, name, data, priority, keep_s=keep_s), Addressed)

    async def send(self, message: str | Content | Body, *, keep_s: int = 0) -> Addressed:
        """Send it a message that is for it alone and in no conversation: there it is a `session_message` event.

        Without a connection now it gets nothing, unless it is kept for `keep_s` seconds.

        Raises:
            NotFound: It is over.
            TooLarge, Unacceptable: The server does not take such a message.
        """
        to = Address(session=self.session)
        return await ask(
            self.desk, Tell(key=self.desk.new_key(), to=to, content=as_content(message), keep_s=keep_s), Addressed
        )


async def tell(desk: Desk, to: Address, name: str, data: Json, priority: Priority, *, keep_s: int) -> Addressed:
    """Tell something under a name."""
    return await ask(desk, _tell(desk, to, name, data, priority, keep_s=keep_s), Addressed)


def owned(desk: Desk, views: Sequence[SessionView]) -> list[OwnSession]:
    """Give sessions of mine so that things can be told to them."""
    return [_owned(desk, view) for view in views]


class Hearing:
    """Tells the program what was told to this session, each once, and what is for this tab or for all.

    What the server keeps is confirmed as soon as it was told.
    """

    def __init__(self, desk: Desk, tab: str, spawn: Spawn) -> None:
        self._desk = desk
        self._tab = tab
        self._spawn = spawn
        self._heard: OrderedDict[tuple[str, str | None], None] = OrderedDict()
        self._unconfirmed: list[str] = []
        self._wants_more = False
        self._lost = 0
        self._is_confirming = False

    def take(self, told: Told) -> None:
        """Tell something, unless it was told before or is for another tab."""
        self._hear(told)
        self._confirm()

    def take_later(self, later: ToldLater) -> None:
        """Tell what waited."""
        if later.lost:
            self._desk.hub.emit("told_lost", events.ToldLost())
            self._lost = later.lost
        for told in later.events:
            self._hear(told)
        self._wants_more = self._wants_more or later.has_more
        self._confirm()

    def _hear(self, told: Told) -> None:
        if told.is_kept:
            self._unconfirmed.append(told.id)
        name = (told.id, None if told.teller is None else told.teller.session)
        if name in self._heard or told.tab not in {None, self._tab}:
            return
        self._heard[name] = None
        if len(self._heard) > REMEMBERED:
            self._heard.popitem(last=False)
        if told.content is None:
            self._desk.hub.emit("told", told)
        else:
            message = SessionMessage(user=self._desk.user, told=told, bodies=self._desk.plugins.bodies)
            self._desk.hub.emit("session_message", message)

    def _confirm(self) -> None:
        if (self._unconfirmed or self._lost) and not self._is_confirming:
            self._is_confirming = True
            self._spawn(self._say_took())

    async def _say_took(self) -> None:
        """Say what came, all that came meanwhile with it; what cannot be said is brought again."""
        try:
            while self._unconfirmed or self._lost:
                ids, self._unconfirmed = self._unconfirmed[:TOOK_MAX], self._unconfirmed[TOOK_MAX:]
                more, self._wants_more = self._wants_more, False
                lost, self._lost = self._lost, 0
                await self._desk.request_now(Took(ids=tuple(dict.fromkeys(ids)), more=more, lost=lost))
        except (LinkDown, Refused):
            self._unconfirmed.clear()
            self._lost = 0
        finally:
            self._is_confirming = False


def _tell(desk: Desk, to: Address, name: str, data: Json, priority: Priority, *, keep_s: int) -> Tell:
    return Tell(key=desk.new_key(), to=to, name=name, data=data, priority=priority, keep_s=keep_s)


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
