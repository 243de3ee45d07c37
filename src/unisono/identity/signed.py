"""Signed tokens (JWT). The user id is what the token says, never what the client says."""

from typing import Final

import msgspec

from unisono.domain.errors import TokenInvalid, TokenMissing
from unisono.domain.ids import Instant, Platform, PlatformIn
from unisono.identity.audiences import Audience
from unisono.identity.credentials import checked_token, checked_user, revocable
from unisono.identity.keys import Keys
from unisono.identity.signatures import Claims, Signatures, time_of
from unisono.ports.identity import Credential, Principal


class SignedTokens:
    """Implements `ports.identity.Identity` for tokens in the JWS compact form (RFC 7519)."""

    def __init__(self, audience: Audience, keys: Keys) -> None:
        """Accept what these keys signed for an audience, as its settings ask for."""
        self._audience: Final = audience
        self._settings: Final = audience.jwt
        self._signatures: Final = Signatures(audience.jwt, keys)

    async def authenticate(self, credential: Credential, now: Instant) -> Principal:
        """Say who the token was given to."""
        token = checked_token(credential)
        if token is None:
            raise TokenMissing
        signed = await self._signatures.check(token, now)
        claims, end = signed.claims, signed.expires_at
        self._audience.check(claims)
        return Principal(
            user=checked_user(claims.get(self._settings.user_claim), credential.wish),
            credential=revocable(token).credential,
            issued_at=time_of(claims, "iat"),
            # The session may live as long as its token was good, the leeway included.
            expires_at=None if end is None else Instant(end + self._signatures.leeway_ms),
            platform=self._platform(claims),
        )

    def _platform(self, claims: Claims) -> Platform | None:
        value = claims.get(self._settings.platform_claim)
        if value is None:
            return None
        try:
            return msgspec.convert(value, PlatformIn)
        except msgspec.ValidationError:
            raise TokenInvalid(reason="platform") from None
