"""Making tokens, for `unisono token` and for tests. An application makes its own, on its own server."""

from typing import Any

import jwt

from unisono.domain.ids import Instant, Platform, UserId
from unisono.identity.credentials import checked_user
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
    if settings.secret is None:
        raise CannotSignError("tokens of this server are signed elsewhere: it knows public keys only")
    # Parts of a second keep a token that was made right after a revocation apart from those before it.
    issued_s = now / 1000
    claims: dict[str, Any] = {settings.user_claim: checked_user(user, None), "iat": issued_s, "exp": issued_s + ttl_s}
    claims["jti"] = entropy.secret()
    optional = {"iss": settings.issuer, "aud": settings.audience, settings.platform_claim: platform}
    claims |= {name: value for name, value in optional.items() if value is not None}
    return jwt.encode(claims, settings.secret.reveal(), algorithm="HS256")
