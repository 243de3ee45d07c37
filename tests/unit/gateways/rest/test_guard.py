"""Admin keys: what each may do."""

import json
from pathlib import Path

import pytest

from tests.support.operator_desk import ADMIN_KEY, open_desk
from unisono.admin_settings import ADMIN_SCOPES, Admin, LimitedKey
from unisono.config import ConfigError, load
from unisono.domain.errors import Forbidden, TokenInvalid, TokenMissing
from unisono.gateways.rest.guard import Guard
from unisono.gateways.rest.table import OPERATIONS
from unisono.secret import Secret

ALL, SOME, APP = "a" * 40, "s" * 40, "default"
GUARD = Guard(Admin(keys=(Secret(ALL),), limited=(LimitedKey(Secret(SOME), ("messages", "metrics")),)))


def test_a_plain_key_may_do_all_and_a_limited_one_what_its_scopes_say() -> None:
    for scope in ADMIN_SCOPES:
        assert GUARD.check(f"Bearer {ALL}", scope, APP)
    assert GUARD.check(f"Bearer {SOME}", "messages", APP)
    with pytest.raises(Forbidden) as refused:
        GUARD.check(f"bearer  {SOME}", "sessions", APP)
    assert refused.value.numbers["scope"] == "sessions"


def test_a_key_has_one_name_that_tells_nothing_of_it() -> None:
    name = GUARD.check(f"Bearer {SOME}", "messages", APP)
    assert name == GUARD.check(f"bearer {SOME} ", "metrics", APP) != GUARD.check(f"Bearer {ALL}", "messages", APP)
    assert SOME[:4] not in name


@pytest.mark.parametrize("given", [None, "", "Bearer", "Bearer  ", f"Basic {ALL}"])
def test_who_brings_no_key_is_told_so(given: str | None) -> None:
    with pytest.raises(TokenMissing):
        GUARD.check(given, "messages", APP)


def test_a_key_that_is_none_of_ours_lets_nobody_in() -> None:
    with pytest.raises(TokenInvalid):
        GUARD.check(f"Bearer {ALL[:-1]}", "messages", APP)


def test_a_key_for_some_apps_is_none_for_others() -> None:
    guard = Guard(Admin(limited=(LimitedKey(Secret(SOME), ("messages",), ("shop", "help")),)))
    assert guard.check(f"Bearer {SOME}", "messages", "shop") == guard.check(f"Bearer {SOME}", "messages", "help")
    for app in ("default", "nowhere"):
        with pytest.raises(Forbidden) as refused:
            guard.check(f"Bearer {SOME}", "messages", app)
        assert refused.value.numbers == {"reason": "the admin key is not for this app"}


async def test_a_key_for_some_apps_operates_these_alone(tmp_path: Path) -> None:
    """A limited key used to be good for every app of a server."""
    apps = json.dumps([{"id": "lc-shop", "name": "shop", "key": "k" * 16, "master_key": "m" * 16}])
    limited = json.dumps([{"key": SOME, "scopes": ["sessions"], "apps": ["shop"]}])
    async with open_desk(tmp_path, UNISONO_LEANCLOUD__APPS=apps, UNISONO_ADMIN__LIMITED=limited) as desk:
        for headers, status in (({"Unisono-App": "shop"}, 200), (None, 403), ({"Unisono-App": "default"}, 403)):
            assert (await desk.ask("GET", "/v1/users/alice/sessions", key=SOME, headers=headers))[0] == status


@pytest.mark.parametrize(
    ("limited", "why"),
    [
        ({"scopes": ["sessions"], "apps": ["shop"]}, "apps that are not served: shop"),
        ({"scopes": ["sessions"], "apps": []}, "length"),
        ({"scopes": ["metrics"], "apps": ["default"]}, "metrics tell of all apps"),
    ],
)
def test_a_key_for_apps_that_cannot_be_meant_stops_the_start(limited: dict[str, object], why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        load(None, {"UNISONO_ADMIN__LIMITED": json.dumps([{"key": SOME, **limited}])})


async def test_each_operation_asks_for_its_scope(tmp_path: Path) -> None:
    """Nothing of what a request says is looked at before it is known who asks."""
    for scope in sorted(ADMIN_SCOPES):
        others = sorted(ADMIN_SCOPES - {scope})
        key = f"limited-key-without-{scope}-0123456789"
        limited = f'[{{"key": "{key}", "scopes": {others}}}]'.replace("'", '"')
        async with open_desk(tmp_path / scope, UNISONO_ADMIN__LIMITED=limited) as desk:
            for operation in OPERATIONS:
                path = operation.path.replace("{", "").replace("}", "")
                headers = {"Authorization": f"Bearer {key}"}
                async with desk.http.request(operation.method, desk.url + path, headers=headers) as answer:
                    told = await answer.text() if answer.content_type != "text/event-stream" else "{}"
                    is_refused = answer.status == 403 and json.loads(told)["numbers"].get("scope") == scope
                assert is_refused == (operation.scope == scope), (operation.name, told)
            assert (await desk.ask("GET", "/v1/users/alice/sessions", key=ADMIN_KEY))[0] == 200


async def test_no_message_comes_to_a_key_that_may_not_read_messages(tmp_path: Path) -> None:
    key = "limited-key-of-conversations-0123456789"
    limited = json.dumps([{"key": key, "scopes": sorted(ADMIN_SCOPES - {"messages", "users"})}])
    async with open_desk(tmp_path, UNISONO_ADMIN__LIMITED=limited) as desk:
        _, made = await desk.ask("POST", "/v1/users/ann/conversations", json={"members": ["bob"]})
        path = f"/v1/users/ann/conversations/{made['conversation']}"
        await desk.ask("POST", path + "/messages", json={"content": {"text": "my secret"}})
        status, refused = await desk.ask("POST", "/v1/users/bob/conversations/query", json={"with_last": True}, key=key)
        assert (status, refused["code"]) == (422, "invalid")
        assert (
            len((await desk.ask("POST", "/v1/users/bob/conversations/query", json={}, key=key))[1]["conversations"])
            == 1
        )
        for operation in OPERATIONS:
            if operation.method == "GET":
                there = (
                    operation.path.format(
                        user="bob",
                        conversation=made["conversation"],
                        **dict.fromkeys(("session", "device", "member", "message"), "1"),
                    )
                    if "{" in operation.path
                    else operation.path
                )
                headers = {"Authorization": f"Bearer {key}"}
                async with desk.http.get(desk.url + there, headers=headers) as answer:
                    is_endless = answer.content_type == "text/event-stream"
                    told = await (answer.content.readuntil(b"\n\n") if is_endless else answer.read())
                    assert b"my secret" not in told, operation.name
