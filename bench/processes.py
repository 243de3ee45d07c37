"""Processes of a benchmark: started on a core of their own, ended by their id, whatever happens."""

import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

SERVER_CORE: Final = 0
LOAD_CORE: Final = 1
START_S: Final = 20.0
STOP_S: Final = 10.0
POLL_S: Final = 0.002
HOST: Final = "127.0.0.1"


class BenchError(Exception):
    """The benchmark itself failed; nothing is said about the server."""


def free_port() -> int:
    """Give a port that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def pinned(core: int, command: Sequence[str]) -> list[str]:
    """Give the command that runs on one core only. The process id stays that of the command."""
    taskset = shutil.which("taskset")
    if taskset is None:
        raise BenchError("taskset is missing: install util-linux")
    return [taskset, "-c", str(core), *command]


def find_tool(name: str, hint: str) -> str:
    """Give the path of a program.

    Raises:
        BenchError: It is not installed.
    """
    path = shutil.which(name)
    if path is None:
        raise BenchError(f"{name} is missing: {hint}")
    return path


def accepts(port: int) -> bool:
    """Say if somebody listens on a port of this machine."""
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex((HOST, port)) == 0


@contextmanager
def running(
    command: Sequence[str],
    *,
    log: Path,
    is_ready: Callable[[], bool],
    environment: Mapping[str, str] | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server on its core for as long as the block lasts; it is ready when the block begins.

    Raises:
        BenchError: It ended or did not become ready in time; the end of its output says why.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        process = subprocess.Popen(
            pinned(SERVER_CORE, command),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(environment) if environment is not None else None,
        )
    try:
        _wait_until_ready(process, is_ready, log)
        yield process
    finally:
        stop(process)


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a process politely, then by force."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
    process.wait()


def _wait_until_ready(process: subprocess.Popen[bytes], is_ready: Callable[[], bool], log: Path) -> None:
    deadline = time.monotonic() + START_S
    while not is_ready():
        if process.poll() is not None or time.monotonic() > deadline:
            tail = log.read_text(errors="replace")[-800:]
            raise BenchError(f"{Path(str(process.args[3])).name} did not become ready:\n{tail}")  # type: ignore[index]  # always started from a list
        time.sleep(POLL_S)
