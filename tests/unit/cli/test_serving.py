"""`unisono serve` as a program: it says where it is, stops in good order, and fails with a reason."""

import asyncio
import re
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiohttp

from tests.support.operator_desk import ADMIN_KEY
from unisono.cli.failing import Exit

UP = re.compile(r"is up at (http://127\.0\.0\.1:\d+)")


class Served:
    """A running `unisono serve`, and what it has said."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.said = ""

    async def hears(self, pattern: re.Pattern[str]) -> str:
        """Read on until it says this; give the first group."""
        assert self.process.stdout is not None
        async with asyncio.timeout(30):
            while (found := pattern.search(self.said)) is None:
                line = await self.process.stdout.readline()
                assert line, f"it ended: {self.said}"
                self.said += line.decode()
        return found[1]

    async def ends(self) -> int:
        """Read to the end; give the exit code."""
        assert self.process.stdout is not None
        async with asyncio.timeout(30):
            self.said += (await self.process.stdout.read()).decode()
            return await self.process.wait()


@asynccontextmanager
async def serving(data: Path, *words: str) -> AsyncIterator[Served]:
    command = (sys.executable, "-m", "unisono", "serve", "--data", str(data), *words)
    process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        yield Served(process)
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.communicate()


async def test_it_says_where_it_is_and_stops_in_good_order(tmp_path: Path) -> None:
    async with serving(tmp_path, "--dev", "--port", "0") as served:
        url = await served.hears(UP)
        await served.hears(re.compile("(Stop with Ctrl-C)"))
        assert f"chat --user alice --to bob --url {url} --data {tmp_path}" in served.said
        async with aiohttp.ClientSession() as http, http.get(f"{url}/readyz") as answer:
            assert answer.status == 200
        served.process.send_signal(signal.SIGTERM)
        assert await served.ends() == 0
    assert "event=drained" in served.said
    assert "Traceback" not in served.said


async def test_development_mode_is_said_loudly_in_banner_and_log(tmp_path: Path) -> None:
    async with serving(tmp_path, "--dev", "--port", "0") as served:
        await served.hears(UP)
        await served.hears(re.compile("(DEVELOPMENT MODE)"))
        await served.hears(re.compile("(event=dev_mode)"))


async def test_clients_are_told_when_to_come_back(tmp_path: Path) -> None:
    async with serving(tmp_path, "--dev", "--port", "0") as served, aiohttp.ClientSession() as http:
        url = await served.hears(UP)
        async with http.ws_connect(f"{url}/v1/connect") as socket_of_alice:
            device = {"id": "d1", "platform": "web"}
            await socket_of_alice.send_json(
                {"id": 1, "do": {"op": "login", "device": device, "login": "login-of-alice", "user": "alice"}}
            )
            assert (await socket_of_alice.receive_json())["is"] == "reply"
            served.process.send_signal(signal.SIGINT)
            frames = [message.json() async for message in socket_of_alice]
            assert frames[-1]["code"] == "draining"
            assert frames[-1]["retry_after_ms"] >= 500
        assert await served.ends() == 0


async def test_keys_are_made_at_the_first_start_and_the_log_may_be_json(tmp_path: Path) -> None:
    async with serving(tmp_path / "data", "--port", "0", "--json-logs") as served:
        await served.hears(UP)
        await served.hears(re.compile(r"(token --user alice)"))
        assert sorted(file.name for file in (tmp_path / "data").glob("*.key")) == [
            "admin.key",
            "files.key",
            "token.key",
        ]
        served.process.send_signal(signal.SIGTERM)
        assert await served.ends() == 0
    assert '"event":"node_started"' in served.said


async def test_a_port_that_is_taken_is_told_in_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        async with serving(tmp_path, "--dev", "--port", str(port)) as served:
            assert await served.ends() == Exit.FAILED
    assert f"127.0.0.1:{port} is taken by another program" in served.said
    assert "Traceback" not in served.said


async def test_an_identity_that_cannot_be_had_stops_the_start(tmp_path: Path) -> None:
    config = tmp_path / "u.toml"
    config.write_text('[identity]\nkind = "callable"\ncallable = "no.such:function"\n', encoding="utf-8")
    async with serving(tmp_path / "data", "--port", "0", "--config", str(config)) as served:
        assert await served.ends() == Exit.CONFIGURATION
    assert "cannot find no.such:function" in served.said
    assert "Traceback" not in served.said


async def test_a_data_directory_of_something_else_stops_the_start(tmp_path: Path) -> None:
    config = tmp_path / "u.toml"
    config.write_text(f'[admin]\nkeys = ["{ADMIN_KEY}"]\n', encoding="utf-8")
    (tmp_path / "data").write_text("a file", encoding="utf-8")
    async with serving(tmp_path / "data", "--port", "0", "--config", str(config)) as served:
        assert await served.ends() in (Exit.FAILED, Exit.CONFIGURATION)
    assert "Traceback" not in served.said
    assert "unisono: " in served.said
