"""The calls of a client: what the server says of them, once and in order, told in the words of a program."""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final, Literal

from unisono_sdk.call import Call, Me
from unisono_sdk.call_events import CallAnswered, CallDeclined, CallOver, CallRoster, CallSignal, Ringing, RingOver
from unisono_sdk.call_frames import Calls, CallSignalled, CallView, HangUp, ListCalls
from unisono_sdk.desk import Desk, ask
from unisono_sdk.errors import UnisonoError
from unisono_sdk.facts import CallEnded
from unisono_sdk.hub import Spawn

ENDED_REMEMBERED: Final = 256
"""Calls that are over whose late events are passed over."""
LEAVE_S: Final = 1.0
"""For saying that a client is in its calls no more. A server that hears nothing finds out by itself."""
CALL_EVENTS: Final = frozenset(
    {"ringing", "ring_over", "call_answered", "call_declined", "call_roster", "call_ended", "call_signal"}
)


class CallBook:
    """Keeps the calls that ring or run, and tells the hub what happens to them."""

    def __init__(self, desk: Desk, me: Me, spawn: Spawn) -> None:
        """Know nothing yet."""
        self._desk = desk
        self._me = me
        self._spawn = spawn
        self._calls: dict[str, Call] = {}
        self._ended: OrderedDict[str, None] = OrderedDict()
        self._follows = False
        self.when_busy: Literal["ring", "busy"] = "ring"

    def follow(self) -> None:
        """Ask what rings now and after each loss of the link from now on."""
        self._follows = True
        self._spawn(self._refresh())

    def welcomed(self) -> None:
        """Ask anew, where calls matter to the program: what was said meanwhile is not said again."""
        if self._follows or self._calls:
            self._spawn(self._refresh())

    async def ask(self) -> Sequence[Call]:
        """Ask for the calls that ring or run. What is known and is not among them is over."""
        self._follows = True
        known = list(self._calls.values())
        views = (await ask(self._desk, ListCalls(), Calls)).calls
        listed = {view.call for view in views}
        for call in known:
            if call.id not in listed and call.state != "ended":
                # Its fact tells more, when it comes; after a long absence it may not.
                self._change(call, replace(call.view, state="ended", ringing=(), ends=(), reason="failed"))
                self._desk.hub.emit("call_roster", CallRoster(call=call, ends=()))
        for view in views:
            self.take(view)
        return [self._calls[view.call] for view in views if view.call in self._calls]

    async def _refresh(self) -> None:
        with suppress(UnisonoError):
            await self.ask()

    async def leave(self) -> None:
        """Hang up what this session is in, where that can be said within a second: nobody is left at this end."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LEAVE_S):
                await asyncio.gather(*(self._leave(call) for call in self._calls.values() if call.is_here))

    async def _leave(self, call: Call) -> None:
        with suppress(UnisonoError):
            await self._desk.request_now(HangUp(call=call.id, session=self._me.session))

    def take(self, view: CallView) -> Call:
        """Take over how a call is, unless that is older than what is known, and tell what is new of it."""
        known = self._calls.get(view.call)
        if known is None:
            known = Call(self._desk, self._me, view, self.take)
            if view.call in self._ended:
                return known
            self._calls[view.call] = known
            self._tell(known, None, was_ringing=False)
        elif view.revision > known.view.revision:
            self._change(known, view)
        return known

    def ended(self, fact: CallEnded, at: int) -> None:
        """Take over that a call is over."""
        known = self._calls.pop(fact.call, None)
        self._ended[fact.call] = None
        if len(self._ended) > ENDED_REMEMBERED:
            self._ended.popitem(last=False)
        if known is not None and known.view.ended_at is None:
            over = replace(known.view, state="ended", ringing=(), ends=(), ended_at=at, reason=fact.reason, by=fact.by)
            self._change(known, over)
        self._desk.hub.emit("call_ended", CallOver(call=known, id=fact.call, told=fact, at=at))

    def signalled(self, signal: CallSignalled) -> None:
        """Tell what another end says."""
        if (call := self._calls.get(signal.call)) is not None:
            event = CallSignal(call=call, user=signal.user, session=signal.session, data=signal.data)
            self._desk.hub.emit("call_signal", event)

    def _change(self, call: Call, view: CallView) -> None:
        before, was_ringing = call.view, call.rings_here
        call.view = view
        self._tell(call, before, was_ringing=was_ringing)

    def _tell(self, call: Call, before: CallView | None, *, was_ringing: bool) -> None:
        emit, view = self._desk.hub.emit, call.view
        if call.rings_here and not was_ringing:
            self._ring(call)
        if was_ringing and not call.rings_here:
            emit("ring_over", RingOver(call=call))
        if before is None or view.state == "ended":
            return
        inside = {end.user for end in before.ends}
        for end in view.ends:
            if end.user not in inside and end.user != view.caller:
                emit("call_answered", CallAnswered(call=call, by=end))
        for user in view.declined:
            if user not in before.declined:
                emit("call_declined", CallDeclined(call=call, user=user))
        if view.ends != before.ends:
            emit("call_roster", CallRoster(call=call, ends=view.ends))

    def _ring(self, call: Call) -> None:
        if self.when_busy == "busy" and any(each.is_here for each in self._calls.values()):
            self._spawn(_decline(call))
        else:
            self._desk.hub.emit("ringing", Ringing(call=call))


async def _decline(call: Call) -> None:
    with suppress(UnisonoError):
        await call.decline(scope="device", busy=True)
