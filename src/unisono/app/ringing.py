"""Calls that ring for users who are not there: the push service can wake their phones, and silence them again.

The node that hands over push notifications looks at every sweep what rings. Nothing of it is kept: after a crash
another one tells once more what rings still, under the same names, and phones stop by themselves when it is time.
"""

from collections.abc import Sequence
from typing import Final

from msgspec import structs

from unisono.app.handing import hand_over
from unisono.app.options import PushRules
from unisono.app.own_sessions import OwnSessions
from unisono.app.parts import Parts
from unisono.app.pushing import Pushing
from unisono.domain.calls import Call, rang_out
from unisono.domain.ids import CallId, UserId
from unisono.ports.push import CallPush, PushService

TOLD_AT_ONCE: Final = 16
"""Rings in one request: each may bring 16 KiB of the caller's."""

OVER_KEPT_MS: Final = 60_000
"""How long after it would have stopped by itself the end of a ring is worth to be told."""

Rung = tuple[CallId, UserId]


class Ringing:
    """Tells the push service what rings for whom, and when it does no more."""

    def __init__(
        self, parts: Parts, rules: PushRules, service: PushService, pushing: Pushing, own_sessions: OwnSessions
    ) -> None:
        self._parts = parts
        self._rules = rules
        self._service = service
        self._pushing = pushing
        self._own_sessions = own_sessions
        self._rung: dict[Rung, CallPush] = {}
        """What was told, or tried to."""
        self._taken: set[Rung] = set()
        """Of these, what the service took."""
        self._quiet: dict[CallId, int] = {}
        """Calls that ring for nobody, by their revision then."""

    async def sweep(self) -> None:
        """Tell what rings for users who are not there, and what does not ring any more for those told of it before.

        Returns when the service answered, or did not in time; what it did not take comes again at the next sweep.

        Raises:
            UnisonoError: The store is away; the next sweep does the rest.
        """
        if not self._pushing.has_work:
            self._rung.clear()
            self._taken.clear()
            return
        active = dict(await self._parts.calls.active())
        self._quiet = {call: seen for call, seen in self._quiet.items() if active.get(call) == seen}
        ringing: dict[CallId, Call] = {}
        for name in active.keys() - self._quiet.keys():
            call = await self._parts.calls.find(name)
            if call is not None and call.ringing:
                ringing[name] = call
            elif call is not None:
                self._quiet[name] = call.revision
        # Who is to be silent comes first.
        due = [*await self._over(ringing), *await self._rings(ringing)]
        await hand_over(due, self._tell, size=TOLD_AT_ONCE, at_once=self._rules.at_once)

    async def _rings(self, ringing: dict[CallId, Call]) -> Sequence[CallPush]:
        untold = [
            (call, user) for call in ringing.values() for user in call.ringing if (call.id, user) not in self._taken
        ]
        return [await self._push(call, user) for call, user in untold if not await self._is_there(user)]

    async def _over(self, ringing: dict[CallId, Call]) -> Sequence[CallPush]:
        found: list[CallPush] = []
        for (name, user), told in list(self._rung.items()):
            call = ringing.get(name) or await self._parts.calls.find(name)
            if self._parts.clock.now() >= told.until + OVER_KEPT_MS:
                self._drop((name, user))
            elif call is None:
                # Its caller was erased, and the call with them.
                found.append(structs.replace(told, over="failed"))
            elif rang_out(call, user) is not None:
                found.append(await self._push(call, user))
        return found

    def _drop(self, rung: Rung) -> None:
        del self._rung[rung]
        self._taken.discard(rung)

    async def _tell(self, batch: Sequence[CallPush]) -> None:
        for push in batch:
            if push.over is None:
                # An answer that is lost may be one that took it: its end is to be told all the same.
                self._rung[push.call, push.user] = push
        if not await self._service.hand_over_calls(batch):
            return
        for push in batch:
            if push.over is None:
                self._taken.add((push.call, push.user))
            else:
                self._drop((push.call, push.user))

    async def _is_there(self, user: UserId) -> bool:
        return any(view.state == "live" for view in await self._own_sessions.list_of(user))

    async def _push(self, call: Call, user: UserId) -> CallPush:
        return CallPush(
            call=call.id,
            user=user,
            caller=call.caller,
            media=call.media,
            at=call.began_at,
            until=call.rings_until,
            conversation=call.conversation,
            data=call.data,
            over=rang_out(call, user),
            devices=tuple(await self._parts.push_targets.of_user(user)),
        )


def ringing_of(parts: Parts, rules: PushRules, pushing: Pushing | None, own_sessions: OwnSessions) -> Ringing | None:
    """Give what tells of rings, where the operator wants that."""
    if parts.push is None or pushing is None or not rules.calls:
        return None
    return Ringing(parts, rules, parts.push, pushing, own_sessions)
