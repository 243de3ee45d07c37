"""Who may use it, and for what: bearers of an admin key."""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Final

from unisono.domain.errors import Forbidden, TokenInvalid, TokenMissing
from unisono.settings import ADMIN_SCOPES, Admin, AdminScope

_SCHEME: Final = "bearer"
_NAME_CHARS: Final = 16


class Guard:
    """Knows the admin keys, as hashes, and what each may do."""

    def __init__(self, admin: Admin) -> None:
        self._scopes: Final[Mapping[bytes, AbstractSet[AdminScope]]] = {
            **{_digest(limited.key.reveal()): frozenset(limited.scopes) for limited in admin.limited},
            **{_digest(key.reveal()): ADMIN_SCOPES for key in admin.keys},
        }

    def check(self, authorization: str | None, scope: AdminScope) -> str:
        """Let the bearer of an admin key with this scope pass; give a name for the key, which tells nothing of it.

        Takes the same time whichever key is close.

        Raises:
            TokenMissing: No key was given.
            TokenInvalid: The key is none of ours.
            Forbidden: The key is not for this.
        """
        scheme, _, key = (authorization or "").partition(" ")
        if scheme.lower() != _SCHEME or not key.strip():
            raise TokenMissing(needed="Authorization: Bearer <admin key>")
        given = _digest(key.strip())
        # Every key is compared, found or not.
        found: Sequence[bytes] = [known for known in self._scopes if hmac.compare_digest(given, known)]
        if not found:
            raise TokenInvalid(reason="admin key")
        if scope not in self._scopes[found[0]]:
            raise Forbidden(reason="the admin key is without this scope", scope=scope)
        return given.hex()[:_NAME_CHARS]


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()
