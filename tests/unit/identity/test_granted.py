"""Signed grants: what is read from them, and that grants and tokens are never taken for each other."""

from pathlib import Path
from typing import Any

import jwt
import pytest

from tests.support.recording import RecordingTelemetry
from tests.support.time_and_chance import NOON, ManualClock
from tests.unit.identity.keysmith import ED_KEY, NOW_S, SECRET, credential, pem, secret, signed
from unisono.domain.errors import GrantExpired, GrantInvalid, TokenInvalid
from unisono.domain.grants import TTL_MAX_S, Grant, GrantRules
from unisono.domain.ids import ConversationId, Instant, UserId
from unisono.identity.audiences import Audience
from unisono.identity.belief import Belief
from unisono.identity.credentials import GRANT_TYPE
from unisono.identity.faults import UnusableKeyError
from unisono.identity.function import FunctionIdentity
from unisono.identity.granted import SignedGrants
from unisono.identity.keys import OnePublicKey, SharedSecret
from unisono.identity.minting import CannotSignError, mint_grant
from unisono.identity.opening import opened_grants
from unisono.identity.signed import SignedTokens
from unisono.ports.requests import KEPT_MS
from unisono.settings import LEEWAY_MAX_S, Identity, Jwt, Settings

ADD = {"act": "add", "cnv": "c1", "mbr": ["bob", "cat"], "jti": "n1"}
HEADER = {"typ": GRANT_TYPE}


def text(claims: dict[str, Any] | None = None, *, key: Any = SECRET, header: dict[str, Any] | None = None) -> str:
    """Make a grant of alice's, with other claims on top."""
    return signed(ADD | (claims or {}), key=key, headers=HEADER if header is None else header)


def shared(**settings: Any) -> SignedGrants:
    return SignedGrants(Audience(Jwt(secret=secret(), **settings)), SharedSecret(secret()))


async def read(given: str, grants: SignedGrants | None = None, at: Instant = NOON) -> Grant:
    return await (grants or shared()).read(given, at)


@pytest.mark.rows("L260")
async def test_a_grant_says_who_may_what_where_with_whom() -> None:
    assert await read(text()) == Grant(
        user=UserId("alice"),
        act="add",
        expires_at=Instant((NOW_S + 60) * 1000),
        conversation=ConversationId("c1"),
        members=frozenset({UserId("bob"), UserId("cat")}),
        nonce="n1",
    )
    least = await read(text({"act": "create", "cnv": None, "mbr": None, "jti": None}))
    assert (least.conversation, least.members, least.nonce) == (None, frozenset(), None)


@pytest.mark.rows("L260")
async def test_what_the_applications_key_did_not_sign_is_no_grant() -> None:
    unsigned = jwt.encode(ADD | {"sub": "alice", "exp": NOW_S + 60}, "", algorithm="none", headers=HEADER)
    stripped = ".".join([*text().split(".")[:2], ""])
    for forged in (text(key="another secret of enough length for HS256"), unsigned, stripped, "a.b.c", "x"):
        with pytest.raises(GrantInvalid):
            await read(forged)


async def test_a_public_key_checks_grants_as_it_checks_tokens() -> None:
    settings = Jwt(algorithms=("EdDSA",), public_key_file=Path("k.pem"))
    grants = SignedGrants(Audience(settings), OnePublicKey(pem(ED_KEY)))
    given = signed(ADD, key=ED_KEY, algorithm="EdDSA", headers=HEADER)
    assert (await read(given, grants)).nonce == "n1"
    with pytest.raises(GrantInvalid):
        await read(text(), grants)


async def test_issuer_and_audience_are_those_of_tokens() -> None:
    grants = shared(issuer="https://id.example", audience="chat")
    good = {"iss": "https://id.example", "aud": "chat"}
    assert (await read(text(good), grants)).user == "alice"
    for bad in ({"iss": "https://evil.example"}, {"aud": "mail"}):
        with pytest.raises(GrantInvalid):
            await read(text(good | bad), grants)


