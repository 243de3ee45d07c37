"""Who watches whom on this node, and what they were told.

Nothing of it is kept: what a user's presence is follows from the sessions in the store. A hint that sessions came or
went makes the node look at once; what no hint told is found by a check of all that are watched here.
"""

import asyncio
from collections.abc import Collection, Sequence
from typing import Final

from msgspec import Struct

from unisono.app.audience import Audience
from unisono.app.caller import Member
from unisono.app.options import PresenceRules
from unisono.app.parts import Parts
from unisono.domain.answers import Answer, Done, Presences
from unisono.domain.commands import AskPresence, Unwatch, Watch
from unisono.domain.errors import LimitReached, Overloaded, UnisonoError
from unisono.domain.events import Presence, Stir
from unisono.domain.ids import Instant, UserId
from unisono.domain.presence import NEVER_SEEN, Verdict, judge, unseen
from unisono.ports.link import Encoder, Link, Parcel

WATCHES_LIMIT: Final = 1_000_000
"""Pairs of watcher and watched on this node, at about 150 bytes each."""
LOOK_AT_ONCE: Final = 500
"""Users looked up in one read of the store."""


class Told(Struct, frozen=True):
    """What a watcher was told, and the presence that it was told of: they differ where it may not be seen."""

    shown: Presence
    true: Presence


class Watcher(Struct, eq=False):
    """A link that watches. None: not told yet."""

    user: UserId
    link: Link
    told: dict[UserId, Told | None] = {}


class Known(Struct, frozen=True):
    """A watched user as the store had them at the look with this number."""

    verdict: Verdict
    look: int


