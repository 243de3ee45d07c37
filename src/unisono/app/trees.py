"""The trees of users' sessions and tabs as they change, for operators who watch them.

A hint that something of a user's came or went has it looked at once; what no hint told, such as what happened on
another node, is found by a look every `LOOK_S`. Nothing is queued: whoever is slow to take a tree gets the newest next.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager, suppress
from typing import Final

from msgspec.structs import replace

from unisono.app.own_sessions import OwnSessions
from unisono.domain.errors import Draining, Overloaded
from unisono.domain.events import Signal, Stir, TabsChanged
from unisono.domain.ids import Instant, UserId, user_of
from unisono.domain.session_view import SessionView

WATCHERS_LIMIT: Final = 64
"""Watchers of one app on this node: each reads a user's sessions every `LOOK_S`."""
RETRY_AFTER_MS: Final = 10_000
PACE_S: Final = 0.25
"""How long after a look the next one comes at the earliest: what changes meanwhile is one change."""
LOOK_S: Final = 2.0

Tree = tuple[SessionView, ...]


class Trees:
    """Who watches whose sessions on this node."""

    def __init__(self, own_sessions: OwnSessions) -> None:
        self._own_sessions = own_sessions
        self._watchers: dict[UserId, set[asyncio.Event]] = {}
        self._count = 0
        self._is_shut = False

    async def of(self, user: UserId) -> AsyncGenerator[Tree | None, None]:
        """Give a user's sessions that are not over, the oldest login first, and anew when they changed, until shut.

        None says that a look found nothing new; that a session spoke is nothing new.

        Raises:
            Overloaded: There are too many watchers.
            Draining: The server is being shut.
            UnisonoError: The store is away.
        """
        with self._watching(user) as stirred:
            told: Tree | None = None
            while not self._is_shut:
                stirred.clear()
                tree = tuple(await self._own_sessions.list_of(user))
                lasting = tuple(replace(session, seen_at=Instant(0)) for session in tree)
                yield None if lasting == told else tree
                told = lasting
                await _next_look(stirred)

    def take(self, passing: Stir | Signal) -> None:
        """Take from the bus what may tell that a user's sessions or tabs changed."""
        if not self._watchers:
            return
        if isinstance(passing, Stir):
            self._stir(passing.user)
        elif isinstance(passing.event, TabsChanged):
            self._stir(user_of(passing.stream))

    def shut(self) -> None:
        """Have all that is watched end: the server stops."""
        self._is_shut = True
        for user in self._watchers:
            self._stir(user)

    def _stir(self, user: UserId | None) -> None:
        for stirred in self._watchers.get(user, ()) if user is not None else ():
            stirred.set()

    @contextmanager
    def _watching(self, user: UserId) -> Iterator[asyncio.Event]:
        if self._is_shut:
            raise Draining(retry_after_ms=RETRY_AFTER_MS)
        if self._count >= WATCHERS_LIMIT:
            raise Overloaded(what="watched trees", limit=WATCHERS_LIMIT, retry_after_ms=RETRY_AFTER_MS)
        stirred = asyncio.Event()
        self._watchers.setdefault(user, set()).add(stirred)
        self._count += 1
        try:
            yield stirred
        finally:
            self._count -= 1
            self._watchers[user].discard(stirred)
            if not self._watchers[user]:
                del self._watchers[user]


async def _next_look(stirred: asyncio.Event) -> None:
    await asyncio.sleep(PACE_S)
    with suppress(TimeoutError):
        async with asyncio.timeout(LOOK_S - PACE_S):
            await stirred.wait()