async def test_a_grant_is_good_until_its_end_and_the_leeway() -> None:
    assert (await read(text(), at=Instant((NOW_S + 89) * 1000))).user == "alice"
    with pytest.raises(GrantExpired):
        await read(text(), at=Instant((NOW_S + 90) * 1000))
    with pytest.raises(GrantInvalid):
        await read(text({"nbf": NOW_S + 31}))


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": None},
        {"sub": None},
        {"sub": 7},
        {"sub": "x" * 65},
        {"act": None},
        {"act": "delete"},
        {"cnv": ""},
        {"mbr": "bob"},
        {"mbr": [7]},
        {"mbr": [f"u{number}" for number in range(1002)]},
        {"jti": ""},
        {"jti": "n" * 129},
    ],
)
async def test_a_grant_that_says_what_cannot_be_is_refused(claims: dict[str, Any]) -> None:
    with pytest.raises(GrantInvalid):
        await read(text(claims))


@pytest.mark.rows("L251", "L260")
async def test_a_token_to_log_in_with_is_no_grant() -> None:
    for header in ({"typ": "JWT"}, {"typ": None}, {"typ": 7}):
        with pytest.raises(GrantInvalid, match="typ"):
            await read(text(header=header))


@pytest.mark.rows("L251")
async def test_a_grant_is_no_token_to_log_in_with_however_users_are_known() -> None:
    """A function that looks at signature and user alone would take it for one."""
    given = text({"platform": "web"})
    tokens = SignedTokens(Audience(Jwt(secret=secret())), SharedSecret(secret()))
    function = FunctionIdentity(lambda _: "alice", RecordingTelemetry(), app="default")
    for identity in (tokens, function, Belief(tokens, listens_on="127.0.0.1")):
        for spelled in (given, text(header={"typ": GRANT_TYPE.upper()})):
            with pytest.raises(TokenInvalid, match="a grant is no token"):
                await identity.authenticate(credential(spelled), NOON)
    function.close()


async def test_a_grant_made_here_is_one_the_server_takes() -> None:
    settings = Jwt(secret=secret(), issuer="https://id.example", audience="chat")
    for grant in (await read(text()), Grant(UserId("alice"), "create", Instant(NOON + 1000))):
        assert (
            await SignedGrants(Audience(settings), SharedSecret(secret())).read(
                mint_grant(settings, grant, now=NOON), NOON
            )
            == grant
        )
    with pytest.raises(CannotSignError):
        mint_grant(Jwt(algorithms=("EdDSA",), public_key_file=Path("k.pem")), grant, now=NOON)
    with pytest.raises(TokenInvalid):
        mint_grant(settings, Grant(UserId(""), "create", NOON), now=NOON)


async def test_keys_are_looked_at_before_the_start_where_grants_are_asked_for(tmp_path: Path) -> None:
    jwt_settings = Jwt(algorithms=("EdDSA",), public_key_file=tmp_path / "none.pem")
    for rules in (GrantRules(), GrantRules(required=("add",))):
        settings = Settings(identity=Identity(jwt=jwt_settings), grants=rules)
        if rules.required:
            with pytest.raises(UnusableKeyError):
                opened_grants(settings, settings.app, ManualClock(), RecordingTelemetry())
        else:
            opened_grants(settings, settings.app, ManualClock(), RecordingTelemetry())


async def test_a_shared_secret_reads_grants_when_the_first_one_comes() -> None:
    settings = Settings(identity=Identity(jwt=Jwt(secret=secret())), grants=GrantRules(required=("add",)))
    grants = opened_grants(settings, settings.app, ManualClock(), RecordingTelemetry())
    assert [(await grants.read(text(), NOON)).nonce for _ in range(2)] == ["n1", "n1"]


def test_a_used_grant_is_remembered_for_longer_than_it_could_live() -> None:
    assert KEPT_MS > (TTL_MAX_S + 2 * LEEWAY_MAX_S) * 1000
