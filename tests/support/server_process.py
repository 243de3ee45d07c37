"""The real server as a program of its own: started, killed, started again, and always ended."""

import asyncio
import ctypes
import os
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import aiohttp

from tests.support.fresh_schema import lay
from tests.support.preloaded import Preloaded, begin

START_TIMEOUT_S: Final = 30
STOP_TIMEOUT_S: Final = 30
READY_POLL_S: Final = 0.005
METRIC_POLL_S: Final = 0.05
ADDRESS: Final = re.compile(rb"(?:http|ws)s?://127\.0\.0\.1:(\d+)")
SUSPICIOUS: Final = ("Traceback (most recent call last)", "was never awaited", "was never retrieved", "level=error")
OF_THE_MACHINE: Final = ("event=loop_lagged",)
"""What a busy machine does to a server, and says nothing about it."""
PR_SET_PDEATHSIG: Final = 1
LOADERS: Final = ("LD_", "PYTHON", "MALLOC_", "LANG", "LC_", "OPENSSL_", "SSL_")

TEST_CONFIG: Final = """
[rates]
commands_per_s = 1000000.0
commands_burst = 1000000
logins_per_s = 1000000.0
logins_burst = 1000000
resumes_per_s = 1000000.0
resumes_burst = 1000000
handshakes_per_s = 1000000.0
handshakes_burst = 1000000
strays_per_s = 1000000.0
strays_burst = 1000000

[limits]
visitors_per_address = 100000
connections_per_address = 100000
handshakes_per_s = 100000
"""


