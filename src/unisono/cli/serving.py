"""`unisono serve`: start, say what to do next, stop in good order."""

import asyncio
import errno
import gc
import resource
import signal
import sys
from collections.abc import Coroutine
from typing import Any, Final

import uvloop

from unisono.cli.banner import Ink, Scene, banner
from unisono.cli.failing import Exit, Failure
from unisono.domain.errors import UnisonoError
from unisono.identity.faults import UnusableIdentityError
from unisono.server import Running, running
from unisono.settings import Settings

SWITCH_INTERVAL_S: Final = 0.0005
"""How long a busy thread keeps the interpreter from another. SQLite gives it up at each step: with Python's own 5 ms
the writer's thread did 3,600 inserts a second beside a busy one, with this 14,000."""


def serve(settings: Settings, scene: Scene) -> None:
    """Serve until SIGTERM or Ctrl-C; a second one stops at once.

    Raises:
        Failure: It cannot start.
    """
    _allow_many_connections()
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    try:
        _run(_serve(settings, scene))
    except (OSError, UnusableIdentityError, UnisonoError, ExceptionGroup) as problem:
        failure = _failure(_first(problem), settings)
        if failure is None:
            raise
        raise failure from None


def _run(main: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main)


async def _serve(settings: Settings, scene: Scene) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with running(settings) as server:
        print(banner(server.url, settings, scene, Ink(is_on=sys.stdout.isatty())), flush=True)  # noqa: T201  (a program that speaks)
        # What is here now stays for good: nothing is gained by looking through it again and again.
        gc.collect()
        gc.freeze()
        await stop.wait()
        await _drain(server)


async def _drain(server: Running) -> None:
    """Say goodbye to the clients, unless told again to stop."""
    again = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, again.set)
    async with asyncio.TaskGroup() as tasks:
        hurried = tasks.create_task(again.wait())
        draining = tasks.create_task(_finish(server))
        await asyncio.wait((hurried, draining), return_when=asyncio.FIRST_COMPLETED)
        hurried.cancel()
        draining.cancel()


async def _finish(server: Running) -> None:
    await server.drain()


def _first(problem: Exception) -> Exception:
    """Give the problem, out of the groups that tasks put it into."""
    while isinstance(problem, ExceptionGroup):
        problem = problem.exceptions[0]
    return problem


def _failure(problem: Exception, settings: Settings) -> Failure | None:
    """Say why the server cannot start; None for a defect."""
    # Not with `except*`: Python 3.11.2, which is Debian's, puts what is raised there into a group again.
    match problem:
        case OSError():
            return _start_failure(problem, settings)
        case UnusableIdentityError():
            return Failure(str(problem), exit_code=Exit.CONFIGURATION)
        case UnisonoError():
            return Failure(f"the store cannot be opened: {problem}")
        case _:
            return None


def _start_failure(problem: OSError, settings: Settings) -> Failure:
    server = settings.server
    where = f"{server.host}:{server.port}"
    number = problem.errno
    if number == errno.EADDRINUSE:
        return Failure(f"{where} is taken by another program", hint="choose another port with --port, or --port 0")
    if number == errno.EACCES and server.port < 1024:
        return Failure(f"{where} may not be used by this user", hint="choose a port above 1023 with --port")
    return Failure(f"cannot start on {where}: {problem}")


def _allow_many_connections() -> None:
    """Take as many open files as the system gives this process: each connection is one."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
