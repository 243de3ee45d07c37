"""`unisono token` and `unisono grant`: for a user, signed with the server's key."""

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from unisono.cli.failing import Exit, Failure
from unisono.cli.sources import with_secrets
from unisono.clock import SystemClock, SystemEntropy
from unisono.domain.errors import TokenInvalid
from unisono.domain.grants import TTL_MAX_S, Grant, GrantedAct
from unisono.domain.ids import ConversationId, Instant, Platform, UserId
from unisono.identity.audiences import audience_of
from unisono.identity.minting import CannotSignError, mint, mint_grant
from unisono.settings import Jwt, Settings


class Minted(Struct, frozen=True, omit_defaults=True):
    """A new token."""

    token: str
    user: str
    expires_at: Instant
    platform: str | None = None


def new_token(
    settings: Settings, user: str, *, ttl_s: float, platform: str | None = None, app: str | None = None
) -> Minted:
    """Make a token for an app, and the key first if the server has none yet.

    Raises:
        Failure: The user id is none, there is no such app, or this server's tokens are signed elsewhere.
    """
    now = SystemClock().now()
    jwt = _settings_for(settings, app)
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


class MintedGrant(Struct, frozen=True, omit_defaults=True):
    """A new grant."""

    grant: str
    user: str
    act: GrantedAct
    expires_at: Instant
    conversation: str | None = None
    members: Sequence[str] = ()


def new_grant(
    settings: Settings,
    user: str,
    act: str,
    *,
    ttl_s: float,
    conversation: str | None,
    members: Sequence[str],
    app: str | None = None,
) -> MintedGrant:
    """Make a grant for an app that is good once, and the key first if the server has none yet.

    Raises:
        Failure: It cannot be meant, or this server's grants are signed elsewhere.
    """
    if ttl_s > TTL_MAX_S:
        raise Failure(f"a grant is good for {TTL_MAX_S} s at most", exit_code=Exit.USAGE)
    try:
        known = msgspec.convert(act, GrantedAct)
    except msgspec.ValidationError:
        raise Failure(f"no such act: {act}; there are create, add, remove, join", exit_code=Exit.USAGE) from None
    if (known == "create") is (conversation is not None):
        raise Failure("--conversation says which one; one that is to be created has no id yet", exit_code=Exit.USAGE)
    now = SystemClock().now()
    grant = Grant(
        user=UserId(user),
        act=known,
        expires_at=Instant(now + int(ttl_s * 1000)),
        conversation=None if conversation is None else ConversationId(conversation),
        members=frozenset(UserId(member) for member in members),
        nonce=SystemEntropy().secret(),
    )
    try:
        text = mint_grant(_settings_for(settings, app), grant, now=now)
    except CannotSignError as problem:
        raise Failure(str(problem), exit_code=Exit.CONFIGURATION) from None
    except TokenInvalid as fault:
        raise Failure(f"not a user id: {fault.message}", exit_code=Exit.USAGE) from None
    return MintedGrant(text, user, known, grant.expires_at, conversation, members)


def _settings_for(settings: Settings, app: str | None) -> Jwt:
    """Give what tokens for an app are made with; without a name for that of native clients."""
    name = settings.app if app is None else app
    if name not in settings.leancloud.walls(settings.app):
        raise Failure(f"no such app: {name}", exit_code=Exit.NOT_FOUND)
    return audience_of(with_secrets(settings), name).jwt
