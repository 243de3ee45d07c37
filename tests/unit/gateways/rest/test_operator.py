"""Operators: what they see of a user's sessions, and what they end, on a whole server."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.support.operator_desk import ADMIN_KEY, Desk, open_desk
from unisono.clock import SystemClock, SystemEntropy
from unisono.domain.ids import UserId
from unisono.identity.credentials import revocable
from unisono.identity.minting import mint

CLOSED_WITHIN_S = 2.0


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with open_desk(tmp_path) as opened:
        yield opened


def token_of(desk: Desk, user: str) -> str:
    jwt = desk.settings.identity.jwt
    return mint(jwt, UserId(user), now=SystemClock().now(), ttl_s=60, entropy=SystemEntropy())


async def test_a_users_sessions_are_listed_as_they_show_themselves(desk: Desk) -> None:
    shown = {"platform": "ios", "label": "Alice's phone", "info": "red"}
    async with (
        await desk.login("alice", "phone", **shown) as phone,
        await desk.login("alice", "laptop"),
        await desk.login("bob", "other"),
    ):
        status, answer = await desk.ask("GET", "/v1/users/alice/sessions")
    first, second = answer["sessions"]
    assert status == 200
    assert (first["session"], first["device"], first["state"]) == (phone.session, "phone", "live")
    assert first["shown"] == shown
    assert first["address"] == "127.0.0.1"
    assert second["device"] == "laptop"


@pytest.mark.parametrize(("what", "key"), [("sessions", "session"), ("devices", "device")])
async def test_lists_come_page_by_page(desk: Desk, what: str, key: str) -> None:
    async with AsyncExitStack() as logins:
        for number in range(4):
            await logins.enter_async_context(await desk.login("alice", f"device {number}/+?"))
        _, whole = await desk.ask("GET", f"/v1/users/alice/{what}")
        assert "next" not in whole
        _, first = await desk.ask("GET", f"/v1/users/alice/{what}?limit=2")
        _, last = await desk.ask("GET", f"/v1/users/alice/{what}?limit=2&after={quote(first['next'], safe='')}")
        assert "next" not in last
    assert (len(first[what]), len(last[what])) == (2, 2)
    assert [one[key] for one in first[what] + last[what]] == [one[key] for one in whole[what]]


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "limit=x", "after=", "after=x", "after=1/%00"])
async def test_a_page_that_cannot_be_meant_is_refused(desk: Desk, query: str) -> None:
    for what in ("sessions", "devices"):
        status, answer = await desk.ask("GET", f"/v1/users/alice/{what}?{query}")
        assert (status, answer["code"]) == (422, "invalid")


async def test_a_users_devices_are_listed_with_their_sessions(desk: Desk) -> None:
    async with (
        await desk.login("alice", "laptop") as first,
        await desk.login("alice", "phone", platform="ios"),
        await desk.login("alice", "laptop", label="new name") as second,
    ):
        _, answer = await desk.ask("GET", "/v1/users/alice/devices")
    phone, laptop = answer["devices"]
    assert phone["device"] == "phone"
    assert laptop["device"] == "laptop"
    assert laptop["shown"]["label"] == "new name"
    assert second.session in laptop["sessions"]
    assert set(laptop["sessions"]) <= {first.session, second.session}


async def test_a_user_without_sessions_has_an_empty_list(desk: Desk) -> None:
    assert await desk.ask("GET", "/v1/users/nobody/sessions") == (200, {"sessions": []})
    assert await desk.ask("GET", "/v1/users/nobody/devices") == (200, {"devices": []})
    assert await desk.ask("DELETE", "/v1/users/nobody/sessions") == (200, {"closed": 0})


async def test_closing_a_session_ends_its_connection_and_no_other(desk: Desk) -> None:
    async with await desk.login("alice", "d1") as first, await desk.login("alice", "d2") as second:
        async with asyncio.timeout(CLOSED_WITHIN_S):
            assert await desk.ask("DELETE", f"/v1/users/alice/sessions/{first.session}") == (200, {"closed": 1})
            code, bye = await first.ended()
        assert code == 4431
        assert bye is not None
        assert (bye["code"], bye["advice"]) == ("session_closed", "stop")
        assert (await second.ask("ping"))["answer"]["kind"] == "pong"
        _, left = await desk.ask("GET", "/v1/users/alice/sessions")
        assert [session["session"] for session in left["sessions"]] == [second.session]


async def test_closing_a_device_ends_all_its_sessions(desk: Desk) -> None:
    async with await desk.login("alice", "d1") as first, await desk.login("alice", "d2") as other:
        async with asyncio.timeout(CLOSED_WITHIN_S):
            status, answer = await desk.ask("DELETE", "/v1/users/alice/devices/d1")
            assert (await first.ended())[0] == 4431
        assert status == 200
        assert answer["closed"] >= 1
        assert (await other.ask("ping"))["answer"]["kind"] == "pong"


async def test_closing_everything_leaves_other_users_alone(desk: Desk) -> None:
    async with (
        await desk.login("alice", "d1") as first,
        await desk.login("alice", "d2") as second,
        await desk.login("bob", "d3") as bob,
    ):
        assert await desk.ask("DELETE", "/v1/users/alice/sessions") == (200, {"closed": 2})
        async with asyncio.timeout(CLOSED_WITHIN_S):
            assert {(await first.ended())[0], (await second.ended())[0]} == {4431}
        assert (await bob.ask("ping"))["answer"]["kind"] == "pong"


async def test_another_users_session_and_none_at_all_look_the_same(desk: Desk) -> None:
    async with await desk.login("bob", "d1") as bob:
        theirs = await desk.ask("DELETE", f"/v1/users/alice/sessions/{bob.session}")
        missing = await desk.ask("DELETE", "/v1/users/alice/sessions/no-such-session")
        assert theirs == missing
        assert missing[0] == 404
        assert missing[1] == {"code": "not_found", "message": "not found", "retryable": False, "numbers": {}}
        assert await desk.ask("DELETE", "/v1/users/alice/devices/d1") == (200, {"closed": 0})
        assert (await bob.ask("ping"))["answer"]["kind"] == "pong"


@pytest.mark.parametrize("user", ["alice/0b6d8a52-8d0e", "Ünïcödé 🙂", "a b", "50%", "..", "a?b#c", "+"])
async def test_any_user_id_can_be_named_in_a_path(desk: Desk, user: str) -> None:
    async with await desk.login(user, "d1") as peer:
        status, answer = await desk.ask("GET", f"/v1/users/{_encoded(user)}/sessions")
        assert status == 200
        assert [session["session"] for session in answer["sessions"]] == [peer.session]


@pytest.mark.parametrize("user", ["x" * 65, "a%00b", "a%0Ab"])
async def test_what_is_no_user_id_is_invalid(desk: Desk, user: str) -> None:
    status, answer = await desk.ask("GET", f"/v1/users/{user}/sessions")
    assert (status, answer["code"]) == (422, "invalid")


async def test_a_revoked_token_ends_its_sessions_and_lets_nobody_in_again(desk: Desk) -> None:
    void, good = token_of(desk, "alice"), token_of(desk, "alice")
    async with (
        await desk.login("alice", "d1", token=void) as first,
        await desk.login("alice", "d2", token=good) as second,
    ):
        async with asyncio.timeout(CLOSED_WITHIN_S):
            assert await desk.ask("POST", "/v1/revocations", json={"token": void}) == (200, {"closed": 1})
            code, bye = await first.ended()
        assert code == 4404
        assert bye is not None
        assert bye["code"] == "token_revoked"
        assert (await second.ask("ping"))["answer"]["kind"] == "pong"
    async with await desk.connect() as again:
        device = {"id": "d1", "platform": "web"}
        refusal = await again.ask("login", device=device, login="another-login", token=void)
        assert refusal["code"] == "token_revoked"


async def test_a_token_is_revoked_by_its_name_too(desk: Desk) -> None:
    token = token_of(desk, "alice")
    named = revocable(token)
    async with await desk.login("alice", "d1", token=token) as peer:
        order = {"credential": named.credential, "until": named.until}
        assert await desk.ask("POST", "/v1/revocations", json=order) == (200, {"closed": 1})
        assert (await peer.ended())[0] == 4404


async def test_all_tokens_of_a_user_are_revoked_up_to_a_moment(desk: Desk) -> None:
    token = token_of(desk, "alice")
    async with await desk.login("alice", "d1", token=token) as peer:
        status, answer = await desk.ask("POST", "/v1/revocations", json={"user": "alice"})
        assert (status, answer) == (200, {"closed": 1})
        assert (await peer.ended())[0] == 4404
    async with await desk.connect() as again:
        device = {"id": "d1", "platform": "web"}
        assert (await again.ask("login", device=device, login="once-more", token=token))["code"] == "token_revoked"
        fresh = token_of(desk, "alice")
    async with await desk.login("alice", "d1", token=fresh) as back:
        assert back.welcome["user"] == "alice"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "malformed"),
        (b"{", 400, "malformed"),
        (b"\xff", 400, "malformed"),
        (b"[" * 50_000, 400, "malformed"),
        (b"[" * 5_000, 422, "invalid"),
        (b"[]", 422, "invalid"),
        (b"{}", 422, "invalid"),
        (b'{"token":""}', 422, "invalid"),
        (b'{"tokn":"x"}', 422, "invalid"),
        (b'{"token":"x","user":"alice"}', 422, "invalid"),
        (b'{"token":"x","before":1}', 422, "invalid"),
        (b'{"user":"alice","until":1}', 422, "invalid"),
        (b'{"user":"alice","before":-1}', 422, "invalid"),
        (b'{"user":"alice","before":9007199254740992}', 422, "invalid"),
        (b'{"token":"' + b"x" * 70_000 + b'"}', 422, "invalid"),
    ],
)
async def test_an_order_that_cannot_be_meant_is_refused(desk: Desk, body: bytes, status: int, code: str) -> None:
    answer = await desk.ask("POST", "/v1/revocations", body=body, headers={"Content-Type": "application/json"})
    assert (answer[0], answer[1]["code"]) == (status, code)


async def test_a_body_beyond_the_limit_is_refused(tmp_path: Path) -> None:
    async with open_desk(tmp_path, UNISONO_LIMITS__FRAME_BYTES="70000") as desk:
        most = 70_000 - len('{"token": ""}')
        for size, refused in ((most, (422, "invalid")), (most + 1, (413, "too_large"))):
            status, answer = await desk.ask("POST", "/v1/revocations", json={"token": "x" * size})
            assert (status, answer["code"]) == refused


async def test_a_whole_number_may_be_written_with_a_point(desk: Desk) -> None:
    """A schema's `integer` takes 5.0, so the server used to refuse what its own document allows."""
    order = b'{"user":"alice","before":5.0}'
    headers = {"Content-Type": "application/json"}
    assert await desk.ask("POST", "/v1/revocations", body=order, headers=headers) == (200, {"closed": 0})
    status, _ = await desk.ask("POST", "/v1/revocations", body=order.replace(b"5.0", b"5.5"), headers=headers)
    assert status == 422


