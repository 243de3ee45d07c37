"""A function of the application decides who it is, and the recipes for the usual ways."""

import asyncio
import threading
from pathlib import Path

import pytest

from tests.support.time_and_chance import NOON, ManualClock
from tests.unit.identity.keysmith import credential, secret, signed
from unisono.domain.errors import TokenExpired, TokenInvalid, Unavailable
from unisono.domain.ids import Platform, UserId
from unisono.identity.belief import Belief
from unisono.identity.faults import UnusableFunctionError, UnusableKeyError
from unisono.identity.function import (
    FunctionIdentity,
    Request,
    UserIdFunction,
    load_function,
)
from unisono.identity.opening import TokensOnDemand, keys_for, opened_identity
from unisono.identity.recipes import BASE_ID_MAX_CHARS, client_id_as_user, from_session, per_tab
from unisono.ports.identity import Credential, Principal
from unisono.settings import Identity, Jwt, Server, Settings
from unisono.telemetry.recording import RecordingTelemetry

APP = "default"
UUID = "0b6d8a52-8d0e-4e0e-9a70-7a6c1d7f5b11"


async def asked(function: UserIdFunction, brought: Credential | None = None) -> Principal:
    identity = FunctionIdentity(function, RecordingTelemetry(), app=APP)
    try:
        return await identity.authenticate(brought or credential(), NOON)
    finally:
        identity.close()


@pytest.mark.rows("S12")
async def test_a_function_of_the_request_assigns_the_user() -> None:
    def by_header(request: Request) -> str | None:
        return request.headers.get("x-user")

    assert (await asked(by_header, credential(headers={"x-user": "alice"}))).user == "alice"


@pytest.mark.rows("S12")
async def test_an_async_function_is_awaited() -> None:
    async def slow(request: Request) -> str | None:
        await asyncio.sleep(0)
        return request.cookies["user"]

    assert (await asked(slow, credential(cookies={"user": "bob"}))).user == "bob"


async def test_a_plain_function_may_block_without_stopping_the_server() -> None:
    entered, leave = threading.Event(), threading.Event()

    def blocks(request: Request) -> str | None:
        entered.set()
        leave.wait(5)
        return "alice"

    identity = FunctionIdentity(blocks, RecordingTelemetry(), app=APP)
    async with asyncio.TaskGroup() as group:
        login = group.create_task(identity.authenticate(credential(), NOON))
        # The loop goes on while the function blocks its thread.
        assert await asyncio.to_thread(entered.wait, 5)
        leave.set()
    assert login.result().user == "alice"
    identity.close()


@pytest.mark.rows("S13")
async def test_a_function_that_finds_nobody_lets_the_connection_in_without_a_user() -> None:
    assert await asked(lambda _: None) == Principal(user=None)


async def test_a_function_may_fix_end_and_platform() -> None:
    whole = Principal(user=UserId("alice"), expires_at=NOON, platform=Platform("tv"), credential="mine")
    assert await asked(lambda _: whole, credential("opaque")) == whole


async def test_a_token_that_the_function_accepted_can_be_revoked() -> None:
    principal = await asked(lambda _: "alice", credential(signed({"jti": "t-9"})))
    assert principal.credential == "jti:t-9"
    opaque = await asked(lambda _: "alice", credential("opaque"))
    assert opaque.credential is not None
    assert opaque.credential.startswith("sha256:")


@pytest.mark.parametrize("bad", ["", "x" * 65, "a\nb", 17, b"alice"])
async def test_a_user_id_that_is_none_is_refused(bad: object) -> None:
    with pytest.raises(TokenInvalid):
        await asked(lambda _: bad)  # type: ignore[arg-type, return-value]


async def test_a_wish_does_not_overrule_the_function() -> None:
    with pytest.raises(TokenInvalid):
        await asked(lambda _: "alice", credential(wish="bob"))


async def test_a_function_that_fails_is_logged_and_the_peer_refused() -> None:
    def broken(request: Request) -> str | None:
        raise KeyError("password=hunter2")

    telemetry = RecordingTelemetry()
    identity = FunctionIdentity(broken, telemetry, app=APP)
    with pytest.raises(TokenInvalid) as caught:
        await identity.authenticate(credential(), NOON)
    identity.close()

    (line,) = telemetry.named("identity_failed")
    assert line["problem"] == "KeyError"
    assert "test_function.py" in str(line["place"])
    assert "hunter2" not in str(line) + str(caught.value)
    assert telemetry.meter.counted("identity_faults") == 1


async def test_a_fault_that_the_function_names_reaches_the_peer() -> None:
    def expired(request: Request) -> str | None:
        raise TokenExpired

    with pytest.raises(TokenExpired):
        await asked(expired)


async def test_a_function_that_hangs_meets_its_deadline() -> None:
    async def hangs(request: Request) -> str | None:
        await asyncio.Event().wait()
        return None

    telemetry = RecordingTelemetry()
    identity = FunctionIdentity(hangs, telemetry, app=APP, deadline_s=0.01)
    with pytest.raises(Unavailable):
        await identity.authenticate(credential(), NOON)
    identity.close()


