"""A server process with two apps, killed and started again: walls stand, and what is used up stays so."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import psycopg
import pytest

from tests.support.server_process import ServerProcess
from unisono.clock import SystemClock
from unisono.wire.leancloud.signing import signature_of

KEYS = {"one": "master-key-of-app-one", "two": "master-key-of-app-two"}
APPS = json.dumps(
    [
        {
            "id": f"lc-{name}",
            "name": name,
            "key": f"the-app-key-of-{name}",
            "master_key": key,
            "signed": ["history"],
            "once": True,
        }
        for name, key in KEYS.items()
    ]
)


class Asking:
    """Both apps' servers and clients."""

    def __init__(self, server: ServerProcess, http: aiohttp.ClientSession) -> None:
        self.server = server
        self.http = http

    async def ask(self, method: str, path: str, app: str, *, key: str | None = None, **more: Any) -> tuple[int, Any]:
        headers = {"X-LC-Id": f"lc-{app}", "X-LC-Key": key or f"{KEYS[app]},master"}
        url = f"http://127.0.0.1:{self.server.port}{path}"
        async with self.http.request(method, url, headers=headers, **more) as answer:
            return answer.status, await answer.json()


@asynccontextmanager
async def opened(data: Path, environment: Mapping[str, str]) -> AsyncIterator[Asking]:
    given = {"UNISONO_LEANCLOUD__APPS": APPS, **environment}
    async with ServerProcess(data / "data", environment=given) as server, aiohttp.ClientSession() as http:
        yield Asking(server, http)


@pytest.mark.parametrize("store", ["sqlite", "postgres"])
async def test_walls_and_used_signatures_outlive_a_kill(
    tmp_path: Path, store: str, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue("postgres_dsn") if store == "postgres" else None
    environment = {} if url is None else {"UNISONO_DATABASE__URL": url}
    root = "/1.2/rtm/conversations"
    async with opened(tmp_path, environment) as asking:
        made = {}
        for app in KEYS:
            _, told = await asking.ask("POST", root, app, json={"m": ["ann", "bob"], "name": app})
            made[app] = told["objectId"]
            messages = f"{root}/{made[app]}/messages"
            await asking.ask("POST", messages, app, json={"from_client": "ann", "message": f"in {app}"})
        now = SystemClock().now()
        signature = signature_of(f"lc-one:ann:{made['one']}:n:{now}", KEYS["one"])
        query = {"client_id": "ann", "nonce": "n", "signature_ts": str(now), "signature": signature}
        path, key = f"{root}/{made['one']}/messages", "the-app-key-of-one"
        _, items = await asking.ask("GET", path, "one", key=key, params=query)
        assert [item["data"] for item in items] == ["in one"]
        await asking.server.kill()
        await asking.server.start()
        assert (await asking.ask("GET", path, "one", key=key, params=query))[1]["code"] == 4302
        for app, other in (("one", "two"), ("two", "one")):
            status, told = await asking.ask("GET", root, app)
            assert (status, [row["name"] for row in told["results"]]) == (200, [app])
            assert (await asking.ask("GET", f"{root}/{made[other]}", app))[1]["code"] == 4303
            assert (await asking.ask("GET", root, app, key=f"{KEYS[other]},master"))[0] == 401
    if url is not None:
        with psycopg.connect(url) as connection:
            found = connection.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'app_%'").fetchall()
        assert {("app_one",), ("app_two",)} <= set(found)
