"""An import from LeanCloud that is cut short anywhere, and begun again, brings exactly what one that is not does."""

import asyncio
import json
import os
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import pytest

from tests.support.figures import Report
from tests.support.leancloud_export import Exported, export
from tests.support.server_process import ServerProcess

pytestmark = pytest.mark.adverse

SHORT = (1_000, 20_000)
FULL = (100_000, 2_000_000)
CUTS = 3
DEADLINE_S = 3_000.0
LOOK_EVERY_S = 0.02
SERVER_MAX_BYTES = 450 << 20
IMPORTER_MAX_BYTES = 250 << 20


class Ended(NamedTuple):
    """How an import ended: what it told, if it came to its end, and the most memory that it took."""

    told: dict[str, Any] | None
    peak_bytes: int
    seconds: float


class Importer:
    """`unisono import leancloud` as a program of its own."""

    def __init__(self, server: ServerProcess, files: Exported, work: Path) -> None:
        self._words = (
            *(sys.executable, "-m", "unisono", "import", "leancloud", "--json", "--work", str(work)),
            *("--conversations", str(files.conversations), "--messages", str(files.messages)),
            *("--url", f"http://127.0.0.1:{server.port}", "--data", str(server.data)),
        )

    async def run(self, cut_after_s: float | None = None, server: ServerProcess | None = None) -> Ended:
        """Let it come to its end, or kill it, or the `server` that it talks to, in between."""
        begun_s = time.monotonic()
        process = await asyncio.create_subprocess_exec(
            *self._words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        if cut_after_s is not None:
            await asyncio.sleep(cut_after_s)
            if server is not None:
                await server.kill()
            elif process.returncode is None:
                process.kill()
        async with asyncio.timeout(DEADLINE_S):
            (out, err), peak = await asyncio.gather(process.communicate(), watched(process))
        if process.returncode != 0:
            assert cut_after_s is not None, err.decode()
        told = json.loads(out) if process.returncode == 0 else None
        return Ended(told, peak, time.monotonic() - begun_s)


async def watched(process: asyncio.subprocess.Process) -> int:
    """Wait for the end of a process, and give the most memory that it took."""
    peak = 0
    while process.returncode is None:
        with suppress(FileNotFoundError, ProcessLookupError):
            peak = max(peak, peak_of(process.pid))
        await asyncio.sleep(LOOK_EVERY_S)
    return peak


def peak_of(pid: int) -> int:
    """Give the most memory that a process ever took; 0 for one that has ended."""
    status = Path(f"/proc/{pid}/status").read_text()
    return next((int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM")), 0)


async def once(folder: Path, files: Exported) -> tuple[Ended, int]:
    """Import without any trouble; give what was told, and the most memory that the server took."""
    async with ServerProcess(folder / "whole") as server:
        ended = await Importer(server, files, folder / "work-whole").run()
        peak = peak_of(server.pid)
        server.assert_clean_log()
    return ended, peak


async def cut_short(folder: Path, files: Exported, cuts_s: Sequence[float]) -> dict[str, Any]:
    """Import, killed again and again, by turns itself and the server; then let it come to its end."""
    async with ServerProcess(folder / "cut") as server:
        importer = Importer(server, files, folder / "work-cut")
        for number, cut_s in enumerate(cuts_s):
            await importer.run(cut_s, server if number % 2 else None)
            if number % 2:
                await server.start()
        ended = await importer.run()
        assert ended.told is not None
        again = await importer.run()
        assert again.told is not None
        assert again.told["report"] == ended.told["report"]
        assert (again.told["taken"]["placed"], again.told["taken"]["new"], again.told["taken"]["moved"]) == (0, 0, 0)
        server.assert_clean_log()
    return ended.told


@pytest.mark.rows("D14")
@pytest.mark.timeout(3000)
async def test_an_import_that_is_killed_brings_the_same(tmp_path: Path, is_full: bool, report: Report) -> None:
    conversations, messages = FULL if is_full else SHORT
    files = await asyncio.to_thread(export, tmp_path / "export", conversations, messages)
    whole, server_peak = await once(tmp_path, files)
    assert whole.told is not None
    taken, kinds = whole.told["taken"], whole.told["report"]["kinds"]
    assert (taken["new"], taken["placed"], whole.told["not_taken"]) == (conversations, messages, {})
    assert sum(kind["messages"] for kind in kinds.values()) == messages
    assert (kinds["group"]["unread"], kinds["group"]["muted"] > conversations // 4) == (0, True)
    chance = Random(5)
    cuts = [chance.uniform(0.2, 0.7) * min(whole.seconds, 60.0) for _ in range(CUTS)]
    told = await cut_short(tmp_path, files, cuts)
    assert told["report"] == whole.told["report"]
    assert told["not_taken"] == {}
    assert server_peak < SERVER_MAX_BYTES
    assert whole.peak_bytes < IMPORTER_MAX_BYTES
    rate = messages / whole.seconds
    memory = f"{server_peak >> 20} MiB of the server, {whole.peak_bytes >> 20} MiB of the importer at most"
    report(
        f"{conversations:,} conversations and {messages:,} messages in {whole.seconds:.1f} s ({rate:,.0f} messages/s),"
        f" load {os.getloadavg()[0]:.1f}; {memory}; killed {CUTS} times and begun again: the same hash"
    )
