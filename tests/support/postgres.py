"""A private PostgreSQL cluster for the length of a test session: real, empty, and gone afterwards.

It runs from Debian's binaries in a directory of its own, reachable through a socket in that directory and, for tests
that put a proxy in between, on a loopback port. Where they are missing the tests that ask for it fail and say why.
"""

import itertools
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, LiteralString
from urllib.parse import quote

import psycopg
from psycopg import sql

from tests.support.ports import LOOPBACK, free_port

OWNER: Final = "postgres"
START_S: Final = 30.0
STOP_S: Final = 20.0
ATTEMPTS: Final = 3
POLL_S: Final = 0.01

SETTINGS: Final[Mapping[str, str]] = {
    "max_connections": "100",
    "shared_buffers": "32MB",
    "log_min_messages": "warning",
    "timezone": "UTC",
}
# A power cut is not what most tests are about, and a sync costs more than all the rest of them.
FORGETFUL: Final[Mapping[str, str]] = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class PostgresMissing(RuntimeError):
    """PostgreSQL is not installed, or cannot run as the user who asks."""


class PostgresFailed(RuntimeError):
    """PostgreSQL was started and did not come up; the text ends with its own words."""


@dataclass(frozen=True)
class Cluster:
    """A running server. Databases are made by `database` or `create_database`; the server ends with `stop`."""

    directory: Path
    port: int
    password: str
    process: "subprocess.Popen[bytes]"
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def dsn(self, database: str = "postgres", *, over_tcp: bool = False) -> str:
        """Give the address of a database, through the socket or through the loopback port."""
        if over_tcp:
            return f"postgresql://{OWNER}:{self.password}@{LOOPBACK}:{self.port}/{database}"
        return f"postgresql://{OWNER}@/{database}?host={quote(str(self.directory), safe='')}&port={self.port}"

    def create_database(self, *, template: str = "template0") -> str:
        """Make a fresh database, empty or like another one nobody is connected to; give its name."""
        name = f"test_{next(self._numbers)}"
        self._execute("CREATE DATABASE {} TEMPLATE {}", name, template)
        return name

    def drop_database(self, name: str) -> None:
        """Remove a database and end the connections to it."""
        self._execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    @contextmanager
    def database(self, *, template: str = "template0") -> Iterator[str]:
        """Lend the name of a fresh database, removed afterwards."""
        name = self.create_database(template=template)
        try:
            yield name
        finally:
            self.drop_database(name)

    def crash(self, **settings: str) -> "Cluster":
        """Kill the server with all its processes, as a power cut does, and start it again on what is on disk."""
        # SIGQUIT, the immediate stop, writes nothing more either, and ends the children, which SIGKILL would leave.
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(STOP_S)
        port, process = _serve(find_binaries(), self.directory, {**SETTINGS, **settings})
        return replace(self, port=port, process=process)

    def promote(self) -> "Cluster":
        """Have a copy of the server's directory take over at the same port, on a timeline of its own."""
        _end(self.process)
        (self.directory / "data" / "standby.signal").touch()
        process = _serve_on(self.port, find_binaries(), self.directory, SETTINGS)
        self._execute("SELECT pg_promote()")
        return replace(self, process=process)

    def stop(self) -> None:
        """End the server and remove all it had."""
        _end(self.process)
        shutil.rmtree(self.directory)

    def _execute(self, statement: LiteralString, *names: str) -> None:
        with psycopg.connect(self.dsn(), autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


@contextmanager
def postgres_cluster(*, durable: bool = False, **settings: str) -> Iterator[Cluster]:
    """Lend a private cluster. A `durable` one syncs what it commits, as a production server does."""
    cluster = start(durable=durable, **settings)
    try:
        yield cluster
    finally:
        cluster.stop()


def start(*, durable: bool = False, **settings: str) -> Cluster:
    """Start a private cluster and wait until it takes connections."""
    binaries = find_binaries()
    password = secrets.token_hex(16)
    directory = Path(tempfile.mkdtemp(prefix="unisono-pg-"))
    try:
        _initialise(binaries, directory, password)
        chosen = {**SETTINGS, **({} if durable else FORGETFUL), **settings}
        port, process = _serve(binaries, directory, chosen)
    except BaseException:
        shutil.rmtree(directory)
        raise
    return Cluster(directory, port, password, process)


def find_binaries() -> Path:
    """Give the folder of the newest installed PostgreSQL server."""
    versions = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    newest = max(versions, key=lambda path: float(path.parts[-3]), default=None)
    found = newest or shutil.which("initdb")
    if found is None:
        raise PostgresMissing("initdb is not installed: run tools/bootstrap.sh test (Debian package: postgresql)")
    return Path(found).resolve().parent


def _initialise(binaries: Path, directory: Path, password: str) -> None:
    secret = directory / "password"
    secret.write_text(password)
    if os.geteuid() == 0:
        account = _account()
        for path in (directory, secret):
            os.chown(path, account.pw_uid, account.pw_gid)
    done = subprocess.run(
        [
            *_as_owner(),
            str(binaries / "initdb"),
            f"--pgdata={directory / 'data'}",
            f"--username={OWNER}",
            f"--pwfile={secret}",
            "--auth-local=trust",
            "--auth-host=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
        ],
        cwd=directory,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise PostgresFailed(f"initdb ended with {done.returncode}:\n{done.stdout}{done.stderr}")


def _serve(binaries: Path, directory: Path, settings: Mapping[str, str]) -> "tuple[int, subprocess.Popen[bytes]]":
    """Start the server; somebody may take the port under our hands, then another is tried."""
    for attempt in itertools.count(1):
        port = free_port()
        try:
            return port, _serve_on(port, binaries, directory, settings)
        except PostgresFailed:
            if attempt == ATTEMPTS:
                raise
    raise AssertionError("unreachable")


def _serve_on(port: int, binaries: Path, directory: Path, settings: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    log = directory / "log"
    everything = {
        **settings,
        "port": str(port),
        "listen_addresses": LOOPBACK,
        "unix_socket_directories": str(directory),
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            [
                *_as_owner(),
                str(binaries / "postgres"),
                "-D",
                str(directory / "data"),
                *(f"--{name}={value}" for name, value in everything.items()),
            ],
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait_ready(process, directory / "data" / "postmaster.pid", log)
    except BaseException:
        _end(process)
        raise
    return process


def _wait_ready(process: "subprocess.Popen[bytes]", pidfile: Path, log: Path) -> None:
    end = time.monotonic() + START_S
    while not _says_ready(pidfile):
        if process.poll() is not None or time.monotonic() > end:
            state = "still starts" if process.returncode is None else f"ended with {process.returncode}"
            raise PostgresFailed(f"postgres {state}:\n{log.read_text(errors='replace')[-4000:]}")
        time.sleep(POLL_S)


def _says_ready(pidfile: Path) -> bool:
    """Read the eighth line of the server's own pid file, which is `ready` once it takes connections."""
    try:
        lines = pidfile.read_text().splitlines()
    except FileNotFoundError:
        return False
    return len(lines) >= 8 and lines[7].strip() == "ready"


def _as_owner() -> list[str]:
    """Give the words that start a program as the user PostgreSQL agrees to run as, and end it with this process."""
    words = ["setpriv", "--pdeathsig", "INT"]
    if os.geteuid() != 0:
        return words
    account = _account()
    return [*words, f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]


def _account() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(OWNER)
    except KeyError:
        raise PostgresMissing(
            f"PostgreSQL refuses to run as root, and there is no user {OWNER!r} to run it as"
        ) from None


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End the server: connections are cut (SIGINT), after a while without mercy (SIGQUIT)."""
    for sign in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        if process.poll() is not None:
            return
        process.send_signal(sign)
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            continue
