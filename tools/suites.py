"""Runs the suites of a chore one after another and sums them up: `python -m tools.suites test`.

What may run side by side does; what floods or starves, and looks how others fare, has the machine to itself. A skipped
test counts as failed: it proves nothing and nobody would notice. The last line is `N passed, N failed`.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tools.sources import ROOT
from tools.tally import PLACE

NO_TESTS: Final = 5
# The pure part is covered by its own unit tests, to the last branch.
PURE: Final = ("tests/unit/domain", "tests/unit/wire")
ADVERSE: Final = "tests/adverse"
# Browsers hold back what is hidden by the clock, and start a dozen processes each: no other suite beside them.
BROWSER: Final = "tests/browser"
PLAY_BY_PLAY: Final = ("-n", "3", "--dist=loadgroup", "--no-loadscope-reorder")
"""Tests that look at the same play run one after another, as `tests/browser/conftest.py` groups them."""
ALONE: Final = tuple(f"{ADVERSE}/test_{name}.py" for name in ("bad_network", "floods", "slow_consumer", "storm"))
"""Adverse tests that say how long others may wait meanwhile."""


def side_by_side(workers: int) -> tuple[str, ...]:
    """Have so many tests at a time: more than the cores where they mostly wait; each worker collects all for itself."""
    return ("-n", str(workers), "--dist=worksteal")


@dataclass(frozen=True)
class Suite:
    """A pytest session: a word for people, what it is asked to run, and what it finds in its environment."""

    name: str
    marks: str
    words: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)


SUITES: Final[Mapping[str, Sequence[Suite]]] = {
    "test": (
        Suite(
            "pure",
            "not (adverse or full or soak)",
            (*PURE, "--cov", "--cov-report=term-missing:skip-covered", *side_by_side(2)),
        ),
        Suite(
            "swift",
            "not (adverse or full or soak)",
            ("tests", *(f"--ignore={path}" for path in (*PURE, ADVERSE, BROWSER)), *side_by_side(4)),
        ),
        Suite("browser", "not (adverse or full or soak)", (BROWSER, *PLAY_BY_PLAY)),
        Suite(
            "adverse",
            "adverse and not (full or soak)",
            (ADVERSE, *(f"--ignore={path}" for path in ALONE), *side_by_side(3)),
        ),
        Suite("alone", "adverse and not (full or soak)", ALONE),
    ),
    "full": (Suite("full", "(adverse or full) and not soak", ("tests", "--timeout=3000"), {"TESTS_FULL": "1"}),),
    "soak": (Suite("soak", "soak", ("tests", "--timeout=0"), {"TESTS_FULL": "1"}),),
}


@dataclass(frozen=True)
class Result:
    """What a session came to: pytest's exit status, and how many tests came out how."""

    status: int
    counts: Mapping[str, int]

    @property
    def is_good(self) -> bool:
        """Whether nothing failed; a suite may be empty, all of them together may not."""
        return self.status in {0, NO_TESTS} and not any(n for outcome, n in self.counts.items() if outcome != "passed")


def run(suite: Suite, root: Path = ROOT) -> Result:
    """Run a suite in the open and count."""
    with tempfile.TemporaryDirectory(prefix="unisono-tally-") as folder:
        tally = Path(folder) / "counts.json"
        began, spent = time.monotonic(), _cpu_s()
        print(f"\n── {suite.name} ──", flush=True)
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "tools.tally", "-m", suite.marks, *suite.words],
            cwd=root,
            env={**os.environ, **suite.environment, PLACE: str(tally), "PYTHONPATH": str(ROOT)},
            check=False,
        )
        print(f"── {suite.name}: {time.monotonic() - began:.0f} s, {_cpu_s() - spent:.0f} s of CPU ──", flush=True)
        counts: Mapping[str, int] = json.loads(tally.read_text()) if tally.exists() else {}
    return Result(done.returncode, counts)


def _cpu_s() -> float:
    """Give the CPU time of all sessions that have ended, with all that they started and waited for."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def total(results: Sequence[Result]) -> tuple[bool, str]:
    """Say whether all is well, and the line that says so."""
    counts: Counter[str] = Counter()
    for result in results:
        counts.update(result.counts)
    passed = counts.pop("passed", 0)
    # A session that broke without a failed test (no coverage, a broken collection) is a failure, too.
    broken = sum(1 for result in results if not result.is_good and not any(_failures(result)))
    failed = sum(counts.values()) + broken
    return failed == 0 and passed > 0, f"{passed} passed, {failed} failed"


def main(words: Sequence[str]) -> int:
    """Run as a program: `test`, `full` or `soak`."""
    if len(words) != 1 or words[0] not in SUITES:
        print(f"one of {', '.join(SUITES)}", file=sys.stderr)
        return 2
    results = {suite.name: run(suite) for suite in SUITES[words[0]]}
    for name, result in results.items():
        if not result.is_good:
            print(f"\nfailed: {name} ({_reason(result)}), see above")
    is_good, line = total(list(results.values()))
    print(f"\n{line}")
    return 0 if is_good else 1


def _reason(result: Result) -> str:
    bad = [f"{n} {outcome}" for outcome, n in sorted(result.counts.items()) if outcome != "passed" and n]
    return ", ".join(bad) or f"exit status {result.status} without a failed test: too little covered, or broken off"


def _failures(result: Result) -> list[int]:
    return [n for outcome, n in result.counts.items() if outcome != "passed" and n]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
