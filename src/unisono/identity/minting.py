"""Making tokens and grants, for the command line and for tests. An application makes its own, on its own server."""

from typing import Any

import jwt

from unisono.domain.grants import Grant
from unisono.domain.ids import Instant, Platform, UserId
from unisono.identity.credentials import GRANT_TYPE, checked_user
from unisono.ports.clock import Entropy
from unisono.settings import Jwt


class CannotSignError(Exception):
    """The server checks tokens with public keys; whoever has the private key makes them."""


def mint(
    settings: Jwt, user: UserId, *, now: Instant, ttl_s: float, entropy: Entropy, platform: Platform | None = None
) -> str:
    """Make a token that a server with these settings accepts for `ttl_s`.

    Raises:
        CannotSignError: The settings hold no shared secret.
        TokenInvalid: The user id is none.
    """
    # Parts of a second keep a token that was made right after a revocation apart from those before it.
    issued_s = now / 1000
    claims: dict[str, Any] = {settings.user_claim: checked_user(user, None), "iat": issued_s, "exp": issued_s + ttl_s}
    claims["jti"] = entropy.secret()
    return _signed(settings, claims | {settings.platform_claim: platform})


def mint_grant(settings: Jwt, grant: Grant, *, now: Instant) -> str:
    """Make the text of a grant that a server with these settings accepts.

    Raises:
        CannotSignError: The settings hold no shared secret.
        TokenInvalid: The user id is none.
    """
    claims: dict[str, Any] = {"sub": checked_user(grant.user, None), "act": grant.act, "iat": now / 1000}
    claims |= {"exp": grant.expires_at / 1000, "cnv": grant.conversation, "jti": grant.nonce}
    return _signed(settings, claims | {"mbr": sorted(grant.members) or None}, {"typ": GRANT_TYPE})


def _signed(settings: Jwt, claims: dict[str, Any], headers: dict[str, Any] | None = None) -> str:
    if settings.secret is None:
        raise CannotSignError("tokens of this server are signed elsewhere: it knows public keys only")
    claims |= {"iss": settings.issuer, "aud": settings.audience}
    present = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(present, settings.secret.reveal(), algorithm="HS256", headers=headers)
