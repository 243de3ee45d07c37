"""Several apps on one node: each behind a wall, all of them watched over."""

import asyncio
import json
import os
from pathlib import Path

import pytest

from tests.support.operator_desk import ADMIN_KEY, TOKEN_SECRET, open_desk
from tests.unit.cli.commands import Outcome, run
from unisono.cli.failing import Exit
from unisono.domain.ids import UserId

APPS = json.dumps(
    [
        {
            "id": f"lc-{name}",
            "name": name,
            "key": f"app-key-of-{name}-0123456",
            "master_key": f"master-of-{name}-0123456",
        }
        for name in ("default", "shop")
    ]
)


async def test_each_app_has_a_store_and_a_node_of_its_own(tmp_path: Path) -> None:
    async with open_desk(tmp_path, UNISONO_LEANCLOUD__APPS=APPS) as desk:
        main, shop = desk.server.apps["default"], desk.server.apps["shop"]
        assert desk.server.node is main.node is not shop.node
        async with await desk.login("ann") as ann:
            made = await ann.ask("create", key="k", name="mine")
            conversation = made["answer"]["conversation"]
            async with desk.http.get(f"{desk.url}/metrics") as answer:
                lines = (await answer.text()).splitlines()
        assert {'unisono_sessions_live{app="default"} 1.0', 'unisono_sessions_live{app="shop"} 0.0'} <= set(lines)
        ann_id = UserId("ann")
        assert [mine.conversation.id for mine in await main.store.directory.list_of(ann_id, None, 9)] == [conversation]
        assert await shop.store.directory.list_of(ann_id, None, 9) == []
    assert {"default.sqlite3", "shop.sqlite3"} <= set(os.listdir(tmp_path))  # noqa: PTH208  (a path that may block)
    started = [line for line in desk.log.getvalue().splitlines() if "event=node_started" in line]
    assert [("app=shop" in line) for line in started] == [False, True]


async def test_a_token_is_for_one_app(tmp_path: Path) -> None:
    """A native token used to let its user sign in to every app of the server."""
    async with open_desk(tmp_path, UNISONO_LEANCLOUD__APPS=APPS) as desk:
        known = {"UNISONO_LEANCLOUD__APPS": APPS, "UNISONO_IDENTITY__JWT__SECRET": TOKEN_SECRET}

        async def made(app: str) -> Outcome:
            return await asyncio.to_thread(run, "token", "--user", "ann", "--app", app, environment=known)

        tokens = {app: (await made(app)).out.strip() for app in ("default", "shop")}
        for app in ("default", "shop"):
            headers = {"X-LC-Id": f"lc-{app}", "X-LC-Key": f"app-key-of-{app}-0123456"}
            for of, token in tokens.items():
                path = f"{desk.url}/1.2/rtm/clients/sign?session_token={token}"
                async with desk.http.get(path, headers=headers) as answer:
                    told = await answer.json()
                assert (answer.status, told.get("client_id")) == ((200, "ann") if of == app else (401, None))
        assert (await made("nowhere")).code == Exit.NOT_FOUND


async def test_the_operator_says_which_app_is_meant(tmp_path: Path) -> None:
    shop = {"Unisono-App": "shop"}
    async with open_desk(tmp_path, UNISONO_LEANCLOUD__APPS=APPS) as desk:
        path = "/v1/users/ann/conversations"
        for headers in (None, shop):
            assert (await desk.ask("POST", path, json={"name": "tea", "members": ["bob"]}, headers=headers))[0] == 200
        for headers, count in ((None, 1), ({"Unisono-App": "default"}, 1), (shop, 1)):
            _, told = await desk.ask("GET", path, headers=headers)
            assert len(told["conversations"]) == count
        assert (await desk.ask("GET", path, headers={"Unisono-App": "nowhere"}))[1]["code"] == "not_found"
        out = tmp_path / "export.jsonl"
        words = ("export", "--user", "bob", "--out", str(out), "--url", desk.url, "--admin-key", ADMIN_KEY)
        for app, code in (("shop", 0), ("nowhere", Exit.NOT_FOUND)):
            outcome = await asyncio.to_thread(run, *words, "--app", app)
            assert outcome.code == code, outcome.err


async def test_a_node_is_ready_when_all_its_apps_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_desk(tmp_path, UNISONO_LEANCLOUD__APPS=APPS) as desk:
        assert (await desk.ask("GET", "/readyz"))[0] == 200
        shop = desk.server.apps["shop"]

        async def unwell() -> bool:
            return False

        monkeypatch.setattr(shop.store, "healthy", unwell)
        status, told = await desk.ask("GET", "/readyz")
        while status == 200:  # what was said a moment ago is said again
            status, told = await desk.ask("GET", "/readyz")
        assert told["checks"]["store"] == {"is_good": False, "reason": "shop: does not answer"}
