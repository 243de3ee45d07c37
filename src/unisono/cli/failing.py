"""How a command fails: a sentence, what to do about it, and an exit code that scripts can rely on."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import IntEnum
from typing import Final, TextIO


class Exit(IntEnum):
    """Exit codes of every command. 130 means that it was interrupted with Ctrl-C."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    CONFIGURATION = 3
    UNREACHABLE = 4
    NOT_LET_IN = 5
    NOT_FOUND = 6


MEANINGS: Final[Mapping[Exit, str]] = {
    Exit.DONE: "It was done.",
    Exit.FAILED: "It was refused, or did not work out.",
    Exit.USAGE: "The command line cannot be meant.",
    Exit.CONFIGURATION: "The configuration cannot be used.",
    Exit.UNREACHABLE: "The server cannot be reached.",
    Exit.NOT_LET_IN: "The token or admin key was not accepted.",
    Exit.NOT_FOUND: "There is no such thing.",
}


class Failure(Exception):
    """A command cannot go on. `hint` says what to do next."""

    def __init__(self, text: str, *, exit_code: Exit = Exit.FAILED, hint: str | None = None) -> None:
        super().__init__(text)
        self.exit: Final = exit_code
        self.hint: Final = hint

    def show(self, target: TextIO) -> None:
        """Tell it: in colour on a terminal."""
        mark, end = ("\x1b[31m", "\x1b[0m") if target.isatty() else ("", "")
        print(f"{mark}unisono: {self}{end}", file=target)
        if self.hint is not None:
            print(f"  {self.hint}", file=target)


class Busy(Failure):
    """The server has too much to do for now; after `retry_after_s` seconds it is worth another try."""

    def __init__(self, text: str, retry_after_s: float, *, exit_code: Exit = Exit.FAILED) -> None:
        super().__init__(text, exit_code=exit_code, hint="try again a little later")
        self.retry_after_s: Final = retry_after_s


CLIENT_PARTS: Final = frozenset({"unisono_sdk", "prompt_toolkit", "websockets", "msgpack"})


@contextmanager
def client_needed() -> Iterator[None]:
    """Import what only the extra `client` brings, while inside.

    Raises:
        Failure: It is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as missing:
        if missing.name is None or missing.name.partition(".")[0] not in CLIENT_PARTS:
            raise
        raise Failure(
            f"this command needs {missing.name}, which is not installed",
            exit_code=Exit.CONFIGURATION,
            hint="pip install 'unisono[client]'",
        ) from None


def of_code(code: str, message: str) -> Failure:
    """Give the failure for a refusal of the server, by its error code."""
    if code.startswith("token_") or code == "not_greeted":
        return Failure(message, exit_code=Exit.NOT_LET_IN)
    if code in ("not_found", "session_unknown"):
        return Failure(message, exit_code=Exit.NOT_FOUND)
    return Failure(message)