class Watching:
    """The presence of users, for those who ask and those who watch on this node."""

    def __init__(self, parts: Parts, rules: PresenceRules, audience: Audience) -> None:
        self._parts = parts
        self._rules = rules
        self._audience = audience
        self._watchers: dict[Link, Watcher] = {}
        self._watched: dict[UserId, set[Watcher]] = {}
        self._known: dict[UserId, Known] = {}
        self._stirred: set[UserId] = set()
        self._wake = asyncio.Event()
        self._looks = 0
        self._checked_s = 0.0
        self.watches = 0
        """Pairs of watcher and watched now."""

    # ------------------------------------------------------------ asking

    async def answer(self, member: Member, command: AskPresence | Watch | Unwatch) -> Answer:
        """Carry out a command of a session.

        Raises:
            LimitReached, Overloaded: As of `watch`.
        """
        match command:
            case AskPresence(users=users):
                return await self.ask(member.user, users)
            case Watch(users=users):
                return await self.watch(member, users)
            case Unwatch(users=users):
                self.unwatch(member, users)
                return Done()

    async def ask(self, user: UserId, users: Sequence[UserId]) -> Presences:
        """Give the presence of users as one user may see it."""
        verdicts = await self._judge(users)
        visible = await self._visible(user, users)
        return Presences(tuple(verdicts[each].presence if each in visible else unseen(each) for each in users))

    async def ask_all(self, users: Sequence[UserId]) -> Presences:
        """Give the presence of users as the operator sees it."""
        verdicts = await self._judge(users)
        return Presences(tuple(verdicts[each].presence for each in users))

    async def watch(self, member: Member, users: Sequence[UserId]) -> Presences:
        """Tell a session's link from now on when these users come or go; give how they are now.

        Raises:
            LimitReached: It would watch more than a session may.
            Overloaded: This node watches as much as it can.
        """
        attached = self._audience.find(member.session)
        if attached is None:
            return await self.ask(member.user, users)
        watcher = self._watchers.get(attached.link) or Watcher(member.user, attached.link)
        new = [user for user in dict.fromkeys(users) if user not in watcher.told]
        self._check_room(len(watcher.told), len(new))
        for user in new:
            self._add(watcher, user)
        try:
            await self._look(users)
            visible = await self._visible(member.user, users)
        except BaseException:
            self._drop(watcher, new)
            raise
        return Presences(tuple(self._tell_now(watcher, user, visible) for user in users))

    def unwatch(self, member: Member, users: Sequence[UserId]) -> None:
        """Tell a session's link of these users no more."""
        attached = self._audience.find(member.session)
        watcher = None if attached is None else self._watchers.get(attached.link)
        if watcher is not None:
            self._drop(watcher, users)

    def forget(self, link: Link) -> None:
        """Forget a link that is gone, and all it watched."""
        watcher = self._watchers.get(link)
        if watcher is not None:
            self._drop(watcher, list(watcher.told))

    # ------------------------------------------------------------ hints and chores

    def stir(self, user: UserId) -> None:
        """Hint to all nodes that sessions of a user came or went."""
        self._parts.bus.signal_nowait(Stir(user))

    def take(self, stir: Stir) -> None:
        """Take a hint from the bus."""
        if stir.user in self._watched:
            self._stirred.add(stir.user)
            self._wake.set()

    async def run(self) -> None:
        """Look at whom a hint told of, until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            stirred, self._stirred = list(self._stirred), set()
            try:
                await self._look_at_all(stirred)
            except UnisonoError as fault:
                # The check looks again.
                self._parts.telemetry.fault("presence_failed", code=fault.code)

    async def sweep(self) -> None:
        """Look at whose grace is over, and every `check_s` at all who are watched.

        Raises:
            Unavailable: The store is away; the next sweep looks.
        """
        now, now_s = self._parts.clock.now(), self._parts.clock.monotonic_s()
        if now_s - self._checked_s >= self._rules.check_s:
            await self._look_at_all(list(self._watched))
            self._checked_s = now_s
            return
        await self._look_at_all([user for user, known in self._known.items() if _is_due(known, now)])

    async def _look_at_all(self, users: Sequence[UserId]) -> None:
        for start in range(0, len(users), LOOK_AT_ONCE):
            await self._look(users[start : start + LOOK_AT_ONCE])

    # ------------------------------------------------------------ looking

    async def _look(self, users: Sequence[UserId]) -> None:
        """Bring what is known of users up to the store, and tell their watchers what changed."""
        self._looks += 1
        look = self._looks
        verdicts = await self._judge(users)
        for user, verdict in verdicts.items():
            known = self._known.get(user)
            # A read that began later may have ended sooner.
            if user in self._watched and (known is None or known.look < look):
                self._known[user] = Known(verdict, look)
        for user in verdicts:
            await self._tell(user)

    async def _judge(self, users: Sequence[UserId]) -> dict[UserId, Verdict]:
        seen = await self._parts.sessions.seen(tuple(dict.fromkeys(users)))
        now, grace_ms = self._parts.clock.now(), int(self._rules.grace_s * 1000)
        return {user: judge(user, seen.get(user, NEVER_SEEN), now, grace_ms) for user in users}

    async def _visible(self, user: UserId, others: Collection[UserId]) -> frozenset[UserId]:
        """Give those of the others whom a user may see. It is the same the other way round."""
        strangers = [other for other in dict.fromkeys(others) if other != user]
        if self._rules.visible_to == "everybody":
            return frozenset((user, *strangers))
        if self._rules.visible_to == "nobody" or not strangers:
            return frozenset((user,))
        return await self._parts.directory.acquainted(user, strangers) | {user}

    # ------------------------------------------------------------ telling

    async def _tell(self, user: UserId) -> None:
        """Tell those who watch a user and were told of something else."""
        behind = [watcher.user for watcher in self._behind(user)]
        if not behind:
            return
        visible_to = await self._visible(user, behind)
        parcels: dict[tuple[Encoder, bool], Parcel] = {}
        for watcher in self._behind(user):
            told = self._told(user, is_visible=watcher.user in visible_to)
            before = watcher.told[user]
            if before is not None and before.shown == told.shown:
                watcher.told[user] = told
                continue
            encoder = watcher.link.encoder
            key = encoder, watcher.user in visible_to
            if (parcel := parcels.get(key)) is None:
                parcel = parcels[key] = encoder.event(told.shown)
            # One that was dropped is told by the next check.
            if watcher.link.push_transient_nowait(parcel, "normal"):
                watcher.told[user] = told

    def _behind(self, user: UserId) -> Sequence[Watcher]:
        """List who watches a user and was told of another presence than the one known now."""
        known = self._known.get(user)
        if known is None:
            return ()
        true = known.verdict.presence
        return [
            watcher
            for watcher in self._watched.get(user, ())
            if (told := watcher.told[user]) is not None and told.true != true
        ]

    def _tell_now(self, watcher: Watcher, user: UserId, visible: Collection[UserId]) -> Presence:
        """Give what a watcher is told in an answer that leaves before anything else happens."""
        if user not in watcher.told or user not in self._known:
            return unseen(user)
        told = watcher.told[user] = self._told(user, is_visible=user in visible)
        return told.shown

    def _told(self, user: UserId, *, is_visible: bool) -> Told:
        true = self._known[user].verdict.presence
        return Told(true if is_visible else unseen(user), true)

    # ------------------------------------------------------------ book-keeping

    def _check_room(self, held: int, more: int) -> None:
        limit = self._rules.watched_per_session
        if held + more > limit:
            raise LimitReached(what="watched users", limit=limit, asked=held + more)
        if self.watches + more > WATCHES_LIMIT:
            raise Overloaded(what="watched users", limit=WATCHES_LIMIT)

    def _add(self, watcher: Watcher, user: UserId) -> None:
        self._watchers[watcher.link] = watcher
        watcher.told[user] = None
        self._watched.setdefault(user, set()).add(watcher)
        self.watches += 1

    def _drop(self, watcher: Watcher, users: Sequence[UserId]) -> None:
        for user in users:
            if user not in watcher.told:
                continue
            del watcher.told[user]
            self.watches -= 1
            watchers = self._watched[user]
            watchers.discard(watcher)
            if not watchers:
                del self._watched[user]
                self._known.pop(user, None)
        if not watcher.told:
            self._watchers.pop(watcher.link, None)


def _is_due(known: Known, now: Instant) -> bool:
    return known.verdict.until is not None and known.verdict.until <= now
