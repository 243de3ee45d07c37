"""Where the server's CPU time goes: samples of its Python stacks, taken from outside while it is under load.

The time of a C function counts for the Python function that called it. Needs py-spy and the right to trace.
"""

import re
import subprocess
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from msgspec import Struct

from bench import build
from bench.figures import Figure
from bench.processes import LOAD_CORE, BenchError, pinned

RATE: Final = 250
SETTLE_S: Final = 10
SHOWN: Final = 10
_FRAME: Final = re.compile(r"^(?P<function>.+?) \((?P<file>[^()]*?)(?::\d+)?\)$")


class Stack(Struct, frozen=True):
    """Frames from the outermost to the innermost, and how often they were seen."""

    frames: tuple[str, ...]
    count: int


@contextmanager
def recording(pid: int, seconds: float, output: Path) -> Iterator[None]:
    """Sample a process for some seconds while the block runs; `output` holds the stacks afterwards.

    Raises:
        BenchError: The profiler failed.
    """
    command = [str(build.py_spy()), "record", "-p", str(pid), "-d", str(round(seconds)), "-r", str(RATE), "--function"]
    command += ["--threads", "-f", "raw", "-o", str(output)]
    with subprocess.Popen(
        pinned(LOAD_CORE, command), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield
            _, errors = process.communicate(timeout=seconds + SETTLE_S)
        except subprocess.TimeoutExpired:
            raise BenchError("py-spy did not end") from None
        finally:
            if process.poll() is None:
                process.kill()
        if process.returncode != 0:
            raise BenchError(f"py-spy failed: {errors.strip()[-300:]}")


def parse(text: str) -> list[Stack]:
    """Read py-spy's raw format: frames between semicolons, then how often."""
    stacks: list[Stack] = []
    for line in text.splitlines():
        frames, _, count = line.rpartition(" ")
        if frames and count.isdigit():
            stacks.append(Stack(tuple(frames.split(";")), int(count)))
    return stacks


def module_of(frame: str) -> str:
    """Name the module of a frame: our own by their path, others by their package."""
    match = _FRAME.match(frame)
    if match is None:
        return "(elsewhere)"
    file = match["file"].removesuffix(".py").removesuffix("/__init__")
    parts = file.split("/")
    for root in ("site-packages", "src"):
        if root in parts:
            parts = parts[parts.index(root) + 1 :]
    if parts[0] == "unisono":
        return ".".join(parts)
    return parts[0] or file


def shares_by(stacks: Sequence[Stack], names: Iterable[str]) -> list[tuple[str, float]]:
    """Give the share of the samples that each name got, the largest first. One name belongs to each stack."""
    total = sum(stack.count for stack in stacks)
    counts: Counter[str] = Counter()
    for stack, name in zip(stacks, names, strict=True):
        counts[name] += stack.count
    return [(name, count / total) for name, count in counts.most_common()] if total else []


def by_module(stacks: Sequence[Stack]) -> list[tuple[str, float]]:
    """Give the share of each module: the one whose code ran."""
    return shares_by(stacks, [module_of(stack.frames[-1]) for stack in stacks])


def by_function(stacks: Sequence[Stack]) -> list[tuple[str, float]]:
    """Give the share of each function: the one whose code ran."""
    return shares_by(stacks, [stack.frames[-1] for stack in stacks])


def by_thread(stacks: Sequence[Stack]) -> list[tuple[str, float]]:
    """Give the share of each thread."""
    return shares_by(stacks, [stack.frames[0] for stack in stacks])


def figures_of(stacks: Sequence[Stack], what: str) -> list[Figure]:
    """Make figures of the largest shares by module."""
    return [Figure(f"{what}: CPU in {name}", share * 100, "%") for name, share in by_module(stacks)[:SHOWN]]


def summary_of(stacks: Sequence[Stack]) -> str:
    """Write the largest shares by thread, module and function, for the file kept beside the figures."""
    parts = (("threads", by_thread), ("modules", by_module), ("functions", by_function))
    lines: list[str] = []
    for title, shares in parts:
        lines.append(title)
        lines += [f"  {share * 100:5.1f} %  {name}" for name, share in shares(stacks)[:40]]
    return "\n".join(lines) + "\n"
