"""Signed tokens: who is let in, who is not, and that the token never chooses how it is checked."""

import base64
import json
from typing import Any

import jwt
import pytest

from tests.support.time_and_chance import NOON, CountingEntropy
from tests.unit.identity.keysmith import (
    EC_KEY,
    ED_KEY,
    NOW_S,
    PRIVATE,
    RSA_KEY,
    SECRET,
    credential,
    pem,
    secret,
    signed,
)
from unisono.domain.errors import TokenExpired, TokenInvalid, TokenMissing, TooLarge
from unisono.domain.ids import Instant, Platform, UserId
from unisono.identity.audiences import Audience
from unisono.identity.credentials import revocable
from unisono.identity.keys import OnePublicKey, SharedSecret
from unisono.identity.minting import CannotSignError, mint
from unisono.identity.signed import SignedTokens
from unisono.ports.identity import Identity, Principal
from unisono.settings import LEEWAY_MAX_S, Algorithm, Jwt


def shared(**settings: Any) -> SignedTokens:
    return SignedTokens(Audience(Jwt(secret=secret(), **settings)), SharedSecret(secret()))


def public(algorithm: Algorithm, key_pem: bytes) -> SignedTokens:
    from pathlib import Path

    return SignedTokens(Audience(Jwt(algorithms=(algorithm,), public_key_file=Path("k.pem"))), OnePublicKey(key_pem))


async def principal_of(token: str | None, identity: Identity | None = None, *, wish: str | None = None) -> Principal:
    return await (identity or shared()).authenticate(credential(token, wish=wish), NOON)


@pytest.mark.rows("S14")
async def test_the_user_is_who_the_token_names() -> None:
    principal = await principal_of(signed({"jti": "t-1"}))

    assert principal.user == "alice"
    assert principal.credential == "jti:t-1"
    assert principal.issued_at == NOW_S * 1000
    assert principal.expires_at == (NOW_S + 60 + 30) * 1000
    assert principal.platform is None


@pytest.mark.rows("S20")
async def test_every_tab_and_device_with_a_users_token_is_that_user() -> None:
    identity, token = shared(), signed()
    tabs = [credential(token, tab=name) for name in ("tab-1", "tab-2", "tab-3")]
    assert {(await identity.authenticate(tab, NOON)).user for tab in tabs} == {"alice"}


async def test_a_wish_is_never_believed_against_the_token() -> None:
    assert (await principal_of(signed(), wish="alice")).user == "alice"
    with pytest.raises(TokenInvalid):
        await principal_of(signed(), wish="bob")
    with pytest.raises(TokenMissing):
        await principal_of(None, wish="alice")


@pytest.mark.rows("L40")
async def test_a_user_id_has_up_to_64_characters() -> None:
    assert (await principal_of(signed({"sub": "é" * 64}))).user == "é" * 64
    with pytest.raises(TokenInvalid):
        await principal_of(signed({"sub": "x" * 65}))


@pytest.mark.parametrize("user", ["", "a\nb", "a\x00", "\ud800"])
async def test_a_user_id_that_could_not_be_shown_is_refused(user: str) -> None:
    with pytest.raises(TokenInvalid):
        await principal_of(signed({"sub": user}))


@pytest.mark.parametrize("user", [None, 17, ["alice"], {"a": 1}])
async def test_a_user_id_that_is_no_text_is_refused(user: object) -> None:
    token = jwt.encode({"exp": NOW_S + 60}, SECRET) if user is None else _raw({"sub": user, "exp": NOW_S + 60})
    with pytest.raises(TokenInvalid):
        await principal_of(token)


async def test_another_claim_may_hold_the_user() -> None:
    assert (await principal_of(signed({"uid": "bob"}), shared(user_claim="uid"))).user == "bob"


async def test_a_token_may_fix_the_kind_of_device() -> None:
    assert (await principal_of(signed({"platform": "ios"}))).platform == "ios"
    with pytest.raises(TokenInvalid):
        await principal_of(signed({"platform": "No Such!"}))


@pytest.mark.parametrize("late_s", [89.9, 0.0, -100.0])
async def test_a_token_is_good_until_its_end_and_the_leeway(late_s: float) -> None:
    at = Instant(int((NOW_S + late_s) * 1000))
    assert (await shared().authenticate(credential(signed({"iat": None})), at)).user == "alice"


