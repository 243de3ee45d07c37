"""Signed tokens (JWT). The user id is what the token says, never what the client says."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import jwt
import msgspec
from jwt.exceptions import PyJWTError

from unisono.domain.errors import TokenExpired, TokenInvalid, TokenMissing
from unisono.domain.ids import INTEGER_MAX, Instant, Platform, PlatformIn
from unisono.identity.credentials import checked_token, checked_user, revocable
from unisono.identity.keys import Keys
from unisono.ports.identity import Credential, Principal
from unisono.settings import Jwt

if TYPE_CHECKING:
    from jwt.types import Options

Claims = Mapping[str, Any]


class SignedTokens:
    """Implements `ports.identity.Identity` for tokens in the JWS compact form (RFC 7519)."""

    def __init__(self, settings: Jwt, keys: Keys) -> None:
        """Accept the algorithms of the settings, and no other the token might name."""
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

    async def authenticate(self, credential: Credential, now: Instant) -> Principal:
        """Say who the token was given to."""
        token = checked_token(credential)
        if token is None:
            raise TokenMissing
        claims = await self._verified(token)
        expires_at = self._check_times(claims, now)
        return Principal(
            user=checked_user(claims.get(self._settings.user_claim), credential.wish),
            credential=revocable(token).credential,
            issued_at=_time(claims, "iat"),
            expires_at=expires_at,
            platform=self._platform(claims),
        )

    async def _verified(self, token: str) -> Claims:
        algorithm, key_id = self._header(token)
        key = await self._keys.find(key_id, algorithm)
        try:
            claims: Claims = jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                audience=self._settings.audience,
                issuer=self._settings.issuer,
                options=self._options,
            )
        except (PyJWTError, ValueError, TypeError, RecursionError) as problem:
            raise TokenInvalid(reason=_reason(problem)) from None
        return claims

    def _header(self, token: str) -> tuple[str, str | None]:
        try:
            header = jwt.get_unverified_header(token)
        except (PyJWTError, ValueError, TypeError, RecursionError) as problem:
            raise TokenInvalid(reason=_reason(problem)) from None
        algorithm, key_id = header.get("alg"), header.get("kid")
        if algorithm not in self._settings.algorithms:
            raise TokenInvalid(reason="algorithm")
        if header.get("crit"):
            raise TokenInvalid(reason="critical header")
        return str(algorithm), key_id if isinstance(key_id, str) else None

    def _check_times(self, claims: Claims, now: Instant) -> Instant | None:
        leeway_ms = int(self._settings.leeway_s * 1000)
        expires_at = _time(claims, "exp")
        if expires_at is not None and now >= expires_at + leeway_ms:
            raise TokenExpired(expired_at=expires_at)
        for claim in ("nbf", "iat"):
            begins_at = _time(claims, claim)
            if begins_at is not None and now < begins_at - leeway_ms:
                raise TokenInvalid(reason="not valid yet", valid_at=begins_at)
        # The session may live as long as its token was good, the leeway included.
        return None if expires_at is None else Instant(expires_at + leeway_ms)

    def _platform(self, claims: Claims) -> Platform | None:
        value = claims.get(self._settings.platform_claim)
        if value is None:
            return None
        try:
            return msgspec.convert(value, PlatformIn)
        except msgspec.ValidationError:
            raise TokenInvalid(reason="platform") from None


def _time(claims: Claims, name: str) -> Instant | None:
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
