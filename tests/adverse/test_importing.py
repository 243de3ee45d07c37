"""An import from LeanCloud that is cut short anywhere, and begun again, brings exactly what one that is not does."""

import asyncio
import json
import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import pytest

from tests.support.figures import Report
from tests.support.leancloud_export import Exported, export
from tests.support.postgres import Cluster, postgres_cluster
from tests.support.server_process import ServerProcess

pytestmark = pytest.mark.adverse

Size = tuple[int, int]
"""So many conversations, and so many messages."""
SHORTEST: Size = (200, 4_000)
SHORT: Size = (500, 10_000)
QUARTER: Size = (25_000, 500_000)
FULL: Size = (100_000, 2_000_000)
CUTS = 2
DEADLINE_S = 3_000.0
LOOK_EVERY_S = 0.02
SERVER_MAX_BYTES = 320 << 20
IMPORTER_MAX_BYTES = 80 << 20
NOISE = 1.1


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
            *("--member-infos", str(files.roles), "--standing", str(files.standing)),
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


class Whole(NamedTuple):
    """An import without any trouble: how it ended, and the most memory that the server took."""

    ended: Ended
    server_bytes: int

    @property
    def told(self) -> dict[str, Any]:
        """Give what it told."""
        assert self.ended.told is not None
        return self.ended.told


class Imports:
    """Exports of several sizes, each made once, and what became of them on SQLite, each brought along once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[Size, Exported] = {}
        self._wholes: dict[Size, Whole] = {}

    async def files(self, size: Size) -> Exported:
        """Give an export."""
        if size not in self._files:
            self._files[size] = await asyncio.to_thread(export, self._folder / f"export-{size[1]}", *size)
        return self._files[size]

    async def whole(self, size: Size) -> Whole:
        """Give what became of it."""
        if size not in self._wholes:
            files = await self.files(size)
            # Beside the export there is a folder for it.
            self._wholes[size] = await once(files.messages.parent, files, {})
        return self._wholes[size]


@pytest.fixture(scope="module")
def imports(tmp_path_factory: pytest.TempPathFactory) -> Imports:
    return Imports(tmp_path_factory.mktemp("imports"))


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """Lend a PostgreSQL that syncs what it commits: how fast it takes an import is told."""
    with postgres_cluster(durable=True) as one:
        yield one


async def once(folder: Path, files: Exported, environment: Mapping[str, str]) -> Whole:
    """Import without any trouble."""
    async with ServerProcess(folder / "whole", environment=environment) as server:
        ended = await Importer(server, files, folder / "work-whole").run()
        peak = peak_of(server.pid)
        server.assert_clean_log()
    return Whole(ended, peak)


async def cut_short(folder: Path, files: Exported, whole: Whole, environment: Mapping[str, str]) -> dict[str, Any]:
    """Import, killed again and again, by turns itself and the server; then let it come to its end."""
    chance = Random(5)
    cuts_s = [chance.uniform(0.2, 0.7) * min(whole.ended.seconds, 60.0) for _ in range(CUTS)]
    async with ServerProcess(folder / "cut", environment=environment) as server:
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
        taken = again.told["taken"]
        assert [taken[name] for name in ("new", "placed", "standing_placed", "moved")] == [0, 0, 0, 0]
        server.assert_clean_log()
    return ended.told


def said(size: Size, whole: Whole) -> str:
    """Tell of an import in figures."""
    rate = size[1] / whole.ended.seconds
    memory = f"{whole.server_bytes >> 20} MiB of the server, {whole.ended.peak_bytes >> 20} MiB of the importer at most"
    return (
        f"{size[0]:,} conversations and {size[1]:,} messages in {whole.ended.seconds:.1f} s ({rate:,.0f} messages/s),"
        f" load {os.getloadavg()[0]:.1f}; {memory}"
    )


@pytest.mark.rows("D14")
@pytest.mark.timeout(3000)
async def test_an_import_that_is_killed_brings_the_same(
    tmp_path: Path, imports: Imports, is_full: bool, report: Report
) -> None:
    size = FULL if is_full else SHORT
    whole = await imports.whole(size)
    taken, kinds = whole.told["taken"], whole.told["report"]["kinds"]
    assert (taken["new"], taken["placed"], whole.told["not_taken"]) == (*size, {})
    assert sum(kind["messages"] for kind in kinds.values()) == size[1]
    groups = kinds["group"]
    assert (groups["unread"], kinds["service"]["unread"], groups["muted"] > size[0] // 4) == (0, 0, True)
    assert min(groups["managers"], groups["silenced"], groups["blocked"], kinds["room"]["blocked"]) >= size[0] // 100
    told = await cut_short(tmp_path, await imports.files(size), whole, {})
    assert told["report"] == whole.told["report"]
    assert told["not_taken"] == {}
    assert whole.server_bytes < SERVER_MAX_BYTES
    assert whole.ended.peak_bytes < IMPORTER_MAX_BYTES
    report(f"{said(size, whole)}; killed {CUTS} times and begun again: the same hash")


@pytest.mark.rows("D14")
@pytest.mark.timeout(3000)
async def test_on_postgresql_it_is_the_same(
    tmp_path: Path, imports: Imports, cluster: Cluster, is_full: bool, report: Report
) -> None:
    size = QUARTER if is_full else SHORTEST
    on_sqlite = await imports.whole(size)
    with cluster.database() as first, cluster.database() as second:
        environments = [{"UNISONO_DATABASE__URL": cluster.dsn(name)} for name in (first, second)]
        whole = await once(tmp_path, await imports.files(size), environments[0])
        told = await cut_short(tmp_path, await imports.files(size), whole, environments[1])
    assert whole.told["report"] == on_sqlite.told["report"]
    assert told["report"] == whole.told["report"]
    assert whole.server_bytes < SERVER_MAX_BYTES
    report(f"{said(size, whole)}; killed {CUTS} times and begun again: the same hash as on SQLite")


@pytest.mark.full
@pytest.mark.timeout(3000)
async def test_four_times_as_much_takes_no_more_memory(imports: Imports, report: Report) -> None:
    """A server held 399 MiB with 2,000,000 messages: its readers mapped the file, and kept what they had seen of it."""
    quarter, whole = await imports.whole(QUARTER), await imports.whole(FULL)
    pairs = [(quarter.server_bytes, whole.server_bytes), (quarter.ended.peak_bytes, whole.ended.peak_bytes)]
    assert [after for before, after in pairs if after > before * NOISE] == []
    report(f"a quarter: {said(QUARTER, quarter)}")
