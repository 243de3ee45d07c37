"""From settings to an identity.

PyJWT and cryptography take 130 ms to import, a good part of a cold start, so they are imported when the first token
comes; only public keys are looked at before, so that a bad one stops the start.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from unisono.domain.grants import Grant
from unisono.domain.ids import Instant
from unisono.identity.audiences import Audience, audience_of
from unisono.identity.belief import WARNING, Belief
from unisono.identity.faults import UnusableKeyError
from unisono.identity.function import FunctionIdentity, UserIdFunction, load_function
from unisono.ports.clock import Clock
from unisono.ports.identity import Credential, Grants, Identity, Principal
from unisono.ports.telemetry import Telemetry
from unisono.settings import Jwt, Settings

if TYPE_CHECKING:
    from unisono.identity.keys import Keys

T = TypeVar("T")


@contextmanager
def opened_identity(
    settings: Settings, app: str, clock: Clock, telemetry: Telemetry, user_id: UserIdFunction | None = None
) -> Iterator[Identity]:
    """Give the identity of an app that the settings ask for, or a function of the embedding application's (row S18).

    Raises:
        UnusableKeyError: A key cannot be read or used.
        UnusableFunctionError: The function cannot be found.
    """
    chosen = settings.identity
    if user_id is None and chosen.kind == "callable" and chosen.callable is not None:
        user_id = load_function(chosen.callable)
    if user_id is not None:
        by_function = FunctionIdentity(user_id, telemetry, app=app, deadline_s=chosen.deadline_s)
        try:
            yield by_function
        finally:
            by_function.close()
        return
    tokens = TokensOnDemand(audience_of(settings, app), clock, telemetry)
    if chosen.kind != "dev":
        yield tokens
        return
    telemetry.event("dev_mode", warning=WARNING)
    yield Belief(tokens, listens_on=settings.server.host)


def opened_grants(settings: Settings, app: str, clock: Clock, telemetry: Telemetry) -> Grants:
    """Give what reads the grants of an app. The keys of tokens sign them, however users are known.

    Raises:
        UnusableKeyError: Grants are required, and a key cannot be read or used.
    """
    audience = audience_of(settings, app)
    return GrantsOnDemand(audience, clock, telemetry, is_needed=bool(settings.grants.required))


class OnDemand(Generic[T]):
    """Something that takes long to make, made when it is first asked for."""

    def __init__(self, make: Callable[[], T], *, at_once: bool) -> None:
        """Make it now if it is to be made `at_once`."""
        self._make: Final = make
        self._made = make() if at_once else None

    async def get(self) -> T:
        """Give it."""
        if self._made is None:
            self._made = await asyncio.to_thread(self._make)
        return self._made


class TokensOnDemand:
    """Implements `ports.identity.Identity` with `signed.SignedTokens`, made when the first token comes."""

    def __init__(self, audience: Audience, clock: Clock, telemetry: Telemetry) -> None:
        """Look at the keys, unless it is a shared secret.

        Raises:
            UnusableKeyError: A key cannot be read or used.
        """

        def made() -> Identity:
            from unisono.identity.signed import SignedTokens  # noqa: PLC0415  (see the top of the module)

            return SignedTokens(audience, keys_for(audience.jwt, clock, telemetry))

        self._tokens: Final = OnDemand(made, at_once=audience.jwt.secret is None)

    async def authenticate(self, credential: Credential, now: Instant) -> Principal:
        """Say who the token was given to."""
        return await (await self._tokens.get()).authenticate(credential, now)


class GrantsOnDemand:
    """Implements `ports.identity.Grants` with `granted.SignedGrants`, made when the first grant comes."""

    def __init__(self, audience: Audience, clock: Clock, telemetry: Telemetry, *, is_needed: bool) -> None:
        """Look at the keys, unless it is a shared secret or no grant is needed.

        Raises:
            UnusableKeyError: A key cannot be read or used.
        """

        def made() -> Grants:
            from unisono.identity.granted import SignedGrants  # noqa: PLC0415  (see the top of the module)

            return SignedGrants(audience, keys_for(audience.jwt, clock, telemetry))

        self._grants: Final = OnDemand(made, at_once=is_needed and audience.jwt.secret is None)

    async def read(self, text: str, now: Instant) -> Grant:
        """Say what was granted to whom."""
        return await (await self._grants.get()).read(text, now)


def keys_for(jwt: Jwt, clock: Clock, telemetry: Telemetry) -> "Keys":
    """Give the keys that the settings name.

    Raises:
        UnusableKeyError: A key file cannot be read or used, or there is no key at all.
    """
    from unisono.identity import keys  # noqa: PLC0415  (see the top of the module)

    if jwt.secret is not None:
        return keys.SharedSecret(jwt.secret)
    if jwt.public_key_file is not None:
        try:
            return keys.OnePublicKey(jwt.public_key_file.read_bytes())
        except OSError as problem:
            raise UnusableKeyError(f"cannot read {jwt.public_key_file}: {problem.strerror}") from None
    if jwt.jwks_file is not None:
        return keys.KeySet(keys.file_fetch(jwt.jwks_file), clock, telemetry, kept_s=jwt.jwks_kept_s)
    if jwt.jwks_url is not None:
        fetch = keys.url_fetch(jwt.jwks_url, jwt.jwks_deadline_s)
        return keys.KeySet(fetch, clock, telemetry, kept_s=jwt.jwks_kept_s)
    raise UnusableKeyError("no key: call config.with_generated_secrets first")
