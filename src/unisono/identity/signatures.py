"""What was signed with one of the configured keys (JWS in its compact form, RFC 7515), whatever it is to say."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import jwt
from jwt.exceptions import PyJWTError
from msgspec import Struct

from unisono.domain.errors import TokenExpired, TokenInvalid
from unisono.domain.ids import INTEGER_MAX, Instant
from unisono.identity.keys import Keys
from unisono.settings import Jwt

if TYPE_CHECKING:
    from jwt.types import Options

Claims = Mapping[str, Any]


class Signed(Struct, frozen=True):
    """What a key of ours signed. `type` is that of the header, `expires_at` the end without leeway, None for none."""

    type: str
    claims: Claims
    expires_at: Instant | None


class Signatures:
    """Checks signature, issuer, audience and times, as the settings ask for."""

    def __init__(self, settings: Jwt, keys: Keys) -> None:
        """Accept the algorithms of the settings, and no other the text might name."""
        self._settings: Final = settings
        self._keys: Final = keys
        # Times are checked here, against the time that comes as an argument.
        self._options: Final[Options] = {
            "verify_exp": False,
            "verify_nbf": False,
            "verify_iat": False,
            "verify_sub": False,
            "verify_jti": False,
            "verify_aud": settings.audience is not None,
        }

    @property
    def leeway_ms(self) -> int:
        """Say how far clocks may differ."""
        return int(self._settings.leeway_s * 1000)

    async def check(self, text: str, now: Instant) -> Signed:
        """Give what a text says, if it is signed and its time is now.

        Raises:
            TokenInvalid: It is not, or it is not for us.
            TokenExpired: It was good once.
            Unavailable: The key server did not answer.
        """
        algorithm, key_id, kind = self._header(text)
        key = await self._keys.find(key_id, algorithm)
        try:
            claims: Claims = jwt.decode(
                text,
                key,
                algorithms=[algorithm],
                audience=self._settings.audience,
                issuer=self._settings.issuer,
                options=self._options,
            )
        except (PyJWTError, ValueError, TypeError, RecursionError) as problem:
            raise TokenInvalid(reason=_reason(problem)) from None
        return Signed(kind, claims, self._check_times(claims, now))

    def _header(self, text: str) -> tuple[str, str | None, str]:
        try:
            header = jwt.get_unverified_header(text)
        except (PyJWTError, ValueError, TypeError, RecursionError) as problem:
            raise TokenInvalid(reason=_reason(problem)) from None
        algorithm, key_id, kind = header.get("alg"), header.get("kid"), header.get("typ")
        if algorithm not in self._settings.algorithms:
            raise TokenInvalid(reason="algorithm")
        if header.get("crit"):
            raise TokenInvalid(reason="critical header")
        return str(algorithm), key_id if isinstance(key_id, str) else None, kind if isinstance(kind, str) else ""

    def _check_times(self, claims: Claims, now: Instant) -> Instant | None:
        expires_at = time_of(claims, "exp")
        if expires_at is not None and now >= expires_at + self.leeway_ms:
            raise TokenExpired(expired_at=expires_at)
        for claim in ("nbf", "iat"):
            begins_at = time_of(claims, claim)
            if begins_at is not None and now < begins_at - self.leeway_ms:
                raise TokenInvalid(reason="not valid yet", valid_at=begins_at)
        return expires_at


def time_of(claims: Claims, name: str) -> Instant | None:
    """Read a time claim, in seconds.

    Raises:
        TokenInvalid: It is there and no time.
    """
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TokenInvalid(reason=f"{name} is not a number")
    if not (math.isfinite(value) and 0 <= value <= INTEGER_MAX // 1000):
        raise TokenInvalid(reason=f"{name} is out of range")
    return Instant(int(value * 1000))


def _reason(problem: Exception) -> str:
    # The library's texts may quote the token; its class names say enough.
    return type(problem).__name__.removesuffix("Error")
