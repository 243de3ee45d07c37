"""Who may use it: bearers of an admin key."""

import hashlib
import hmac
from collections.abc import Sequence
from typing import Final

from unisono.domain.errors import TokenInvalid, TokenMissing
from unisono.settings import Secret

_SCHEME: Final = "bearer"


class Guard:
    """Knows the admin keys, as hashes."""

    def __init__(self, keys: Sequence[Secret]) -> None:
        self._digests: Final = tuple(_digest(key.reveal()) for key in keys)

    def check(self, authorization: str | None) -> None:
        """Let the bearer of an admin key pass. Takes the same time whichever key is close.

        Raises:
            TokenMissing: No key was given.
            TokenInvalid: The key is none of ours.
        """
        scheme, _, key = (authorization or "").partition(" ")
        if scheme.lower() != _SCHEME or not key.strip():
            raise TokenMissing(needed="Authorization: Bearer <admin key>")
        given = _digest(key.strip())
        # Every key is compared, found or not.
        if not sum(hmac.compare_digest(given, known) for known in self._digests):
            raise TokenInvalid(reason="admin key")


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()
