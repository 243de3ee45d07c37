"""The load generator as a function: a mode, options, a URL in; readings out."""

import json
import subprocess
from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Struct

from bench import build
from bench.figures import Reading
from bench.processes import HOST, LOAD_CORE, BenchError, pinned

LIMIT_S: Final = 120.0
DRAIN_S: Final = 10.0
"""How long the last deliveries may take. A busy machine is slow; only what never comes is lost."""


class Target(Struct, frozen=True):
    """A server under load: where it is, whose CPU time counts, and how one talks to it (options of wsload)."""

    port: int
    pid: int
    path: str = "/"
    options: tuple[str, ...] = ()

    @property
    def url(self) -> str:
        """The URL of its WebSocket."""
        return f"ws://{HOST}:{self.port}{self.path}"


def load(mode: str, target: Target, *options: str) -> list[Reading]:
    """Put a load on a server; gives one reading for each window that was asked for.

    Raises:
        BenchError: The load generator failed, or messages went missing.
    """
    command = [str(build.wsload()), mode, "--json", "--spin", "--limit", str(LIMIT_S), "--drain", str(DRAIN_S)]
    command += ["-P", str(target.pid), *options, *target.options, target.url]
    try:
        done = subprocess.run(
            pinned(LOAD_CORE, command), capture_output=True, text=True, timeout=LIMIT_S + 30, check=False
        )
    except subprocess.TimeoutExpired:
        raise BenchError(f"wsload {mode} did not end") from None
    if done.returncode != 0:
        raise BenchError(f"wsload {mode} on {target.url}: {done.stderr.strip()[-800:]}")
    readings = parse(done.stdout)
    for reading in readings:
        check_delivered(reading)
    return readings


def load_again(mode: str, target: Target, *options: str) -> list[Reading]:
    """Put a load on a server, and once more if it failed: a peer that fails in one of many runs stays comparable.

    Raises:
        BenchError: It failed twice.
    """
    try:
        return load(mode, target, *options)
    except BenchError:
        return load(mode, target, *options)


def parse(output: str) -> list[Reading]:
    """Read the lines that wsload prints with `--json`."""
    lines: Sequence[Mapping[str, object]] = [json.loads(line) for line in output.splitlines() if line.strip()]
    if not lines:
        raise BenchError("wsload printed nothing")
    return [{key: float(value) for key, value in line.items() if isinstance(value, int | float)} for line in lines]


def check_delivered(reading: Reading) -> None:
    """Refuse a reading of a server that lost messages: its figures mean nothing.

    Raises:
        BenchError: Messages were lost or came in another order.
    """
    lost = {key: reading.get(key, 0.0) for key in ("undelivered", "stalled_out", "out_of_order")}
    if any(lost.values()):
        raise BenchError("messages went missing: " + ", ".join(f"{key} {count:.0f}" for key, count in lost.items()))


def window_of(reading: Reading) -> int:
    """Give the window that a reading was taken with."""
    return int(reading["window"])
