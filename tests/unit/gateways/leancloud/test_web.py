"""Over HTTP: the router, keys, faults and what pages of other origins may read."""

import json
from pathlib import Path

import jwt
import pytest

from tests.support.operator_desk import TOKEN_SECRET
from tests.unit.gateways.leancloud.web_stage import APP, KEY, MASTER, opened, signed
from unisono.clock import SystemClock
from unisono.domain.ids import UserId
from unisono.gateways.leancloud.http import HEADERS
from unisono.gateways.leancloud.keys import SIGN_WINDOW_MS
from unisono.wire.leancloud.signing import Proof, is_signed, login_text

ID = {"X-LC-Id": APP}
BY_KEY = {**ID, "X-LC-Key": KEY}


async def test_clients_are_told_where_the_socket_is(tmp_path: Path) -> None:
    async with opened(tmp_path, UNISONO_LEANCLOUD__ROUTE_TTL_S="60") as asking:
        host = asking.desk.url.removeprefix("http://")
        for query in ({}, {"secure": "true", "_t": "1"}, {"secure": "false", "server": "any", "features": "wechat"}):
            status, told, headers = await asking.request("GET", "/v1/route", headers={}, query={"appId": APP, **query})
            assert (status, headers["Access-Control-Allow-Origin"]) == (200, "*")
            assert told == {
                "groupId": "g0",
                "server": f"ws://{host}/leancloud",
                "secondary": f"ws://{host}/leancloud",
                "ttl": 60,
            }
        for path, router in (("/1/route", "push_router_server"), ("/2/route", "rtm_router_server")):
            _, told, _ = await asking.request("GET", path, headers={}, query={"appId": APP})
            assert (told[router], told["api_server"], told["ttl"]) == (host, host, 60)
        for path in ("/v1/route", "/1/route", "/2/route"):
            for query in ({"appId": "unknown"}, {}):
                status, told, _ = await asking.request("GET", path, headers={}, query=query)
                assert (status, told["code"], told["error"]) == (404, 4100, "APP_NOT_AVAILABLE")


@pytest.mark.parametrize(
    ("advertised", "secure", "server"),
    [
        ("https://chat.example/base/", "true", "wss://chat.example/base/leancloud"),
        ("https://chat.example:444", None, "wss://chat.example:444/leancloud"),
        ("wss://chat.example", "true", "wss://chat.example/leancloud"),
        ("https://chat.example", "false", "ws://chat.example/leancloud"),
        ("http://chat.example", "true", "ws://chat.example/leancloud"),
    ],
)
async def test_behind_a_proxy_the_advertised_url_is_told(
    tmp_path: Path, advertised: str, secure: str | None, server: str
) -> None:
    async with opened(tmp_path, UNISONO_SERVER__ADVERTISED_URL=advertised) as asking:
        query = {"appId": APP, **({} if secure is None else {"secure": secure})}
        _, told, _ = await asking.request("GET", "/v1/route", headers={}, query=query)
        assert told["server"] == server
        _, told, _ = await asking.request("GET", "/2/route", headers={}, query=query)
        assert told["api_server"] == server.partition("//")[2].partition("/")[0]


async def test_only_a_trusted_proxy_is_believed_that_the_client_spoke_tls(tmp_path: Path) -> None:
    headers = {"X-Forwarded-Proto": "http, https", "Host": "chat.example"}
    for trusted, scheme in (("", "ws"), ("127.0.0.0/8", "wss")):
        async with opened(tmp_path, UNISONO_SERVER__TRUSTED_PROXIES=trusted) as asking:
            _, told, _ = await asking.request("GET", "/v1/route", headers=headers, query={"appId": APP})
            assert told["server"] == f"{scheme}://chat.example/leancloud"


async def test_without_an_app_of_leancloud_there_is_none_of_it(tmp_path: Path) -> None:
    async with opened(tmp_path, UNISONO_LEANCLOUD__APPS="[]") as asking:
        for path in ("/v1/route", "/2/route", "/1.1/rtm/sign"):
            assert (await asking.request("GET", path, headers=BY_KEY, query={"appId": APP}))[0] == 404


async def test_pages_of_any_origin_may_ask_and_read(tmp_path: Path) -> None:
    async with opened(tmp_path) as asking:
        asked = {"Origin": "https://shop.example", "Access-Control-Request-Method": "POST"}
        for path in ("/v1/route", "/2/route", "/1.1/rtm/sign", "/1.2/nowhere"):
            status, _, headers = await asking.request("OPTIONS", path, headers=asked)
            assert (status, headers["Access-Control-Allow-Origin"]) == (204, "*")
            allowed = {name.strip().lower() for name in headers["Access-Control-Allow-Headers"].split(",")}
            assert {name.lower() for name in HEADERS} == allowed >= {"x-lc-id", "x-lc-key", "x-lc-im-session-token"}
        assert (
            "POST"
            in (await asking.request("OPTIONS", "/1.1/rtm/sign", headers=asked))[2]["Access-Control-Allow-Methods"]
        )
        status, told, headers = await asking.request("DELETE", "/1.1/rtm/sign", headers=BY_KEY)
        assert (status, told["code"], headers["Allow"]) == (405, 405, "POST, OPTIONS")
        status, told, headers = await asking.request("GET", "/1.2/nowhere", headers=BY_KEY)
        assert (status, told, headers["Access-Control-Allow-Origin"]) == (
            404,
            {"code": 404, "error": "Not found."},
            "*",
        )


