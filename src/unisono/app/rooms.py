"""Who of this node is in which room: a flat list of links for each, so that a message costs no more than that.

Seats are kept in the store, by session and tab. A session that comes back soon enough is in its rooms again by itself,
on whichever node; what was said meanwhile is gone.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from typing import Final
from weakref import WeakValueDictionary

from msgspec import Struct

from unisono.app.audience import Audience
from unisono.app.caller import Member
from unisono.app.parts import Parts
from unisono.domain.answers import Answer, Count, Done
from unisono.domain.commands import Command, CountPeople, EnterRoom, LeaveRoom
from unisono.domain.conversation import Scope, standing
from unisono.domain.errors import NotFound, RemoteFault
from unisono.domain.events import Eviction, PutOut
from unisono.domain.ids import ConversationId, Instant, SessionId, TabId, UserId
from unisono.domain.kinds import KINDS
from unisono.domain.permission import check
from unisono.domain.rooms import enter
from unisono.domain.seats import OWN_TAB, Seat
from unisono.ports.directory import MyConversation
from unisono.ports.link import Link
from unisono.ports.seats import Crowd

SEATS_PER_SESSION: Final = 100
COUNT_KEPT_S: Final = 1.0
"""How old a count may be that is given again: in a large room many ask, and each count reads all who are there."""
COUNTS_LIMIT: Final = 10_000
NOBODY: Final[Collection[Link]] = ()


class Counted(Struct, frozen=True):
    """A count, and when it was made on the monotonic clock."""

    crowd: Crowd
    at_s: float


class Rooms:
    """The rooms of this node's sessions. `kept_s`: how long a seat waits for a session that lost its connection."""

    def __init__(self, parts: Parts, audience: Audience, *, kept_s: float) -> None:
        self._parts = parts
        self._audience = audience
        self._kept_ms = int(kept_s * 1000)
        self._rooms: dict[ConversationId, dict[SessionId, Link]] = {}
        self._seats: dict[SessionId, dict[TabId, ConversationId]] = {}
        self._counts: dict[ConversationId, Counted] = {}
        self._vacant: deque[tuple[SessionId, Seat]] = deque()
        self._turns: WeakValueDictionary[SessionId, asyncio.Lock] = WeakValueDictionary()

    def __len__(self) -> int:
        return len(self._rooms)

    def links_in(self, room: ConversationId) -> Collection[Link]:
        """Give the links of this node that are in a room. Do not keep it: it changes."""
        held = self._rooms.get(room)
        return NOBODY if held is None else held.values()

    def is_in(self, session: SessionId, room: ConversationId) -> bool:
        """Say if a session of this node is in a room, with whatever tab."""
        return session in self._rooms.get(room, {})

    async def answer(self, member: Member, command: EnterRoom | LeaveRoom | CountPeople) -> Answer:
        """Carry out a command of a session. What changes its seats happens in the order in which it was asked for.

        Raises:
            NotFound: There is no such conversation for the caller.
            Forbidden: It is no room, or the user is blocked there.
            LimitReached: The session is in `SEATS_PER_SESSION` rooms with other tabs.
            SessionUnknown: The session is over by now.
        """
        if isinstance(command, CountPeople):
            return await self.count(member.user, command)
        async with self.turn(member.session):
            if isinstance(command, EnterRoom):
                await self.enter(member, command)
            else:
                await self._leave(member, command)
        return Done()

    @asynccontextmanager
    async def turn(self, session: SessionId) -> AsyncIterator[None]:
        """Let nothing else change a session's seats while inside; who asks first is first inside."""
        # Whoever waits for the lock keeps it alive; the last one takes it along.
        async with self._turns.setdefault(session, asyncio.Lock()):
            yield

    async def enter(self, member: Member, command: EnterRoom) -> Done:
        """Enter a room; to be awaited within the session's `turn`.

        Raises:
            NotFound, Forbidden, LimitReached, SessionUnknown: As of `answer`.
        """
        tab = command.tab or OWN_TAB
        await self._permit(member.user, command.conversation)
        await self._parts.seats.take(member.session, Seat(command.conversation, tab), SEATS_PER_SESSION)
        self._sit(member.session, tab, command.conversation)
        return Done()

    async def _leave(self, member: Member, command: LeaveRoom) -> None:
        tab = command.tab or OWN_TAB
        await self._find(member.user, command.conversation, LeaveRoom)
        if await self._has(member.session, Seat(command.conversation, tab)):
            await self._parts.seats.give_up(member.session, tab)
            self._rise(member.session, tab)

    async def _has(self, session: SessionId, seat: Seat) -> bool:
        """Say if a session has a seat: of one that has lost its link, the store alone knows."""
        if self._audience.find(session) is None:
            return seat in await self._parts.seats.of_session(session)
        return self._seats.get(session, {}).get(seat.tab) == seat.room

    async def count(self, user: UserId, command: CountPeople) -> Count:
        """Count the people in a room, or the members of another conversation.

        Raises:
            NotFound: There is no such conversation for the caller.
        """
        room = command.conversation
        found = await self._find(user, room, CountPeople)
        if KINDS[found.conversation.of].members != "unlisted":
            return Count(room, found.conversation.member_count)
        now_s = self._parts.clock.monotonic_s()
        counted = self._counts.get(room)
        if counted is None or now_s - counted.at_s >= COUNT_KEPT_S:
            if len(self._counts) >= COUNTS_LIMIT:
                self._counts.clear()
            counted = Counted(await self._parts.seats.count(room), now_s)
            self._counts[room] = counted
        return Count(room, counted.crowd.users, counted.crowd.sessions)

    async def bring_back(self, user: UserId, session: SessionId, lost_at: Instant | None) -> Sequence[Seat]:
        """Give a session its seats again, unless it lost its connection, at `lost_at`, too long ago.

        A room in which its user was blocked meanwhile is not among them.

        Raises:
            Unavailable: The store is away.
        """
        self.forget(session)
        if lost_at is not None and self._parts.clock.now() - lost_at > self._kept_ms:
            await self._parts.seats.give_up(session)
            return ()
        kept = []
        for seat in await self._parts.seats.of_session(session):
            try:
                await self._permit(user, seat.room)
            except RemoteFault:
                await self._parts.seats.give_up(session, seat.tab)
                continue
            self._sit(session, seat.tab, seat.room)
            kept.append(seat)
        return kept

    def put_out(self, eviction: Eviction) -> None:
        """Let users of this node be in a room no more, and tell their links."""
        for session in list(self._rooms.get(eviction.room, ())):
            attached = self._audience.find(session)
            if attached is None or attached.user not in eviction.users:
                continue
            tabs = [tab for tab, room in self._seats[session].items() if room == eviction.room]
            for tab in tabs:
                self._rise(session, tab)
                self._vacant.append((session, Seat(eviction.room, tab)))
            attached.link.push_transient_nowait(attached.link.encoder.event(PutOut(eviction.room)), "high")

    async def settle(self) -> None:
        """Give up the seats of those who were put out. One that is lost with the node is given up when they are back.

        Raises:
            Unavailable: The store is away; the next sweep gives up the rest.
        """
        while self._vacant:
            session, seat = self._vacant[0]
            if self._seats.get(session, {}).get(seat.tab) is None:
                await self._parts.seats.give_up(session, seat.tab)
            self._vacant.popleft()

    def forget(self, session: SessionId) -> None:
        """Forget a session that has no link here any more. Its seats stay in the store."""
        for tab in list(self._seats.get(session, ())):
            self._rise(session, tab)

    async def _permit(self, user: UserId, room: ConversationId) -> None:
        scope = Scope(conversation=room, users=(user,))
        await self._parts.log.transact(scope, lambda snapshot: enter(snapshot, user))

    async def _find(self, user: UserId, conversation: ConversationId, command: type[Command]) -> MyConversation:
        found = await self._parts.directory.find(conversation, user)
        if found is None:
            raise NotFound()
        check(command, standing(found.conversation, user, found.membership), found.conversation.about)
        return found

    def _sit(self, session: SessionId, tab: TabId, room: ConversationId) -> None:
        attached = self._audience.find(session)
        self._rise(session, tab)
        if attached is not None:
            self._seats.setdefault(session, {})[tab] = room
            self._rooms.setdefault(room, {})[session] = attached.link
        self._counts.pop(room, None)

    def _rise(self, session: SessionId, tab: TabId) -> None:
        seats = self._seats.get(session)
        room = None if seats is None else seats.pop(tab, None)
        if seats is None or room is None:
            return
        self._counts.pop(room, None)
        if room not in seats.values():
            self._rooms[room].pop(session, None)
            if not self._rooms[room]:
                del self._rooms[room]
        if not seats:
            del self._seats[session]
