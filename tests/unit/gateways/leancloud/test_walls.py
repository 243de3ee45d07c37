"""Several apps on one node: each behind a wall, all of them watched over."""

import json
import os
from pathlib import Path

import pytest

from tests.support.operator_desk import open_desk
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
