"""Which session did something, as facts say it."""

import base64
import hashlib
from collections import deque
from dataclasses import dataclass
from typing import Final

ORIGIN_CHARS: Final = 12
REMEMBERED: Final = 100
"""Sessions of one client that are remembered: each is a login of its own, whose facts come soon after."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caused:
    """Base of facts that say which session did it, by a digest of its id that tells others nothing.

    None where no session did: the operator, or the server itself.
    """

    origin: str | None = None


class Origins:
    """What the sessions of one client are known by."""

    def __init__(self) -> None:
        self._mine: deque[str] = deque(maxlen=REMEMBERED)

    def add(self, session: str) -> None:
        """Take note of a session of this client."""
        digest = base64.urlsafe_b64encode(hashlib.sha256(session.encode()).digest())
        origin = digest[:ORIGIN_CHARS].decode()
        if origin not in self._mine:
            self._mine.append(origin)

    def __contains__(self, origin: object) -> bool:
        """Say if one of them did it."""
        return origin in self._mine
