"""Several apps on one server: whose tokens and grants let into which."""

from typing import Any

import pytest

from tests.support.recording import RecordingTelemetry
from tests.support.time_and_chance import NOON, CountingEntropy, ManualClock
from tests.unit.identity.keysmith import NOW_S, credential, secret, signed
from unisono.domain.errors import GrantInvalid, TokenInvalid
from unisono.domain.grants import Grant
from unisono.domain.ids import Instant, UserId
from unisono.identity.audiences import audience_of
from unisono.identity.credentials import GRANT_TYPE
from unisono.identity.function import Request
from unisono.identity.minting import mint, mint_grant
from unisono.identity.opening import opened_grants, opened_identity
from unisono.leancloud_settings import LeanCloud, LeanCloudApp
from unisono.secret import Secret
from unisono.settings import Identity, Jwt, Settings

GRANT = {"act": "create", "exp": NOW_S + 60}


def app(name: str | None, audience: str | None = None) -> LeanCloudApp:
    return LeanCloudApp(
        id=f"lc-{name}", key=Secret("k" * 16), master_key=Secret("m" * 16), name=name, audience=audience
    )


def settings(*apps: LeanCloudApp, audience: str | None = None) -> Settings:
    return Settings(identity=Identity(jwt=Jwt(secret=secret(), audience=audience)), leancloud=LeanCloud(apps))


async def lets_in(chosen: Settings, token: str, *names: str) -> list[bool]:
    """Say for each of some apps whether a token lets in, and whether a grant with its audience is read there."""
    return [await _lets_into(chosen, token, name) for name in names]


async def _lets_into(chosen: Settings, token: str, name: str) -> bool:
    with opened_identity(chosen, name, ManualClock(), RecordingTelemetry()) as identity:
        try:
            return (await identity.authenticate(credential(token), NOON)).user == "alice"
        except TokenInvalid:
            return False


async def reads(chosen: Settings, grant: str, *names: str) -> list[bool]:
    found = []
    for name in names:
        try:
            await opened_grants(chosen, name, ManualClock(), RecordingTelemetry()).read(grant, NOON)
            found.append(True)
        except GrantInvalid:
            found.append(False)
    return found


TWO = "default", "shop"


@pytest.mark.parametrize(
    ("aud", "expected"),
    [
        (None, [True, False]),
        ("shop", [False, True]),
        (["shop"], [False, True]),
        (["elsewhere", "shop"], [False, True]),
        ("elsewhere", [True, False]),
        (["elsewhere"], [True, False]),
        ([7], [True, False]),
        ("default", [True, False]),
    ],
)
async def test_a_token_lets_into_the_app_that_it_names(aud: Any, expected: list[bool]) -> None:
    """One token used to let the same id into all apps of a server, walls or not."""
    chosen = settings(app(None), app("shop"))
    assert await lets_in(chosen, signed({"aud": aud}), *TWO) == expected
    assert await reads(chosen, signed(GRANT | {"aud": aud}, headers={"typ": GRANT_TYPE}), *TWO) == expected


async def test_where_the_main_app_has_an_audience_all_say_which_they_mean() -> None:
    chosen = settings(app("shop"), app("help", audience="desk"), audience="chat")
    names = "default", "shop", "help"
    for aud, expected in (
        (None, [False, False, False]),
        ("chat", [True, False, False]),
        ("shop", [False, True, False]),
        ("desk", [False, False, True]),
        ("help", [False, False, False]),
        (["chat", "desk"], [True, False, True]),
    ):
        assert await lets_in(chosen, signed({"aud": aud}), *names) == expected


async def test_apps_that_say_the_same_audience_have_the_same_users() -> None:
    chosen = settings(app("shop", audience="chat"), app("help", audience="chat"), audience="chat")
    assert await lets_in(chosen, signed({"aud": "chat"}), "default", "shop", "help") == [True, True, True]


async def test_a_server_of_one_app_looks_at_no_audience_as_before() -> None:
    for chosen in (settings(), settings(app(None)), settings(app("default"))):
        for aud in (None, "shop", ["anything"]):
            assert await lets_in(chosen, signed({"aud": aud}), "default") == [True]


async def test_what_is_made_here_for_an_app_lets_in_there() -> None:
    chosen = settings(app("shop"))
    for name, expected in (("default", [True, False]), ("shop", [False, True])):
        jwt = audience_of(chosen, name).jwt
        token = mint(jwt, UserId("alice"), now=NOON, ttl_s=60, entropy=CountingEntropy())
        assert await lets_in(chosen, token, *TWO) == expected
        grant = mint_grant(jwt, Grant(UserId("alice"), "create", Instant(NOON + 1000)), now=NOON)
        assert await reads(chosen, grant, *TWO) == expected


async def test_a_function_is_told_which_app_is_to_be_entered() -> None:
    def by_app(request: Request) -> str | None:
        return "alice" if request.app == "shop" else None

    for name, user in (("default", None), ("shop", "alice")):
        with opened_identity(settings(app("shop")), name, ManualClock(), RecordingTelemetry(), by_app) as identity:
            assert (await identity.authenticate(credential(), NOON)).user == user
