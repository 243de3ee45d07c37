"""Signed grants (JWT), made by the application's own server with the key of its tokens."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from unisono.domain.commands import MEMBERS_PER_COMMAND_MAX
from unisono.domain.errors import GrantExpired, GrantInvalid, TokenExpired, TokenInvalid
from unisono.domain.grants import Grant, GrantedAct
from unisono.domain.ids import ConversationIdIn, Instant, UserIdIn
from unisono.identity.audiences import Audience
from unisono.identity.credentials import GRANT_TYPE
from unisono.identity.keys import Keys
from unisono.identity.signatures import Signatures


class _Claims(Struct):
    sub: UserIdIn
    act: GrantedAct
    cnv: ConversationIdIn | None = None
    # The caller may be named as well.
    mbr: Annotated[frozenset[UserIdIn], Meta(max_length=MEMBERS_PER_COMMAND_MAX + 1)] = frozenset()
    jti: Annotated[str, Meta(min_length=1, max_length=128)] | None = None


class SignedGrants:
    """Implements `ports.identity.Grants` for grants in the JWS compact form."""

    def __init__(self, audience: Audience, keys: Keys) -> None:
        """Accept what these keys signed: issuer, audience and leeway are those of tokens."""
        self._audience: Final = audience
        self._signatures: Final = Signatures(audience.jwt, keys)

    async def read(self, text: str, now: Instant) -> Grant:
        """Say what was granted to whom."""
        try:
            signed = await self._signatures.check(text, now)
            self._audience.check(signed.claims)
        except TokenExpired as fault:
            raise GrantExpired(**fault.numbers) from None
        except TokenInvalid as fault:
            raise GrantInvalid(**fault.numbers) from None
        if signed.type.lower() != GRANT_TYPE:
            raise GrantInvalid(reason=f"its header needs typ = {GRANT_TYPE}")
        if signed.expires_at is None:
            raise GrantInvalid(claim="exp", reason="needed")
        try:
            claims = msgspec.convert(signed.claims, _Claims)
        except msgspec.ValidationError as problem:
            raise GrantInvalid(reason=str(problem)) from None
        return Grant(
            user=claims.sub,
            act=claims.act,
            expires_at=signed.expires_at,
            conversation=claims.cnv,
            members=claims.mbr,
            nonce=claims.jti,
        )
