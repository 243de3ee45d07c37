"""Keys, tokens and credentials for the tests of identity."""

import json
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from tests.support.time_and_chance import NOON
from unisono.domain.ids import DeviceId, Platform, TabId, UserId
from unisono.ports.identity import Credential
from unisono.secret import Secret

SECRET = "a secret that is long enough for HS256"
NOW_S = NOON // 1000

RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())
ED_KEY = ed25519.Ed25519PrivateKey.generate()
PRIVATE: dict[str, Any] = {"RS256": RSA_KEY, "ES256": EC_KEY, "EdDSA": ED_KEY}
_WRITERS: dict[str, Any] = {"RS256": RSAAlgorithm, "ES256": ECAlgorithm, "EdDSA": OKPAlgorithm}


def secret() -> Secret:
    return Secret(SECRET)


def pem(private: Any) -> bytes:
    return private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def jwk(algorithm: str, key_id: str | None, **more: object) -> dict[str, object]:
    entry = json.loads(_WRITERS[algorithm].to_jwk(PRIVATE[algorithm].public_key()))
    return entry | ({} if key_id is None else {"kid": key_id}) | more


def key_set(*entries: dict[str, object]) -> bytes:
    return json.dumps({"keys": entries}).encode()


def signed(
    claims: dict[str, Any] | None = None,
    *,
    key: Any = SECRET,
    algorithm: str = "HS256",
    headers: dict[str, Any] | None = None,
) -> str:
    """Make a token of alice, good for a minute around noon, with other claims on top."""
    whole = {"sub": "alice", "iat": NOW_S, "exp": NOW_S + 60} | (claims or {})
    present = {name: value for name, value in whole.items() if value is not None}
    return jwt.encode(present, key, algorithm=algorithm, headers=headers)


def credential(
    token: str | None = None,
    *,
    wish: str | None = None,
    tab: str | None = None,
    address: str = "192.0.2.7",
    headers: dict[str, str] | None = None,
    cookies: dict[str, str] | None = None,
) -> Credential:
    return Credential(
        token=token,
        wish=None if wish is None else UserId(wish),
        device=DeviceId("device-1"),
        platform=Platform("web"),
        tab=None if tab is None else TabId(tab),
        headers=headers or {},
        query={},
        cookies=cookies or {},
        address=address,
    )
