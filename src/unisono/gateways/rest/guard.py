"""Who may use it, and for what: bearers of an admin key."""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Final

from msgspec import Struct

from unisono.admin_settings import ADMIN_SCOPES, Admin, AdminScope, LimitedKey
from unisono.domain.errors import Forbidden, TokenInvalid, TokenMissing

_SCHEME: Final = "bearer"
_NAME_CHARS: Final = 16


class _Power(Struct, frozen=True):
    """What a key may do, and in which apps; None: in all."""

    scopes: AbstractSet[AdminScope]
    apps: AbstractSet[str] | None = None


class Guard:
    """Knows the admin keys, as hashes, and what each may do."""

    def __init__(self, admin: Admin) -> None:
        self._powers: Final[Mapping[bytes, _Power]] = {
            **{_digest(limited.key.reveal()): _power(limited) for limited in admin.limited},
            **{_digest(key.reveal()): _Power(ADMIN_SCOPES) for key in admin.keys},
        }

    def check(self, authorization: str | None, scope: AdminScope, app: str) -> str:
        """Let the bearer of an admin key with this scope in an app pass; give a name for the key, which tells nothing.

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
        found: Sequence[bytes] = [known for known in self._powers if hmac.compare_digest(given, known)]
        if not found:
            raise TokenInvalid(reason="admin key")
        power = self._powers[found[0]]
        if scope not in power.scopes:
            raise Forbidden(reason="the admin key is without this scope", scope=scope)
        if power.apps is not None and app not in power.apps:
            # Said of apps that there are and of others alike.
            raise Forbidden(reason="the admin key is not for this app")
        return given.hex()[:_NAME_CHARS]


def _power(limited: LimitedKey) -> _Power:
    return _Power(frozenset(limited.scopes), None if limited.apps is None else frozenset(limited.apps))


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()
