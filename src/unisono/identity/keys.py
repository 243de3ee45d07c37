"""Keys that tokens are checked with: a shared secret, a public key, or a published set of them."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Final, Protocol

import aiohttp
import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from jwt import PyJWK
from jwt.exceptions import PyJWTError
from msgspec import Meta, Struct

from unisono.domain.errors import TokenInvalid, Unavailable
from unisono.identity.faults import UnusableKeyError
from unisono.ports.clock import Clock
from unisono.ports.telemetry import Telemetry
from unisono.secret import Secret

PublicKey = RSAPublicKey | EllipticCurvePublicKey | Ed25519PublicKey | Ed448PublicKey
Key = bytes | PublicKey
Fetch = Callable[[], Awaitable[bytes]]

RSA_MIN_BITS: Final = 2048
KEYS_MAX: Final = 100
SET_MAX_BYTES: Final = 1 << 20
ASK_AGAIN_S: Final = 10.0
"""Least pause between two fetches, whoever asks: unknown key ids cost a peer nothing to invent."""
STALE_MAX_S: Final = 3600.0
"""How long the last keys are used while the key server does not answer."""


class Keys(Protocol):
    """Where the key of a token is found."""

    async def find(self, key_id: str | None, algorithm: str) -> Key:
        """Give the key with this id, fit for this algorithm.

        Raises:
            TokenInvalid: There is none.
            Unavailable: The key server did not answer.
        """


class SharedSecret:
    """One secret, for HS256 alone."""

    def __init__(self, secret: Secret) -> None:
        """Keep the secret."""
        self._key: Final = secret.reveal().encode()

    async def find(self, key_id: str | None, algorithm: str) -> Key:
        """Give the secret."""
        del key_id
        if algorithm != "HS256":
            raise TokenInvalid(reason="algorithm")
        return self._key


class OnePublicKey:
    """A public key from a PEM file."""

    def __init__(self, pem: bytes) -> None:
        """Read the key.

        Raises:
            UnusableKeyError: It is none, or a weak one.
        """
        try:
            key = load_pem_public_key(pem)
        except (ValueError, UnsupportedAlgorithm) as problem:
            raise UnusableKeyError(f"not a public key in PEM form: {problem}") from None
        self._algorithm, self._key = _usable(key)

    async def find(self, key_id: str | None, algorithm: str) -> Key:
        """Give the key, whatever id the token names."""
        del key_id
        if algorithm != self._algorithm:
            raise TokenInvalid(reason="algorithm")
        return self._key


class _Listed(Struct, frozen=True):
    id: str | None
    algorithm: str
    key: PublicKey


class _Document(Struct):
    keys: Annotated[list[dict[str, object]], Meta(max_length=KEYS_MAX)]


class KeySet:
    """A published set of keys (RFC 7517), fetched when it is needed and kept for a while.

    An unknown key id has the set fetched again, at most every `ASK_AGAIN_S`. At most one fetch is under way.
    """

    def __init__(self, fetch: Fetch, clock: Clock, telemetry: Telemetry, *, kept_s: float) -> None:
        """Know where to ask; ask later."""
        self._fetch: Final = fetch
        self._clock: Final = clock
        self._telemetry: Final = telemetry
        self._kept_s: Final = kept_s
        self._keys: Sequence[_Listed] = ()
        self._fetched_s: float | None = None
        self._asked_s: float | None = None
        self._under_way: asyncio.Future[None] | None = None

    async def find(self, key_id: str | None, algorithm: str) -> Key:
        """Give the key of this id; without an id, the only one that fits."""
        if self._is_old():
            await self._refresh()
        found = self._lookup(key_id, algorithm)
        if found is None and self._may_ask():
            await self._refresh()
            found = self._lookup(key_id, algorithm)
        if found is not None:
            return found
        if not self._is_known():
            raise Unavailable(part="key server")
        raise TokenInvalid(reason="unknown key")

    def _lookup(self, key_id: str | None, algorithm: str) -> Key | None:
        if not self._is_known():
            return None
        fitting = [listed for listed in self._keys if listed.algorithm == algorithm]
        if key_id is not None:
            fitting = [listed for listed in fitting if listed.id == key_id]
        return fitting[0].key if len(fitting) == 1 else None

    def _is_old(self) -> bool:
        return self._fetched_s is None or self._clock.monotonic_s() - self._fetched_s > self._kept_s

    def _is_known(self) -> bool:
        return self._fetched_s is not None and self._clock.monotonic_s() - self._fetched_s <= self._kept_s + STALE_MAX_S

    def _may_ask(self) -> bool:
        return self._asked_s is None or self._clock.monotonic_s() - self._asked_s >= ASK_AGAIN_S

    async def _refresh(self) -> None:
        """Fetch the set, or wait for the fetch under way. A failure leaves the keys as they are."""
        if self._under_way is not None:
            # Bounded by the deadline of whoever fetches.
            await asyncio.shield(self._under_way)
            return
        if not self._may_ask():
            return
        self._under_way = asyncio.get_running_loop().create_future()
        self._asked_s = self._clock.monotonic_s()
        try:
            await self._fetch_and_keep()
        except asyncio.CancelledError:
            # The one who asked went away; the next may ask at once.
            self._asked_s = None
            raise
        finally:
            self._under_way.set_result(None)
            self._under_way = None

    async def _fetch_and_keep(self) -> None:
        try:
            keys = keys_in(await self._fetch())
        except (OSError, TimeoutError, UnusableKeyError) as problem:
            self._telemetry.count("key_fetches", label="failed")
            self._telemetry.fault("key_fetch_failed", problem=type(problem).__name__, reason=str(problem))
            return
        self._telemetry.count("key_fetches", label="ok")
        self._keys, self._fetched_s = keys, self._clock.monotonic_s()


def keys_in(document: bytes) -> Sequence[_Listed]:
    """Read a set of keys; those we cannot use are passed over.

    Raises:
        UnusableKeyError: It is no set of keys, or there is none we can use.
    """
    if len(document) > SET_MAX_BYTES:
        raise UnusableKeyError(f"larger than {SET_MAX_BYTES} bytes")
    try:
        entries = msgspec.json.decode(document, type=_Document).keys
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as problem:
        raise UnusableKeyError(f"not a set of keys: {problem}") from None
    found = tuple(listed for entry in entries if (listed := _listed(entry)) is not None)
    if not found:
        raise UnusableKeyError("no usable key in the set")
    return found


def file_fetch(path: Path) -> Fetch:
    """Give a fetch that reads a file."""

    async def fetch() -> bytes:
        return await asyncio.to_thread(path.read_bytes)

    return fetch


def url_fetch(url: str, deadline_s: float) -> Fetch:
    """Give a fetch over HTTP, within a deadline and a size. Redirects are not followed."""

    async def fetch() -> bytes:
        limit = aiohttp.ClientTimeout(total=deadline_s)
        try:
            async with aiohttp.ClientSession(timeout=limit) as client, client.get(url, allow_redirects=False) as answer:
                answer.raise_for_status()
                if answer.status != 200:
                    raise UnusableKeyError(f"answered with status {answer.status}")
                return await _bounded(answer.content)
        except aiohttp.ClientError as problem:
            raise ConnectionError(str(problem)) from None

    return fetch


class _Source(Protocol):
    async def read(self, n: int = -1) -> bytes: ...


async def _bounded(source: _Source) -> bytes:
    document = bytearray()
    while len(document) <= SET_MAX_BYTES and (chunk := await source.read(1 << 16)):
        document += chunk
    return bytes(document)


def _listed(entry: Mapping[str, object]) -> _Listed | None:
    """Read one key, or None when it is not for us: a shared secret has no business in a published set."""
    if entry.get("kty") not in ("RSA", "EC", "OKP") or entry.get("use", "sig") != "sig":
        return None
    try:
        algorithm, key = _usable(PyJWK(dict(entry)).key)
    except (PyJWTError, UnusableKeyError, ValueError, TypeError, KeyError, UnsupportedAlgorithm):
        return None
    if entry.get("alg", algorithm) != algorithm:
        return None
    key_id = entry.get("kid")
    return _Listed(id=key_id if isinstance(key_id, str) else None, algorithm=algorithm, key=key)


def _usable(key: object) -> tuple[str, PublicKey]:
    """Give the one algorithm a key is for.

    Raises:
        UnusableKeyError: We use no such keys.
    """
    match key:
        case RSAPublicKey() if key.key_size >= RSA_MIN_BITS:
            return "RS256", key
        case RSAPublicKey():
            raise UnusableKeyError(f"an RSA key needs {RSA_MIN_BITS} bits, this one has {key.key_size}")
        case EllipticCurvePublicKey() if isinstance(key.curve, SECP256R1):
            return "ES256", key
        case Ed25519PublicKey() | Ed448PublicKey():
            return "EdDSA", key
    raise UnusableKeyError("not a key for RS256, ES256 or EdDSA")
