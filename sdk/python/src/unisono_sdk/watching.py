"""Whose presence a client watches, over all links of its session."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from unisono_sdk.answers import Done, Presences
from unisono_sdk.commands import AskPresence, Unwatch, Watch
from unisono_sdk.desk import Desk, ask
from unisono_sdk.errors import ClientClosed, LinkDown, UnisonoError
from unisono_sdk.options import Options
from unisono_sdk.passing import Presence

log: Final = logging.getLogger("unisono_sdk")

ASKED_AT_ONCE: Final = 100
WATCHED_AT_ONCE: Final = 1000


class Watching:
    """Asks, watches, and watches again after each return of the link: the server forgets with the link.

    What it tells by itself is never older than its answer to `watch`, whichever is read first.
    """

    def __init__(self, desk: Desk, options: Options) -> None:
        self._desk = desk
        self._options = options
        self._known: dict[str, Presence | None] = {}
        desk.hub.on("reconnect", self._renew)

    @property
    def watched(self) -> Mapping[str, Presence]:
        """Give who is watched, and what was heard of them last."""
        return {user: presence for user, presence in self._known.items() if presence is not None}

    async def ask(self, users: Sequence[str]) -> Sequence[Presence]:
        """Ask once."""
        found: list[Presence] = []
        for part in _parts(users, ASKED_AT_ONCE):
            found += (await ask(self._desk, AskPresence(users=part), Presences)).presences
        return found

    async def watch(self, users: Sequence[str]) -> Sequence[Presence]:
        """Watch users besides those who are watched already."""
        found: list[Presence] = []
        for part in _parts(users, WATCHED_AT_ONCE):
            answer, news = await self._watch(part)
            self._known.update((presence.user, presence) for presence in news)
            found += [self._known.get(presence.user) or presence for presence in answer]
        return found

    async def unwatch(self, users: Sequence[str]) -> None:
        """Watch users no more."""
        for user in users:
            self._known.pop(user, None)
        for part in _parts(users, WATCHED_AT_ONCE):
            await ask(self._desk, Unwatch(users=part), Done)

    def take(self, presence: Presence) -> None:
        """Tell the program of a change it does not know yet."""
        if presence.user in self._known:
            before, self._known[presence.user] = self._known[presence.user], presence
            if before != presence:
                self._desk.hub.emit("presence", presence)

    async def _watch(self, users: tuple[str, ...]) -> tuple[Sequence[Presence], Sequence[Presence]]:
        """Watch users; give the answer, and of it what nothing newer was heard of meanwhile."""
        before = {user: self._known.setdefault(user, None) for user in users}
        try:
            answer = (await ask(self._desk, Watch(users=users), Presences)).presences
        except BaseException:
            for user in users:
                if self._known.get(user) is None:
                    self._known.pop(user, None)
            raise
        return answer, [each for each in answer if self._known.get(each.user) is before.get(each.user)]

    async def _renew(self, _: object) -> None:
        for part in _parts(tuple(self._known), WATCHED_AT_ONCE):
            await self._renew_part(part)

    async def _renew_part(self, part: tuple[str, ...]) -> None:
        """Watch users again, and as often as the server puts it off."""
        attempt = 0
        while True:
            try:
                for presence in (await self._watch(part))[1]:
                    self.take(presence)
            except (LinkDown, ClientClosed):
                # They are watched again after the next return.
                return
            except UnisonoError as fault:
                if not fault.retryable:
                    log.warning("event=not_watched_again users=%d code=%s", len(part), fault.code)
                    return
                options = self._options
                delay_ms = options.backoff.later_ms(attempt, options.chance(), fault.retry_after_ms)
                await options.clock.sleep(delay_ms / 1000)
                attempt += 1
            else:
                return


def _parts(users: Sequence[str], size: int) -> Iterator[tuple[str, ...]]:
    for start in range(0, len(users), size):
        yield tuple(users[start : start + size])