class ServerProcess:
    """`unisono serve` on a free port, which it keeps over restarts on the same data.

    Use as an async context manager. `starts_s` has the time from the start of each process to its first ready answer.
    Log lines of all its lives are in `log`. What `makes_schema` begins without any file, as a first start of all does;
    what `loads_itself` is started as people start it, and is not forked from what has loaded the program already.
    """

    def __init__(
        self,
        data: Path,
        *,
        config: str = TEST_CONFIG,
        environment: Mapping[str, str] | None = None,
        wrapper: Sequence[str] = (),
        is_dev: bool = True,
        makes_schema: bool = False,
        loads_itself: bool = False,
    ) -> None:
        self.data = data
        if not makes_schema:
            lay(data)
        self.port = 0
        self.starts_s: list[float] = []
        self.environment = dict(environment or {})
        self.wrapper = list(wrapper)
        # What these ask for is done by the loader and by Python, long before the program begins.
        self._loads_itself = loads_itself or bool(wrapper) or any(name.startswith(LOADERS) for name in self.environment)
        self.log = bytearray()
        self._config = data.with_name(data.name + ".toml")
        self._config.write_text(config)
        self._is_dev = is_dev
        self._process: asyncio.subprocess.Process | Preloaded | None = None
        self._pumps: asyncio.TaskGroup | None = None
        self._announced: asyncio.Future[int] | None = None

    @property
    def pid(self) -> int:
        """Give the process id of the program started, the wrapper's if there is one."""
        assert self._process is not None
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """Give how the last life ended; None while it lasts."""
        return self._process.returncode if self._process is not None else None

    @property
    def text(self) -> str:
        """Give what was written to stdout and stderr so far."""
        return self.log.decode(errors="replace")

    def configure(self, config: str) -> None:
        """Use other settings from the next start on."""
        self._config.write_text(config)

    async def start(self) -> float:
        """Start, wait until it is ready, and give how long that took.

        Raises:
            AssertionError: It ended instead, or was not ready in time.

        """
        begun_s = time.monotonic()
        self._announced = asyncio.get_running_loop().create_future()
        environment = _own_environment() | self.environment
        if self._loads_itself:
            self._process = await _started([*self.wrapper, *self._command()], environment)
        else:
            self._process = await begin(self._command(), environment)
        assert self._pumps is not None, "use the server as a context manager"
        self._pumps.create_task(self._pump(self._process))
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                self.port = await self._announced
                await self._wait_ready()
        except TimeoutError:
            raise AssertionError(f"not ready after {START_TIMEOUT_S} s:\n{self.text[-4000:]}") from None
        self.starts_s.append(time.monotonic() - begun_s)
        return self.starts_s[-1]

    async def kill(self) -> None:
        """End it as a crash does, and wait until it is gone."""
        await self._end(signal.SIGKILL)

    async def terminate(self) -> int:
        """Ask it to stop in good order; give its exit code."""
        await self._end(signal.SIGTERM)
        assert self._process is not None
        assert self._process.returncode is not None
        return self._process.returncode

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal, without waiting for anything."""
        with suppress(ProcessLookupError):
            if self._process is not None and self._process.returncode is None:
                os.kill(self._server_pid(), number)

    async def wait_ended(self) -> int:
        """Wait for the end of the process; give its exit code."""
        assert self._process is not None
        async with asyncio.timeout(STOP_TIMEOUT_S):
            return await self._process.wait()

    async def metric(self, name: str) -> float:
        """Give a metric by its name and labels as Prometheus writes them; 0 when there is none yet."""
        return (await self.metrics()).get(name, 0.0)

    async def metrics(self) -> dict[str, float]:
        """Give all metrics by their names and labels as Prometheus writes them, and added up by their names alone."""
        async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{self.port}/metrics") as response:
            lines = (await response.text()).splitlines()
        found: dict[str, float] = {}
        for name, _, value in (line.rpartition(" ") for line in lines if not line.startswith("#")):
            found[name] = float(value)
            if name.partition("{")[0] != name:
                whole = name.partition("{")[0]
                found[whole] = found.get(whole, 0.0) + float(value)
        return found

    async def wait_metric(self, name: str, at_least: float, timeout_s: float = 10.0) -> None:
        """Wait until a metric has come to a value."""
        async with asyncio.timeout(timeout_s):
            while True:
                if await self.metric(name) >= at_least:
                    return
                await asyncio.sleep(METRIC_POLL_S)

    def rss_bytes(self) -> int:
        """Give the memory that the server has in use."""
        pages = int(Path(f"/proc/{self._server_pid()}/statm").read_text().split()[1])
        return pages * resource.getpagesize()

    def own_bytes(self) -> int:
        """Give the memory in use that is the server's own; pages of the mapped database are the kernel's to drop."""
        return int(self._status("RssAnon").split()[0]) * 1024

    def threads(self) -> int:
        """Count the threads of the server."""
        return int(self._status("Threads"))

    def open_files(self) -> int:
        """Count the files and sockets that the server has open."""
        return sum(1 for _ in Path(f"/proc/{self._server_pid()}/fd").iterdir())

    def _status(self, name: str) -> str:
        lines = Path(f"/proc/{self._server_pid()}/status").read_text().splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith(name + ":"))

    def cpu_s(self) -> float:
        """Give the processor time that the server used."""
        fields = Path(f"/proc/{self._server_pid()}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def assert_clean_log(self, *allowed: str) -> None:
        """Fail when the log has a traceback or an error. `allowed` are parts of lines that are expected."""
        check_log(self.text, *allowed)

    async def __aenter__(self) -> Self:
        self._pumps = await asyncio.TaskGroup().__aenter__()
        try:
            await self.start()
        except BaseException as error:
            await self.__aexit__(type(error), error, error.__traceback__)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._pumps is not None
        try:
            if self.returncode is None and self._process is not None:
                await self.kill()
        finally:
            await self._pumps.__aexit__(None, None, None)

    def _command(self) -> list[str]:
        program = Path(sys.executable).with_name("unisono")
        where = ["--host", "127.0.0.1", "--port", str(self.port), "--data", str(self.data)]
        return [str(program), "serve", *(["--dev"] if self._is_dev else []), *where, "--config", str(self._config)]

    def _server_pid(self) -> int:
        """Give the server's own process id, below the wrapper."""
        if not self.wrapper:
            return self.pid
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return int(children[0]) if children else self.pid

    async def _end(self, number: signal.Signals) -> None:
        assert self._process is not None
        if self._process.returncode is None:
            self.send_signal(number)
        await self.wait_ended()

    async def _pump(self, process: asyncio.subprocess.Process | Preloaded) -> None:
        assert process.stdout is not None
        assert self._announced is not None
        announced = self._announced
        async for line in process.stdout:
            self.log += line
            if not announced.done() and (found := ADDRESS.search(line)):
                announced.set_result(int(found[1]))
        if not announced.done():
            announced.set_exception(AssertionError(f"the server ended at its start:\n{self.text[-4000:]}"))

    async def _wait_ready(self) -> None:
        async with aiohttp.ClientSession() as http:
            while self.returncode is None:
                try:
                    async with http.get(f"http://127.0.0.1:{self.port}/readyz") as response:
                        if response.status == 200:
                            return
                except aiohttp.ClientError:
                    pass
                await asyncio.sleep(READY_POLL_S)
        raise AssertionError(f"the server ended at its start:\n{self.text[-4000:]}")


def check_log(text: str, *allowed: str) -> None:
    """Fail when a log has a traceback or an error. `allowed` are parts of lines that are expected."""
    lines = text.splitlines()
    bad = [line for line in lines if any(word in line for word in SUSPICIOUS)]
    bad = [line for line in bad if not any(word in line for word in (*allowed, *OF_THE_MACHINE))]
    if bad:
        at = lines.index(bad[0])
        raise AssertionError("the log is not clean:\n" + "\n".join(lines[at : at + 25]))


def _own_environment() -> dict[str, str]:
    """Give our environment without settings: those are the test's to choose."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("UNISONO_")}
    return kept | {"PYTHONUNBUFFERED": "1"}


async def _started(command: Sequence[str], environment: Mapping[str, str]) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        preexec_fn=_die_with_parent,
    )


def _die_with_parent() -> None:
    """Have the kernel end the server when the test run is killed."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
