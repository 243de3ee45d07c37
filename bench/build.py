"""What has to be made before anything is measured: C programs, Node peers, the profiler. All kept in bench/out."""

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from bench.processes import BenchError, find_tool

HERE: Final = Path(__file__).parent
OUT: Final = HERE / "out"
PEERS: Final = HERE / "peers"
SDKS: Final = HERE / "sdks"
INSTALL_S: Final = 180.0


def wsload() -> Path:
    """Give the load generator."""
    return _compiled(HERE / "wsload.c")


def broadcast() -> Path:
    """Give the broadcaster that is the limit."""
    return _compiled(PEERS / "broadcast.c")


def node_peer(script: str) -> list[str]:
    """Give the command of a peer that runs on Node, with its packages as the lock file has them."""
    node = find_tool("node", "install nodejs")
    home = _installed("node", PEERS / "package-lock.json", partial(_install_node_packages, PEERS))
    shutil.copy(PEERS / script, home / script)
    return [node, str(home / script)]


def sdks() -> Path:
    """Give the directory with other packages for browsers, as their lock file has them."""
    return _installed("sdks", SDKS / "package-lock.json", partial(_install_node_packages, SDKS))


def py_spy() -> Path:
    """Give the profiler, as the list of requirements has it. It is no part of the test environment."""
    return _installed("py-spy", HERE / "requirements.txt", _install_python_packages) / "bin" / "py-spy"


def _installed(name: str, lock: Path, install: Callable[[Path], None]) -> Path:
    """Give the directory that holds what a lock file asks for, made again when the file changed."""
    home = OUT / name
    wanted = hashlib.sha256(lock.read_bytes()).hexdigest()
    stamp = home / "lock.sha256"
    if not stamp.exists() or stamp.read_text() != wanted:
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        install(home)
        stamp.write_text(wanted)
    return home


def _compiled(source: Path) -> Path:
    """Compile a C file, unless that was done since it changed."""
    program = OUT / source.stem
    if program.exists() and program.stat().st_mtime_ns > source.stat().st_mtime_ns:
        return program
    OUT.mkdir(parents=True, exist_ok=True)
    compiler = find_tool("cc", "install gcc and libc6-dev")
    _run([compiler, "-O2", "-Wall", "-Wextra", "-o", str(program), str(source)], cwd=OUT)
    return program


def _install_python_packages(home: Path) -> None:
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _run([*pip, "--require-hashes", "--target", str(home), "-r", str(HERE / "requirements.txt")], cwd=home)


def _install_node_packages(wanted: Path, home: Path) -> None:
    npm = find_tool("npm", "install npm")
    for name in ("package.json", "package-lock.json"):
        shutil.copy(wanted / name, home / name)
    quiet = ["--omit=dev", "--omit=optional", "--ignore-scripts", "--no-audit", "--no-fund"]
    _run([npm, "ci", *quiet], cwd=home)


def _run(command: list[str], *, cwd: Path) -> None:
    try:
        done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=INSTALL_S, check=False)
    except subprocess.TimeoutExpired:
        raise BenchError(f"{command[0]} took longer than {INSTALL_S:.0f} s") from None
    if done.returncode != 0:
        raise BenchError(f"{' '.join(command)} failed:\n{done.stdout[-800:]}{done.stderr[-800:]}")
