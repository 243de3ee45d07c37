"""Whose presence a client watches, over all links of its session."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Final

from unisono_sdk.answers import Done, Presences
from unisono_sdk.commands import AskPresence, Unwatch, Watch
from unisono_sdk.desk import Desk, ask
from unisono_sdk.errors import ClientClosed, LinkDown
from unisono_sdk.passing import Presence

ASKED_AT_ONCE: Final = 100
WATCHED_AT_ONCE: Final = 1000


class Watching:
    """Asks, watches, and watches again after each return of the link: the server forgets with the link."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._known: dict[str, Presence] = {}
        desk.hub.on("reconnect", self._renew)

    @property
    def watched(self) -> Mapping[str, Presence]:
        """Give who is watched, and what was heard of them last."""
        return dict(self._known)

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
            found += (await ask(self._desk, Watch(users=part), Presences)).presences
        self._known.update((presence.user, presence) for presence in found)
        return found

    async def unwatch(self, users: Sequence[str]) -> None:
        """Watch users no more."""
        for user in users:
            self._known.pop(user, None)
        for part in _parts(users, WATCHED_AT_ONCE):
            await ask(self._desk, Unwatch(users=part), Done)

    def take(self, presence: Presence) -> None:
        """Tell the program of a change it does not know yet."""
        if presence.user in self._known and self._known[presence.user] != presence:
            self._known[presence.user] = presence
            self._desk.hub.emit("presence", presence)

    async def _renew(self, _: object) -> None:
        # What is lost again meanwhile is asked for after the next return.
        with suppress(LinkDown, ClientClosed):
            for part in _parts(tuple(self._known), WATCHED_AT_ONCE):
                for presence in (await ask(self._desk, Watch(users=part), Presences)).presences:
                    self.take(presence)


def _parts(users: Sequence[str], size: int) -> Iterator[tuple[str, ...]]:
    for start in range(0, len(users), size):
        yield tuple(users[start : start + size])
