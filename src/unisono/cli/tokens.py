"""`unisono token`: a token for a user, signed with the server's key."""

from msgspec import Struct

from unisono.cli.failing import Exit, Failure
from unisono.cli.sources import with_secrets
from unisono.clock import SystemClock, SystemEntropy
from unisono.domain.errors import TokenInvalid
from unisono.domain.ids import Instant, Platform, UserId
from unisono.identity.minting import CannotSignError, mint
from unisono.settings import Settings


class Minted(Struct, frozen=True, omit_defaults=True):
    """A new token."""

    token: str
    user: str
    expires_at: Instant
    platform: str | None = None


def new_token(settings: Settings, user: str, *, ttl_s: float, platform: str | None = None) -> Minted:
    """Make a token, and the key first if the server has none yet.

    Raises:
        Failure: The user id is none, or this server's tokens are signed elsewhere.
    """
    now = SystemClock().now()
    jwt = with_secrets(settings).identity.jwt
    try:
        token = mint(
            jwt,
            UserId(user),
            now=now,
            ttl_s=ttl_s,
            entropy=SystemEntropy(),
            platform=None if platform is None else Platform(platform),
        )
    except CannotSignError as problem:
        raise Failure(str(problem), exit_code=Exit.CONFIGURATION) from None
    except TokenInvalid as fault:
        raise Failure(f"not a user id: {fault.message}", exit_code=Exit.USAGE) from None
    return Minted(token=token, user=user, expires_at=Instant(now + int(ttl_s * 1000)), platform=platform)