async def test_an_object_with_a_call_is_a_function_too() -> None:
    class Ldap:
        async def __call__(self, request: Request) -> str | None:
            return "alice"

    assert (await asked(Ldap())).user == "alice"


def test_a_function_is_found_by_its_name() -> None:
    assert load_function("unisono.identity.recipes:client_id_as_user") is client_id_as_user


@pytest.mark.parametrize("target", ["no.such.module:f", "unisono.identity.recipes:none", "unisono:__version__"])
def test_a_function_that_is_not_there_stops_the_start(target: str) -> None:
    with pytest.raises(UnusableFunctionError):
        load_function(target)


@pytest.mark.rows("S18")
async def test_a_function_of_the_embedding_application_replaces_the_default() -> None:
    with opened_identity(
        Settings(), APP, ManualClock(), RecordingTelemetry(), user_id=lambda _: "embedded"
    ) as identity:
        assert (await identity.authenticate(credential(), NOON)).user == "embedded"


@pytest.mark.rows("S12", "S21")
async def test_a_function_of_the_settings_is_used() -> None:
    chosen = Settings(identity=Identity(kind="callable", callable="unisono.identity.recipes:client_id_as_user"))
    with opened_identity(chosen, APP, ManualClock(), RecordingTelemetry()) as identity:
        assert (await identity.authenticate(credential(tab=UUID), NOON)).user == UUID


async def test_settings_choose_between_tokens_and_belief() -> None:
    jwt = Jwt(secret=secret())
    with opened_identity(Settings(identity=Identity(jwt=jwt)), APP, ManualClock(), RecordingTelemetry()) as identity:
        assert isinstance(identity, TokensOnDemand)
        assert (await identity.authenticate(credential(signed()), NOON)).user == "alice"
    dev = Settings(identity=Identity(kind="dev", jwt=jwt), server=Server(host="127.0.0.1"))
    telemetry = RecordingTelemetry()
    with opened_identity(dev, APP, ManualClock(), telemetry) as identity:
        assert isinstance(identity, Belief)
    assert "log in as anybody" in str(telemetry.named("dev_mode"))


def test_a_key_that_cannot_be_used_stops_the_start_and_not_the_first_login(tmp_path: Path) -> None:
    jwt = Jwt(algorithms=("RS256",), public_key_file=tmp_path / "none.pem")
    opening = opened_identity(Settings(identity=Identity(jwt=jwt)), APP, ManualClock(), RecordingTelemetry())
    with pytest.raises(UnusableKeyError, match="cannot read"):
        opening.__enter__()


def test_no_key_at_all_stops_the_start() -> None:
    with pytest.raises(UnusableKeyError):
        keys_for(Jwt(), ManualClock(), RecordingTelemetry())


# ---------------------------------------------------------------- recipes

SESSIONS = {"cookie-of-alice": {"uid": "alice"}, "cookie-of-nobody": {}}


def session_of(request: Request) -> dict[str, object] | None:
    return SESSIONS.get(request.cookies.get("session", ""))  # type: ignore[return-value]


@pytest.mark.rows("S17", "S19")
async def test_tabs_of_one_browser_share_the_user_of_their_server_session() -> None:
    cookies = {"session": "cookie-of-alice"}
    first = await asked(from_session(session_of), credential(cookies=cookies, tab="tab-1"))
    reloaded = await asked(from_session(session_of), credential(cookies=cookies, tab="tab-2"))
    assert first.user == reloaded.user == "alice"


async def test_a_server_session_without_a_user_gives_none() -> None:
    for cookies in ({}, {"session": "cookie-of-nobody"}, {"session": "unknown"}):
        assert (await asked(from_session(session_of), credential(cookies=cookies))).user is None


@pytest.mark.rows("S21", "S22", "S23")
async def test_each_tab_is_a_user_of_its_own_and_a_reload_makes_another() -> None:
    users = [(await asked(client_id_as_user, credential(tab=tab))).user for tab in ("tab-1", "tab-2", "tab-1-reloaded")]
    assert users == ["tab-1", "tab-2", "tab-1-reloaded"]


@pytest.mark.rows("S24")
async def test_a_signed_in_tab_is_the_base_id_a_slash_and_the_client_id() -> None:
    brought = credential(cookies={"session": "cookie-of-alice"}, tab=UUID)
    assert (await asked(per_tab(from_session(session_of)), brought)).user == f"alice/{UUID}"


@pytest.mark.rows("S25")
async def test_a_tab_without_sign_in_gets_no_user() -> None:
    assert (await asked(per_tab(from_session(session_of)), credential(tab=UUID))).user is None
    assert (await asked(per_tab(lambda _: "alice"), credential())).user is None


async def test_a_base_id_leaves_room_for_the_tab() -> None:
    fits, too_long = "x" * BASE_ID_MAX_CHARS, "x" * (BASE_ID_MAX_CHARS + 1)
    assert (await asked(per_tab(lambda _: fits), credential(tab=UUID))).user == f"{fits}/{UUID}"
    with pytest.raises(TokenInvalid):
        await asked(per_tab(lambda _: too_long), credential(tab=UUID))
