"""From settings to an identity."""

from collections.abc import Iterator
from contextlib import contextmanager

from unisono.identity.belief import Belief
from unisono.identity.function import FunctionIdentity, UserIdFunction, load_function
from unisono.identity.keys import Keys, KeySet, OnePublicKey, SharedSecret, UnusableKeyError, file_fetch, url_fetch
from unisono.identity.signed import SignedTokens
from unisono.ports.clock import Clock
from unisono.ports.identity import Identity
from unisono.ports.telemetry import Telemetry
from unisono.settings import Jwt, Settings


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
    tokens = SignedTokens(chosen.jwt, keys_for(chosen.jwt, clock, telemetry))
    yield Belief(tokens, listens_on=settings.server.host) if chosen.kind == "dev" else tokens


def keys_for(jwt: Jwt, clock: Clock, telemetry: Telemetry) -> Keys:
    """Give the keys that the settings name.

    Raises:
        UnusableKeyError: A key file cannot be read or used, or there is no key at all.
    """
    if jwt.secret is not None:
        return SharedSecret(jwt.secret)
    if jwt.public_key_file is not None:
        try:
            return OnePublicKey(jwt.public_key_file.read_bytes())
        except OSError as problem:
            raise UnusableKeyError(f"cannot read {jwt.public_key_file}: {problem.strerror}") from None
    if jwt.jwks_file is not None:
        return KeySet(file_fetch(jwt.jwks_file), clock, telemetry, kept_s=jwt.jwks_kept_s)
    if jwt.jwks_url is not None:
        return KeySet(url_fetch(jwt.jwks_url, jwt.jwks_deadline_s), clock, telemetry, kept_s=jwt.jwks_kept_s)
    raise UnusableKeyError("no key: call config.with_generated_secrets first")
