"""A call, as a program handles it."""

from collections.abc import Callable
from typing import Literal, Protocol

from unisono_sdk.call_frames import AnswerCall, CallAnswer, CallEnd, CallView, DeclineCall, HandOver, HangUp, SignalCall
from unisono_sdk.commands import Command
from unisono_sdk.desk import Desk, ask
from unisono_sdk.facts import Json


class Me(Protocol):
    """Whose calls they are."""

    @property
    def session(self) -> str:
        """This session."""

    @property
    def device_id(self) -> str:
        """The device it is on."""


class Call:
    """A call of mine. The same object from its ring to its end; `view` is what the server said of it last."""

    def __init__(self, desk: Desk, me: Me, view: CallView, take: Callable[[CallView], object]) -> None:
        """Begin with what is known; what is answered is taken by `take`. Programs do not call this."""
        self._desk = desk
        self._me = me
        self._take = take
        self.view = view

    @property
    def id(self) -> str:
        """Its id."""
        return self.view.call

    @property
    def state(self) -> str:
        """`ringing`, `answered` or `ended`."""
        return self.view.state

    @property
    def caller(self) -> str:
        """Who began it."""
        return self.view.caller

    @property
    def users(self) -> tuple[str, ...]:
        """Who was called."""
        return self.view.users

    @property
    def media(self) -> str:
        """`audio` or `video`."""
        return self.view.media

    @property
    def data(self) -> Json:
        """What the caller gave along."""
        return self.view.data

    @property
    def ends(self) -> tuple[CallEnd, ...]:
        """Who is in it now, each with one session."""
        return self.view.ends

    @property
    def reason(self) -> str | None:
        """Why it ended: hung_up, cancelled, declined, busy, timeout, failed."""
        return self.view.reason

    @property
    def rings_here(self) -> bool:
        """Say if this device is to ring now."""
        view = self.view
        return self._desk.user in view.ringing and view.state != "ended" and self._me.device_id not in view.silent

    @property
    def is_here(self) -> bool:
        """Say if this very session is in it."""
        return any(end.session == self._me.session for end in self.view.ends)

    @property
    def answered_by(self) -> CallEnd | None:
        """With which session I am in it, whichever that is."""
        return next((end for end in self.view.ends if end.user == self._desk.user), None)

    async def answer(self) -> bool:
        """Take it with this session, or join one of several people; say if this session is in it now.

        If not, it is over, or another of my sessions was faster (`answered_by`).
        """
        await self._do(AnswerCall(call=self.id))
        return self.is_here

    async def decline(self, *, scope: Literal["device", "call"] = "call", busy: bool = False) -> None:
        """Do not take it: on this device alone, or altogether; too late it changes nothing."""
        await self._do(DeclineCall(call=self.id, scope=scope, busy=busy))

    async def hang_up(self) -> None:
        """Leave it; take it back, where nobody answered yet.

        Raises:
            Unacceptable: It rings for me: that is to be declined.
        """
        await self._do(HangUp(call=self.id))

    async def hand_over(self, session: str) -> None:
        """Be in it with another of my sessions, in place of the one that I am in it with.

        Raises:
            NotFound: I have no such session.
            Refused: It has no connection (`code` is no_answer).
            Unacceptable: I am not in it.
        """
        await self._do(HandOver(call=self.id, session=session))

    async def signal(self, data: Json, session: str | None = None) -> None:
        """Tell the other end something, up to 64 KiB; where there are several, that of a session.

        Raises:
            NotFound: This session, or that one, is not in it.
            Forbidden: Whose it is blocks me.
        """
        await self._desk.request(SignalCall(call=self.id, data=data, session=session))

    async def _do(self, command: Command) -> None:
        self._take((await ask(self._desk, command, CallAnswer)).call)