async def test_a_token_past_its_end_and_the_leeway_has_expired() -> None:
    with pytest.raises(TokenExpired):
        await shared().authenticate(credential(signed()), Instant((NOW_S + 90) * 1000))


async def test_a_token_without_an_end_stays_good() -> None:
    assert (await principal_of(signed({"exp": None}))).expires_at is None


@pytest.mark.parametrize("claims", [{"nbf": NOW_S + 31}, {"iat": NOW_S + 31}])
async def test_a_token_from_the_future_is_refused(claims: dict[str, int]) -> None:
    with pytest.raises(TokenInvalid):
        await principal_of(signed(claims))


@pytest.mark.parametrize("claims", [{"nbf": NOW_S + 29}, {"iat": NOW_S + 29}])
async def test_a_clock_that_differs_by_less_than_the_leeway_does_no_harm(claims: dict[str, int]) -> None:
    assert (await principal_of(signed(claims))).user == "alice"


@pytest.mark.parametrize("claim", ["exp", "iat", "nbf"])
@pytest.mark.parametrize("value", ["1e9", True, [], -1, 1e300])
async def test_a_time_that_is_none_is_refused(claim: str, value: object) -> None:
    with pytest.raises(TokenInvalid):
        await principal_of(_raw({"sub": "alice", claim: value}))


async def test_issuer_and_audience_must_be_the_ones_asked_for() -> None:
    identity = shared(issuer="https://id.example", audience="chat")
    good = {"iss": "https://id.example", "aud": ["chat", "mail"]}
    assert (await principal_of(signed(good), identity)).user == "alice"
    for bad in ({"iss": "https://evil.example"}, {"aud": "mail"}, {"iss": None}, {"aud": None}):
        with pytest.raises(TokenInvalid):
            await principal_of(signed(good | bad), identity)


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
async def test_public_keys_check_what_their_private_key_signed(algorithm: Algorithm) -> None:
    identity = public(algorithm, pem(PRIVATE[algorithm]))
    assert (await principal_of(signed(key=PRIVATE[algorithm], algorithm=algorithm), identity)).user == "alice"


@pytest.mark.parametrize(("mine", "theirs"), [("RS256", "ES256"), ("ES256", "EdDSA"), ("EdDSA", "RS256")])
async def test_a_token_of_another_algorithm_is_refused(mine: Algorithm, theirs: Algorithm) -> None:
    with pytest.raises(TokenInvalid):
        await principal_of(signed(key=PRIVATE[theirs], algorithm=theirs), public(mine, pem(PRIVATE[mine])))


async def test_a_public_key_is_never_taken_for_a_shared_secret() -> None:
    key_pem = pem(RSA_KEY)
    with pytest.raises(TokenInvalid):
        await principal_of(_hmac({"sub": "alice"}, key_pem), public("RS256", key_pem))


async def test_several_algorithms_are_still_tied_to_their_kind_of_key() -> None:
    from pathlib import Path

    settings = Jwt(algorithms=("RS256", "ES256"), public_key_file=Path("k.pem"))
    identity = SignedTokens(Audience(settings), OnePublicKey(pem(EC_KEY)))
    assert (await principal_of(signed(key=EC_KEY, algorithm="ES256"), identity)).user == "alice"
    with pytest.raises(TokenInvalid):
        await principal_of(signed(key=RSA_KEY, algorithm="RS256"), identity)


async def test_a_token_without_a_signature_is_refused() -> None:
    unsigned = jwt.encode({"sub": "alice"}, "", algorithm="none")
    head = base64.urlsafe_b64encode(b'{"alg":"HS256"}').rstrip(b"=").decode()
    stripped = ".".join([head, unsigned.split(".")[1], ""])
    for token in (unsigned, stripped, unsigned.replace("none", "None")):
        with pytest.raises(TokenInvalid):
            await principal_of(token)


async def test_a_key_that_the_token_brings_along_is_not_used() -> None:
    jwk = json.loads(jwt.algorithms.OKPAlgorithm.to_jwk(ED_KEY.public_key()))
    token = signed(key=ED_KEY, algorithm="EdDSA", headers={"jwk": jwk, "jku": "http://127.0.0.1:9/"})
    with pytest.raises(TokenInvalid):
        await principal_of(token)


async def test_a_header_that_must_be_understood_but_is_not_is_refused() -> None:
    with pytest.raises(TokenInvalid):
        await principal_of(_hmac({"sub": "alice"}, SECRET.encode(), {"crit": ["exotic"], "exotic": 1}))


