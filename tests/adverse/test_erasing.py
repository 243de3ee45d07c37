"""An erasure is gone on with after kill -9, as often as it comes, and ends with nothing left."""

import asyncio
import time
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.support.figures import Report
from tests.support.server_process import ServerProcess

pytestmark = pytest.mark.adverse

ADMIN_KEY = "admin-key-of-the-tests-0123456789"
TALKS, MESSAGES, KILLS_MAX = 8, 150, 3
Json = dict[str, Any]


async def ask(
    server: ServerProcess, http: aiohttp.ClientSession, method: str, path: str, body: Json | None = None
) -> Json:
    """Ask the operator's door."""
    url, headers = f"http://127.0.0.1:{server.port}/v1/{path}", {"Authorization": f"Bearer {ADMIN_KEY}"}
    async with http.request(method, url, json=body, headers=headers) as answer:
        assert answer.status == 200, await answer.text()
        given: Json = await answer.json()
        return given


async def talked(server: ServerProcess, http: aiohttp.ClientSession) -> list[str]:
    """Have Ann say much in conversations with Bob; give them."""
    talks: list[str] = []
    for number in range(TALKS):
        made = await ask(
            server, http, "POST", "users/ann/conversations", {"members": ["bob"], "name": f"{number}", "unique": False}
        )
        talks.append(made["conversation"])
        path = f"users/ann/conversations/{made['conversation']}/messages"
        said = [ask(server, http, "POST", path, {"content": {"text": f"secret {each}"}}) for each in range(MESSAGES)]
        await asyncio.gather(*said)
    return talks


async def test_it_goes_on_after_each_kill(data: Path, report: Report) -> None:
    environment = {"UNISONO_ADMIN__KEYS": ADMIN_KEY}
    async with ServerProcess(data, environment=environment) as server, aiohttp.ClientSession() as http:
        talks = await talked(server, http)
        begun_s = time.monotonic()
        erasure = await ask(server, http, "DELETE", "users/ann")
        kills = 0
        while erasure["state"] != "over":
            before = erasure["messages"]
            await asyncio.sleep(0.01)
            erasure = await ask(server, http, "GET", "users/ann/erasure")
            assert erasure["messages"] >= before
            if erasure["messages"] > before and kills < KILLS_MAX:
                kills += 1
                await server.kill()
                await server.start()
        took_s = time.monotonic() - begun_s
        assert kills > 1
        recalls = 0
        for talk in talks:
            page = await ask(server, http, "GET", f"users/bob/conversations/{talk}/messages?limit=1000")
            assert len(page["messages"]) == MESSAGES
            assert all(entry["message"]["is_recalled"] for entry in page["messages"])
            shown = await ask(server, http, "GET", f"users/bob/conversations/{talk}")
            assert shown["members"] == ["bob"]
            recalls += shown["head"] - MESSAGES
        # Each conversation began, was left, and has another owner.
        assert recalls == TALKS * (MESSAGES + 3)
        server.assert_clean_log()
    report(f"{TALKS * MESSAGES} messages of {TALKS} conversations taken back over {kills} kills in {took_s:.1f} s")