async def test_a_body_of_another_type_is_refused(desk: Desk) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded"):
        status, answer = await desk.ask("POST", "/v1/revocations", body=b"{}", headers={"Content-Type": kind})
        assert (status, answer["code"]) == (400, "unsupported")


OPERATIONS = [
    ("GET", "/v1/users/alice/sessions"),
    ("GET", "/v1/users/alice/tree"),
    ("GET", "/v1/users/alice/devices"),
    ("DELETE", "/v1/users/alice/sessions"),
    ("DELETE", "/v1/users/alice/sessions/s1"),
    ("DELETE", "/v1/users/alice/devices/d1"),
    ("POST", "/v1/revocations"),
    ("POST", "/v1/services"),
    ("POST", "/v1/services/c1/messages"),
    ("PUT", "/v1/services/c1/subscribers/alice"),
    ("DELETE", "/v1/services/c1/subscribers/alice"),
]


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
async def test_nothing_is_shown_or_done_without_an_admin_key(desk: Desk, method: str, path: str) -> None:
    async with await desk.login("alice", "d1") as peer:
        status, answer = await desk.ask(method, path, key=None)
        assert (status, answer["code"]) == (401, "token_missing")
        for wrong in ("x", ADMIN_KEY[:-1], ADMIN_KEY + "x", ADMIN_KEY.upper(), token_of(desk, "alice"), "é"):
            status, answer = await desk.ask(method, path, key=wrong)
            assert (status, answer["code"]) == (401, "token_invalid")
        for scheme in ("Basic", ""):
            status, _ = await desk.ask(method, path, key=None, headers={"Authorization": f"{scheme} {ADMIN_KEY}"})
            assert status == 401
        assert (await peer.ask("ping"))["answer"]["kind"] == "pong"


