"""Where a chat is shown and lines come from: a terminal with an input line of its own, or a pipe."""

import asyncio
import os
import stat
import sys
from collections.abc import AsyncIterator, Callable
from typing import Final, Protocol, TextIO

from prompt_toolkit import PromptSession
from prompt_toolkit.formatted_text import FormattedText
from prompt_toolkit.patch_stdout import patch_stdout
from prompt_toolkit.shortcuts import print_formatted_text
from prompt_toolkit.styles import Style

from unisono.cli.transcript import Line

LINE_MAX_BYTES: Final = 1 << 20

_STYLE: Final = Style.from_dict(
    {
        "dim": "ansibrightblack",
        "own": "ansigreen bold",
        "other": "ansicyan bold",
        "warn": "ansiyellow",
        "strong": "bold",
        "plain": "",
        "prompt": "ansigreen bold",
        "bottom-toolbar": "noreverse ansibrightblack",
    }
)


class Terminal(Protocol):
    """What a chat needs to show itself."""

    def show(self, line: Line) -> None:
        """Print a line above the input."""

    def lines(self) -> AsyncIterator[str]:
        """Give what is typed, line by line, until there is no more."""


class ScreenTerminal:
    """A real terminal: the line being typed stays below whatever arrives."""

    def __init__(self, prompt: str, status: Callable[[], str]) -> None:
        self._prompt: Final = prompt
        self._session: Final = PromptSession[str](
            erase_when_done=True, style=_STYLE, bottom_toolbar=lambda: FormattedText([("", status())])
        )

    def show(self, line: Line) -> None:
        """Print above the input line."""
        print_formatted_text(FormattedText([(f"class:{style}", text) for style, text in line]), style=_STYLE)

    async def lines(self) -> AsyncIterator[str]:
        """Give what is typed; ends at Ctrl-D and Ctrl-C."""
        prompt = FormattedText([("class:prompt", self._prompt)])
        with patch_stdout(raw=True):
            while True:
                try:
                    yield await self._session.prompt_async(prompt, refresh_interval=1.0)
                except (EOFError, KeyboardInterrupt):
                    return


class PipeTerminal:
    """Plain lines in and out, for scripts."""

    def __init__(self, source: TextIO, target: TextIO) -> None:
        self._source: Final = source
        self._target: Final = target

    def show(self, line: Line) -> None:
        """Print at once, without colours."""
        print("".join(text for _, text in line), file=self._target, flush=True)

    async def lines(self) -> AsyncIterator[str]:
        """Give the lines of the input until its end."""
        if not _makes_wait(self._source):
            for line in self._source:
                yield line.rstrip("\n")
            return
        reader = asyncio.StreamReader(limit=LINE_MAX_BYTES)
        loop = asyncio.get_running_loop()
        pipe, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), self._source)
        try:
            while line_bytes := await reader.readline():
                yield line_bytes.decode(errors="replace").rstrip("\n")
        finally:
            pipe.close()


def terminal_for(prompt: str, status: Callable[[], str]) -> Terminal:
    """Give what suits the program's input and output."""
    if sys.stdin.isatty() and sys.stdout.isatty():
        return ScreenTerminal(prompt, status)
    return PipeTerminal(sys.stdin, sys.stdout)


def _makes_wait(source: TextIO) -> bool:
    """Say if its next line may be long in coming: so with a pipe or terminal, but not with a file."""
    try:
        mode = os.fstat(source.fileno()).st_mode
    except OSError:
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or stat.S_ISCHR(mode)
