"""The settings of LeanCloud's apps: what cannot be meant stops the start, and no key is shown."""

import json
from typing import Any

import pytest

from unisono.cli.configuration import describe
from unisono.config import ConfigError, load

KEY, MASTER = "app-key-of-the-tests", "master-key-of-the-tests"
SHOP: dict[str, Any] = {"id": "AbC-9Nh9j0Va", "key": KEY, "master_key": MASTER, "name": "shop"}


def test_apps_are_read_from_a_table_each() -> None:
    settings = load(None, {"UNISONO_LEANCLOUD__APPS": json.dumps([SHOP, {**SHOP, "id": "b", "name": None}])})
    shop, main = settings.leancloud.apps
    assert (shop.id, shop.key.reveal(), shop.master_key.reveal(), shop.signed) == ("AbC-9Nh9j0Va", KEY, MASTER, ())
    assert main.name is None
    assert settings.leancloud.walls("default") == ("default", "shop")
    assert not {KEY, MASTER} & set(json.dumps(describe(settings)).split('"'))
    assert load(None, {}).leancloud.walls("default") == ("default",)


@pytest.mark.parametrize(("said", "main_finds", "shop_finds"), [(None, False, True), (True,) * 3, (False,) * 3])
def test_open_ones_are_found_where_only_leanclouds_clients_are(
    said: bool | None,
    *,
    main_finds: bool,
    shop_finds: bool,
) -> None:
    main = {**SHOP, "id": "b", "name": None, "finds_open": said}
    settings = load(None, {"UNISONO_LEANCLOUD__APPS": json.dumps([{**SHOP, "finds_open": said}, main])})
    assert settings.leancloud.finds_open("default", "default") == main_finds
    assert settings.leancloud.finds_open("shop", "default") == shop_finds
    assert not load(None, {}).leancloud.finds_open("default", "default")


@pytest.mark.parametrize(
    ("apps", "why"),
    [
        ([SHOP, {**SHOP, "id": "b"}], "same id or name"),
        ([SHOP, {**SHOP, "name": "b"}], "same id or name"),
        ([{**SHOP, "name": None}, {**SHOP, "id": "b", "name": "default"}], "same id or name"),
        ([{**SHOP, "key": "short"}], "shorter than 16"),
        ([{**SHOP, "master_key": KEY}], "every client would have"),
        ([{**SHOP, "id": "a b"}], "regex"),
        ([{**SHOP, "name": "A"}], "regex"),
        ([{**SHOP, "name": None, "audience": "chat"}], "without a name has identity.jwt.audience"),
        ([{**SHOP, "name": "default", "audience": "chat"}], "its audience is identity.jwt.audience"),
        ([{**SHOP, "audience": ""}], "length"),
        ([{**SHOP, "signed": ["everything"]}], "Invalid enum value"),
        ([{**SHOP, "masterkey": MASTER}], "unknown field"),
        ([{"id": "a"}], "missing required field"),
    ],
)
def test_what_cannot_be_meant_stops_the_start(apps: list[object], why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        load(None, {"UNISONO_LEANCLOUD__APPS": json.dumps(apps)})