@pytest.mark.parametrize("token", ["x", "a.b.c", "..", "." * 500, "é.é.é", "\ud800", "eyJhbGciOiJIUzI1NiJ9.e30"])
async def test_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(TokenInvalid):
        await principal_of(token)


async def test_a_deeply_nested_token_is_refused_like_any_other() -> None:
    nested = base64.urlsafe_b64encode(b'{"alg":' + b"[" * 3000 + b"]" * 3000 + b"}").rstrip(b"=").decode()
    with pytest.raises((TokenInvalid, TooLarge)):
        await principal_of(f"{nested}.e30.AA")


async def test_a_token_beyond_the_limit_is_not_even_read() -> None:
    with pytest.raises(TooLarge):
        await principal_of("x" * 8193)


async def test_a_changed_token_is_refused() -> None:
    head, body, signature = signed().split(".")
    other = signed({"sub": "bob"}).split(".")[1]
    with pytest.raises(TokenInvalid):
        await principal_of(f"{head}.{other}.{signature}")
    with pytest.raises(TokenInvalid):
        await principal_of(f"{head}.{body}.{signature[::-1]}")


async def test_no_refusal_quotes_the_token() -> None:
    for token in (signed(key="another secret of enough length for HS256"), signed({"sub": "x" * 65}), "a.b.c"):
        with pytest.raises(TokenInvalid) as caught:
            await principal_of(token)
        assert token not in str(caught.value)


async def test_each_spelling_of_one_token_has_the_same_name() -> None:
    """A stray character in the signature used to be another name, and so a way round the revocation."""
    token = signed()
    spelled_otherwise = token + "="
    name = (await principal_of(token)).credential
    assert name is not None
    assert name.startswith("sha256:")
    assert revocable(spelled_otherwise).credential == name
    assert revocable(signed({"exp": NOW_S + 61})).credential != name


async def test_a_revocation_is_remembered_as_long_as_the_token_would_have_lived() -> None:
    # However lenient a server is, it forgets a revocation after it would let the token in no more.
    assert revocable(signed({"jti": "t"})).until == (NOW_S + 60 + LEEWAY_MAX_S) * 1000
    assert revocable("opaque").until > NOW_S * 10_000
    assert revocable(_raw({"jti": "x" * 129})).credential.startswith("sha256:")


async def test_a_minted_token_lets_its_user_in() -> None:
    settings = Jwt(secret=secret(), issuer="me", audience="chat", user_claim="uid")
    token = mint(settings, UserId("carol"), now=NOON, ttl_s=60, entropy=CountingEntropy(), platform=Platform("android"))
    principal = await principal_of(token, SignedTokens(Audience(settings), SharedSecret(secret())))
    assert (principal.user, principal.platform, principal.issued_at) == ("carol", "android", NOON)


async def test_two_minted_tokens_have_different_names() -> None:
    settings, entropy = Jwt(secret=secret()), CountingEntropy()
    names = {
        revocable(mint(settings, UserId("carol"), now=NOON, ttl_s=60, entropy=entropy)).credential for _ in range(2)
    }
    assert len(names) == 2


def test_a_server_with_public_keys_makes_no_tokens() -> None:
    from pathlib import Path

    settings = Jwt(algorithms=("RS256",), public_key_file=Path("k.pem"))
    with pytest.raises(CannotSignError):
        mint(settings, UserId("carol"), now=NOON, ttl_s=60, entropy=CountingEntropy())


def test_a_token_is_minted_for_no_bad_user() -> None:
    with pytest.raises(TokenInvalid):
        mint(Jwt(secret=secret()), UserId("x" * 65), now=NOON, ttl_s=60, entropy=CountingEntropy())


def _raw(claims: dict[str, Any]) -> str:
    return _hmac(claims, SECRET.encode())


def _hmac(claims: dict[str, Any], key: bytes, header: dict[str, Any] | None = None) -> str:
    """Sign by hand: the library refuses to make what it should refuse to read."""
    import hashlib
    import hmac

    def part(value: bytes) -> str:
        return base64.urlsafe_b64encode(value).rstrip(b"=").decode()

    head = json.dumps({"alg": "HS256", "typ": "JWT"} | (header or {})).encode()
    to_sign = f"{part(head)}.{part(json.dumps(claims).encode())}"
    return f"{to_sign}.{part(hmac.new(key, to_sign.encode(), hashlib.sha256).digest())}"