async def test_each_of_several_admin_keys_opens(desk: Desk) -> None:
    assert (await desk.ask("GET", "/v1/users/a/sessions", key="another-key-0123456789-0123456789"))[0] == 200


async def test_what_is_not_there_is_told_in_json(desk: Desk) -> None:
    assert (await desk.ask("GET", "/v1/nothing"))[0] == 404
    status, answer = await desk.ask("PUT", "/v1/revocations")
    assert (status, answer["numbers"]["known"]) == (405, "POST")


async def test_no_key_and_no_token_reaches_the_log(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        token = token_of(desk, "alice")
        async with await desk.login("alice", "d1", token=token) as peer:
            await desk.ask("POST", "/v1/revocations", json={"token": token})
            await peer.ended()
            resume_token = peer.welcome["resume_token"]
    text = desk.log.getvalue()
    assert "event=session_ended" in text
    for secret in (token, ADMIN_KEY, resume_token, token.split(".")[2]):
        assert secret not in text


def _encoded(user: str) -> str:
    return "%2E%2E" if user == ".." else quote(user, safe="")


async def test_admin_keys_cannot_be_tried_without_end(tmp_path: Path) -> None:
    rates = {"UNISONO_RATES__OPERATOR_PER_S": "0.01", "UNISONO_RATES__OPERATOR_BURST": "5"}
    async with open_desk(tmp_path, **rates) as desk:
        tried = [await desk.ask("GET", "/v1/users/ann/sessions", key=f"guess-{number}") for number in range(8)]
        assert [status for status, _ in tried] == [401] * 5 + [429] * 3
        assert (await desk.ask("GET", "/v1/users/ann/sessions"))[0] == 429
