"""What is announced to all comes to all, once and in order, over a lying bus, a crash, and people who come and go."""

import asyncio
from pathlib import Path

import aiohttp
import pytest

from tests.adverse.test_lying_bus import LIES, lying
from tests.support.crowd import gathered
from tests.support.figures import Report
from tests.support.server_process import ServerProcess
from tests.support.virtual_client import VirtualClient

pytestmark = pytest.mark.adverse

ADMIN_KEY = "admin-key-of-the-tests-0123456789"
ANNOUNCED = 60


async def post(server: ServerProcess, path: str, body: dict[str, object]) -> dict[str, object]:
    """Ask the operator's door."""
    headers, url = {"Authorization": f"Bearer {ADMIN_KEY}"}, f"http://127.0.0.1:{server.port}/v1/{path}"
    async with aiohttp.ClientSession() as http, http.post(url, json=body, headers=headers) as answer:
        assert answer.status == 200
        given: dict[str, object] = await answer.json()
        return given


def texts(client: VirtualClient, news: str) -> list[str]:
    """Give what a client was told, in the order in which it was."""
    facts = [fact["fact"] for fact in client.follower.facts.get(f"c/{news}", ())]
    return [fact["content"]["text"] for fact in facts if fact["kind"] == "message"]


@pytest.mark.parametrize("lies", ["", LIES[0], LIES[1]], ids=("honest bus", "lying bus", "silent bus"))
async def test_what_is_for_all_comes_to_all_once_and_in_order(data: Path, lies: str, report: Report) -> None:
    environment = {"UNISONO_ADMIN__KEYS": ADMIN_KEY}
    server = ServerProcess(data, config=lying(lies), environment=environment)
    async with server, gathered(server.port, seed=21) as crowd:
        for number in range(10):
            crowd.add(f"user-{number}", 2, doubt=0.05)
        await crowd.wait_live()
        made = await post(server, "services", {"key": "news", "by": "news", "audience": "all"})
        news = str(made["conversation"])
        said = [f"announcement {number}" for number in range(ANNOUNCED)]
        for number, text in enumerate(said):
            await post(server, f"services/{news}/messages", {"key": text, "content": {"text": text}})
            await asyncio.sleep(0.02)
            if number == ANNOUNCED // 3:
                await server.kill()
                await server.start()
        await crowd.wait_until(lambda: all(len(texts(client, news)) >= ANNOUNCED for client in crowd.clients))
        assert all(texts(client, news) == said for client in crowd.clients)
        server.assert_clean_log()
        repeats = sum(client.follower.repeats for client in crowd.clients)
    report(f"{ANNOUNCED} announcements to {len(crowd.clients)} sessions; {repeats} repeats")
