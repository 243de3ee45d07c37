"""From settings to an identity.

PyJWT and cryptography take 130 ms to import, a good part of a cold start, so they are imported when the first token
comes; only public keys are looked at before, so that a bad one stops the start.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from unisono.domain.ids import Instant
from unisono.identity.belief import WARNING, Belief
from unisono.identity.faults import UnusableKeyError
from unisono.identity.function import FunctionIdentity, UserIdFunction, load_function
from unisono.ports.clock import Clock
from unisono.ports.identity import Credential, Identity, Principal
from unisono.ports.telemetry import Telemetry
from unisono.settings import Jwt, Settings

if TYPE_CHECKING:
    from unisono.identity.keys import Keys


@contextmanager
def opened_identity(
    settings: Settings, clock: Clock, telemetry: Telemetry, user_id: UserIdFunction | None = None
) -> Iterator[Identity]:
    """Give the identity that the settings ask for, or a function that the embedding application brings (row S18).

    Raises:
        UnusableKeyError: A key cannot be read or used.
        UnusableFunctionError: The function cannot be found.
    """
    chosen = settings.identity
    if user_id is None and chosen.kind == "callable" and chosen.callable is not None:
        user_id = load_function(chosen.callable)
    if user_id is not None:
        by_function = FunctionIdentity(user_id, telemetry, deadline_s=chosen.deadline_s)
        try:
            yield by_function
        finally:
            by_function.close()
        return
    tokens = TokensOnDemand(chosen.jwt, clock, telemetry)
    if chosen.kind != "dev":
        yield tokens
        return
    telemetry.event("dev_mode", warning=WARNING)
    yield Belief(tokens, listens_on=settings.server.host)


class TokensOnDemand:
    """Implements `ports.identity.Identity` with `signed.SignedTokens`, made when the first token comes."""

    def __init__(self, jwt: Jwt, clock: Clock, telemetry: Telemetry) -> None:
        """Look at the keys, unless it is a shared secret.

        Raises:
            UnusableKeyError: A key cannot be read or used.
        """
        self._jwt: Final = jwt
        self._clock: Final = clock
        self._telemetry: Final = telemetry
        self._tokens = None if jwt.secret is not None else self._open()

    async def authenticate(self, credential: Credential, now: Instant) -> Principal:
        """Say who the token was given to."""
        if self._tokens is None:
            self._tokens = await asyncio.to_thread(self._open)
        return await self._tokens.authenticate(credential, now)

    def _open(self) -> Identity:
        from unisono.identity.signed import SignedTokens  # noqa: PLC0415  (see the top of the module)

        return SignedTokens(self._jwt, keys_for(self._jwt, self._clock, self._telemetry))


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
