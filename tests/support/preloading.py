"""Lends the program to others as a process that has loaded it: `python -m tests.support.preloading ADDRESS`.

A server loads for a second before it does anything, and the suites start several hundred. This process loads once all
that `unisono` may need and is forked for each start: from there on a fork is what a start by the shell is, with a
process of its own, the environment and the words that were asked for. One connection is one program. Its request is a
line of JSON with the words and the environment, and beside it goes the file to write to; answered are its process id
and, at its end, how it ended. What is forked ends with its connection and with this process, and this one with whoever
started it.
"""

import ctypes
import gc
import importlib
import json
import os
import pkgutil
import selectors
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

import unisono
from unisono.stores.sql.calls import CallStatements
from unisono.stores.sql.compiled import made_for
from unisono.stores.sql.erasures import ErasureStatements
from unisono.stores.sql.policy import PolicyStatements
from unisono.stores.sql.requests import RequestStatements
from unisono.stores.sql.session_statements import SessionStatements
from unisono.stores.sql.sqlite import DIALECT
from unisono.stores.sql.statements import Statements

PIECE_BYTES: Final = 1 << 16
PR_SET_PDEATHSIG: Final = 1
NOT_HERE: Final = ("unisono.__main__", "unisono.stores.sql.migrations.")
"""What does something as it is loaded."""
BESIDE: Final = ("alembic.command", "alembic.runtime.migration", "sqlalchemy.dialects.sqlite.pysqlite")
"""What is loaded by its name, when it is needed."""


def load_all() -> None:
    """Load all that the program may load, which starts nothing, and make what its stores ask."""
    for module in pkgutil.walk_packages(unisono.__path__, "unisono."):
        if not module.name.startswith(NOT_HERE):
            importlib.import_module(module.name)
    for name in BESIDE:
        importlib.import_module(name)
    for make in (Statements, SessionStatements, PolicyStatements, RequestStatements, CallStatements, ErasureStatements):
        made_for(DIALECT, make)
    assert threading.active_count() == 1, "a fork has one thread only"
    gc.collect()
    # What is there for good is not looked through in each fork again.
    gc.freeze()


@dataclass
class Preloading:
    """Waits for requests and for the ends of those that were forked."""

    listener: socket.socket
    _selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)
    _askers: set[socket.socket] = field(default_factory=set)

    def run(self) -> list[str] | None:
        """Serve until nobody is left who asks; in a fork give the words of its program."""
        self._selector.register(sys.stdin, selectors.EVENT_READ, lambda: None)
        self._selector.register(self.listener, selectors.EVENT_READ, self._accept)
        while True:
            for key, _ in self._selector.select():
                # Nothing is ever said there: it is closed when whoever started us is gone.
                if key.fileobj is sys.stdin:
                    return None
                answer: Callable[[], list[str] | None] = key.data
                words = answer()
                if words is not None:
                    return words

    def _accept(self) -> list[str] | None:
        asker, _ = self.listener.accept()
        asked = _heard(asker)
        if asked is None:
            asker.close()
            return None
        out, words, environment = asked
        self._askers.add(asker)
        me = os.getpid()
        pid = os.fork()
        if pid == 0:
            self._forget()
            _become(out, me, environment)
            return words
        os.close(out)
        _tell(asker, pid)
        ended = os.pidfd_open(pid)
        self._selector.register(ended, selectors.EVENT_READ, lambda: self._bury(asker, ended, pid))
        # Nothing is said there any more: who closes it wants no program any more.
        self._selector.register(asker, selectors.EVENT_READ, lambda: self._abandon(asker, ended))
        return None

    def _abandon(self, asker: socket.socket, ended: int) -> None:
        self._selector.unregister(asker)
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(ended, signal.SIGKILL)

    def _bury(self, asker: socket.socket, ended: int, pid: int) -> None:
        for file in (ended, asker):
            with suppress(KeyError):
                self._selector.unregister(file)
        os.close(ended)
        _, status = os.waitpid(pid, 0)
        self._askers.discard(asker)
        with asker:
            _tell(asker, os.waitstatus_to_exitcode(status))

    def _forget(self) -> None:
        """Let go of files: what is collected later must not close others of the same numbers."""
        self._selector.close()
        for one in (self.listener, *self._askers):
            one.detach()


def _heard(asker: socket.socket) -> tuple[int, list[str], dict[str, str]] | None:
    """Give what is asked for: the file to write to, the words, the environment. None where the asker is gone."""
    files: list[int] = []
    try:
        text, files, *_ = socket.recv_fds(asker, PIECE_BYTES, 1)
        while not text.endswith(b"\n"):
            piece = asker.recv(PIECE_BYTES)
            text += piece or b"\n"
        asked = json.loads(text)
        return files[0], asked["words"], asked["environment"]
    except (OSError, ValueError, IndexError):
        for file in files:
            os.close(file)
        return None


def _tell(asker: socket.socket, number: int) -> None:
    with suppress(OSError):
        asker.send(f"{number}\n".encode())


def _become(out: int, parent: int, environment: dict[str, str]) -> None:
    """Have what a program has that was started: its own files, environment and answers to signals."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    for number, file in ((0, nothing), (1, out), (2, out)):
        os.dup2(file, number)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    signal.signal(signal.SIGINT, signal.default_int_handler)


def main() -> None:
    """Load, listen, and be one of the programs where that is what came of it."""
    # A key press at the terminal is meant for those that were forked.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(f"\0{sys.argv[1]}")
        listener.listen()
        load_all()
        words = Preloading(listener).run()
        if words is None:
            return
    from unisono.cli import main as program

    sys.argv = words
    program()


if __name__ == "__main__":
    main()
