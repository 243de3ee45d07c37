"""kill -9 while files come in: what was taken is there whole, all else is whole or not there, and may come again."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import aiohttp
import pytest

from tests.support.figures import Report
from tests.support.server_process import TEST_CONFIG, ServerProcess

pytestmark = pytest.mark.adverse

ADMIN_KEY = "admin-key-of-the-tests-0123456789"
KILLS_SHORT, KILLS_FULL = 5, 100
UPLOADERS = 4
UPTIME_S = (0.1, 0.5)
LARGEST_BYTES = 1_500_000
PART_BYTES = 50_000


class Uploader:
    """Uploads file after file; one that broke off is sent again by the same link, until it is taken."""

    def __init__(self, server: ServerProcess, http: aiohttp.ClientSession, seed: int) -> None:
        self.taken: dict[str, str] = {}
        self.broken_off = 0
        self._server = server
        self._http = http
        self._chance = Random(seed)

    @property
    def _url(self) -> str:
        return f"http://127.0.0.1:{self._server.port}"

    async def run(self) -> None:
        while True:
            content = self._chance.randbytes(self._chance.randrange(LARGEST_BYTES))
            place = await self._ask(len(content))
            while not await self._put(place["put"], content):
                self.broken_off += 1
                await asyncio.sleep(0.02)
            self.taken[place["url"]] = hashlib.sha256(content).hexdigest()

    async def _ask(self, size: int) -> dict[str, str]:
        headers = {"Authorization": f"Bearer {ADMIN_KEY}"}
        while True:
            try:
                async with self._http.post(
                    f"{self._url}/v1/users/ann/files", json={"name": "x.bin", "size": size}, headers=headers
                ) as answer:
                    if answer.status == 200:
                        place: dict[str, str] = await answer.json()
                        return place
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.02)

    async def _put(self, link: str, content: bytes) -> bool:
        try:
            async with self._http.put(self._url + link, data=parts(content)) as answer:
                if answer.status == 200:
                    return True
                # Being about to stop is no refusal.
                assert answer.status >= 500, await answer.text()
        except aiohttp.ClientError:
            pass
        return False


async def parts(content: bytes) -> AsyncIterator[bytes]:
    """Give the bytes slowly enough that a kill finds some on their way."""
    for start in range(0, len(content), PART_BYTES):
        yield content[start : start + PART_BYTES]
        await asyncio.sleep(0.002)


@pytest.mark.timeout(3000)
async def test_a_killed_server_keeps_files_whole(data: Path, is_full: bool, report: Report) -> None:
    chance, kills = Random(4), KILLS_FULL if is_full else KILLS_SHORT
    limits = "[quotas]\nfile_bytes_per_day = 1000000000000\nfiles_per_day = 1000000\n"
    config = f'{TEST_CONFIG}\n{limits}\n[admin]\nkeys = ["{ADMIN_KEY}"]\n'
    async with ServerProcess(data, config=config) as server, aiohttp.ClientSession() as http:
        uploaders = [Uploader(server, http, seed) for seed in range(UPLOADERS)]
        running = [asyncio.create_task(uploader.run()) for uploader in uploaders]
        for _ in range(kills):
            await asyncio.sleep(chance.uniform(*UPTIME_S))
            await server.kill()
            await server.start()
        taken = sum(len(uploader.taken) for uploader in uploaders)
        async with asyncio.timeout(60):
            while sum(len(uploader.taken) for uploader in uploaders) < taken + UPLOADERS:
                await asyncio.sleep(0.05)
        for task in running:
            assert not task.done(), task.exception()
            task.cancel()
        for url, digest in [pair for uploader in uploaders for pair in uploader.taken.items()]:
            async with http.get(f"http://127.0.0.1:{server.port}{url}") as answer:
                assert answer.status == 200, url
                assert hashlib.sha256(await answer.read()).hexdigest() == digest
        server.assert_clean_log()
    broken_off = sum(uploader.broken_off for uploader in uploaders)
    report(f"{kills} kills, {broken_off} uploads broken off and sent again, {taken} files, all whole")
    assert broken_off > 0
    assert taken > UPLOADERS
