"""Which of a user's sessions did something, told to that session alone.

Facts that a command of a connection leaves carry a digest of the session's id: a session that compares it with its own
knows what it did itself, and all others learn nothing by it.
"""

import base64
import hashlib
from typing import Final, NewType

from msgspec import Struct

from unisono.domain.ids import SessionId

Origin = NewType("Origin", str)

ORIGIN_CHARS: Final = 12
"""Of 64 signs each: 72 bits, too many for two of a user's sessions to agree by chance."""


class Caused(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Base of facts that say which session caused them; none where the operator or the server itself did."""

    origin: Origin | None = None


def origin_of(session: SessionId) -> Origin:
    """Give what a session is known by in the facts that it causes."""
    digest = base64.urlsafe_b64encode(hashlib.sha256(session.encode()).digest())
    return Origin(digest[:ORIGIN_CHARS].decode())
