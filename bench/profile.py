"""Where the server's CPU time goes: samples of its Python stacks, taken from outside while it is under load.

The time of a C function counts for the Python function that called it. A sampler cannot tell a thread that runs from
one that waits for the core they share, so the kernel's own account says how much each thread used, and the samples of
that thread say where. Needs py-spy and the right to trace.
"""

import re
import subprocess
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from msgspec import Struct

from bench import build
from bench.figures import Figure
from bench.processes import LOAD_CORE, BenchError, pinned

RATE: Final = 250
SETTLE_S: Final = 10
SHOWN: Final = 12
_THREAD: Final = re.compile(r"^thread \((\d+)\)")
_FRAME: Final = re.compile(r"^(?P<function>.+?) \((?P<file>[^()]*?)(?::\d+)?\)$")


class Stack(Struct, frozen=True):
    """Frames from the outermost to the innermost, the thread's name first; `weight` is how much time they stand for."""

    frames: tuple[str, ...]
    weight: float


class Profile(Struct):
    """The stacks of a process; complete when the recording has ended."""

    stacks: Sequence[Stack] = ()


@contextmanager
def recording(pid: int, seconds: float, output: Path) -> Iterator[Profile]:
    """Sample a process for some seconds while the block runs; `output` holds the raw stacks afterwards.

    Raises:
        BenchError: The profiler failed.
    """
    command = [str(build.py_spy()), "record", "-p", str(pid), "-d", str(round(seconds)), "-r", str(RATE), "--function"]
    command += ["--threads", "--nonblocking", "-f", "raw", "-o", str(output)]
    found = Profile()
    before = cpu_by_thread(pid)
    with subprocess.Popen(
        pinned(LOAD_CORE, command), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield found
            _, errors = process.communicate(timeout=seconds + SETTLE_S)
        except subprocess.TimeoutExpired:
            raise BenchError("py-spy did not end") from None
        finally:
            if process.poll() is None:
                process.kill()
        if process.returncode != 0:
            raise BenchError(f"py-spy failed: {errors.strip()[-300:]}")
    used = {thread: cpu_s - before.get(thread, 0.0) for thread, cpu_s in cpu_by_thread(pid).items()}
    found.stacks = weighed(parse(output.read_text()), used)


def cpu_by_thread(pid: int) -> dict[int, float]:
    """Give the CPU time of each thread of a process in seconds, as the kernel counts it."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return {int(task.name): int((task / "schedstat").read_text().split()[0]) / 1e9 for task in tasks}


def weighed(stacks: Sequence[Stack], cpu_s: Mapping[int, float]) -> list[Stack]:
    """Give each stack its part of the CPU time that its thread used."""
    seen: Counter[int] = Counter()
    for stack in stacks:
        seen[_thread_of(stack)] += int(stack.weight)
    return [
        Stack(stack.frames, stack.weight / seen[thread] * cpu_s[thread])
        for stack in stacks
        if (thread := _thread_of(stack)) in cpu_s
    ]


def _thread_of(stack: Stack) -> int:
    match = _THREAD.match(stack.frames[0])
    return int(match[1]) if match is not None else 0


def parse(text: str) -> list[Stack]:
    """Read py-spy's raw format: frames between semicolons, then how often."""
    stacks: list[Stack] = []
    for line in text.splitlines():
        frames, _, count = line.rpartition(" ")
        if frames and count.isdigit():
            stacks.append(Stack(tuple(frames.split(";")), float(count)))
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
    """Give the share of the time that each name got, the largest first. One name belongs to each stack."""
    total = sum(stack.weight for stack in stacks)
    weights: dict[str, float] = {}
    for stack, name in zip(stacks, names, strict=True):
        weights[name] = weights.get(name, 0.0) + stack.weight
    ranked = sorted(weights.items(), key=lambda pair: pair[1], reverse=True)
    return [(name, weight / total) for name, weight in ranked] if total else []


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