async def test_a_key_is_shown_as_it_is_or_signed(tmp_path: Path) -> None:
    now = SystemClock().now()
    old = now - SIGN_WINDOW_MS - 60_000
    async with opened(tmp_path) as asking:

        async def code(**headers: str) -> int:
            sent = {f"X-LC-{name}": value for name, value in headers.items()}
            _, told, _ = await asking.request("POST", "/1.1/rtm/sign", headers=sent, body={"session_token": "x"})
            return int(told["code"])

        let_in = 4102
        for good in (KEY, f"{MASTER},master", MASTER):
            assert await code(Id=APP, Key=good) == let_in
        for good in (signed(KEY, now), signed(KEY, 5), signed(MASTER, now, ",master"), signed(KEY, now).upper()):
            assert await code(Id=APP, Sign=good) == let_in
        for bad in ("", "nonsense", f"{KEY},master", KEY.upper(), "\u00e9"):
            assert await code(Id=APP, Key=bad) == 401
        for bad in (
            signed(MASTER, now),
            signed(KEY, now, ",master"),
            signed(MASTER, old, ",master"),
            signed(KEY, now).partition(",")[0],
            signed(KEY, now) + "0" * 20,
            signed(KEY, now)[:-1] + "\u0663",
            "," + str(now),
        ):
            assert await code(Id=APP, Sign=bad) == 401
        assert await code(Id=APP) == 401
        assert await code(Id="another", Key=KEY) == 4100
        assert await code(Key=KEY) == 4100


async def test_a_body_that_is_no_object_is_refused(tmp_path: Path) -> None:
    async with opened(tmp_path) as asking:
        url = f"{asking.desk.url}/1.1/rtm/sign"
        lacking = 422, 4301
        for body, told in (
            (b"[1]", (400, 4114)),
            (b"{", (400, 4114)),
            (b"\xff", (400, 4114)),
            (b"{}", lacking),
            (b"", lacking),
            (b'{"session_token": 5}', lacking),
        ):
            async with asking.desk.http.post(url, data=body, headers=BY_KEY) as answer:
                assert (answer.status, (await answer.json())["code"]) == told, body


async def test_a_user_of_the_application_gets_a_signature_to_log_in_with(tmp_path: Path) -> None:
    apps = json.dumps([{"id": APP, "key": KEY, "master_key": MASTER, "signed": ["logins"]}])
    async with opened(tmp_path, UNISONO_IDENTITY__KIND="jwt", UNISONO_LEANCLOUD__APPS=apps) as asking:
        token = jwt.encode({"sub": "tom"}, TOKEN_SECRET)
        _, told, _ = await asking.request("POST", "/1.1/rtm/sign", headers=BY_KEY, body={"session_token": token})
        by_query = {"session_token": token}
        _, again, _ = await asking.request("GET", "/1.2/rtm/clients/sign", headers=BY_KEY, query=by_query)
        for one in (told, again):
            proof = Proof(one["timestamp"], one["nonce"], one["signature"])
            assert one["client_id"] == "tom"
            assert is_signed(proof, [login_text(APP, one["client_id"], proof)], MASTER)
            assert abs(proof.at - SystemClock().now()) < 60_000
        assert told["nonce"] != again["nonce"]
        for bad in (jwt.encode({"sub": "tom"}, "x" * 32), jwt.encode({"sub": "t\n"}, TOKEN_SECRET), "nonsense"):
            status, told, _ = await asking.request("POST", "/1.1/rtm/sign", headers=BY_KEY, body={"session_token": bad})
            assert (status, told["code"], told["error"]) == (401, 4102, "SIGNATURE_FAILED")
        await asking.desk.server.node.own_sessions.revoke_before(UserId("tom"), SystemClock().now())
        for claims in ({"sub": "tom"}, {"sub": "tom", "iat": SystemClock().now() // 1000 - 10}):
            gone = jwt.encode(claims, TOKEN_SECRET)
            status, told, _ = await asking.request(
                "POST", "/1.1/rtm/sign", headers=BY_KEY, body={"session_token": gone}
            )
            assert (status, told["code"]) == (401, 4102), claims


async def test_keys_cannot_be_tried_without_end(tmp_path: Path) -> None:
    rates = {"UNISONO_RATES__OPERATOR_PER_S": "0.01", "UNISONO_RATES__OPERATOR_BURST": "5"}
    async with opened(tmp_path, **rates) as asking:
        path = "/1.2/rtm/conversations"
        tried = [{**ID, "X-LC-Key": f"guess-{number},master"} for number in range(8)]
        got = [(await asking.request("GET", path, headers=headers))[0] for headers in tried]
        assert got == [401] * 5 + [429] * 3
        right = {**ID, "X-LC-Key": f"{MASTER},master"}
        assert (await asking.request("GET", path, headers=right))[0] == 429
