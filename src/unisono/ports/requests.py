"""Requests that say a key of their own, so that asking again does nothing again: kept for a day, on all nodes."""

from typing import Final, Protocol

from msgspec import Struct

from unisono.domain.ids import Instant

KEPT_MS: Final = 86_400_000
"""How long a key is remembered."""


class Request(Struct, frozen=True):
    """A request under a key. `key` names who asks, too; `digest` is that of all it says."""

    key: str
    digest: bytes


class Requests(Protocol):
    """Requests of one app. Those in which the log alone changes are remembered by the log itself (`Log.transact`)."""

    async def begin(self, request: Request) -> bytes | None:
        """Remember a request before it is carried out, durably; give its answer if it was finished before.

        Without an answer it is carried out, also where it was begun before: whoever did so may be gone.

        Raises:
            KeyReused: Another request has this key.
        """

    async def finish(self, request: Request, answer: bytes) -> None:
        """Keep what is answered to a request that was begun."""

    async def forget(self, before: Instant) -> int:
        """Drop requests that were begun before an instant, and more than `KEPT_MS` ago; give how many."""
