"""Reading exports, of any size: the console's JSON (`{"results": [...]}`), JSON Lines, and either of them packed."""

import gzip
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final, Self, cast

import msgspec

from unisono.cli.failing import Exit, Failure

CHUNK: Final = 1 << 16
OBJECT_MAX_CHARS: Final = 16 << 20
"""The largest object that is waited for: none of LeanCloud's comes near it."""
_MAGIC: Final = b"\x1f\x8b"
_HEAD: Final = re.compile(r'(?:\{\s*"results"\s*:\s*)?\[')
_BETWEEN: Final = re.compile(r"[\s,]*")

Fields = dict[str, object]


class Export:
    """A file of objects. `read_bytes` of `size_bytes` are behind us, of the file as it lies there."""

    def __init__(self, path: Path) -> None:
        self.path: Final = path
        try:
            self._file: BinaryIO = path.open("rb")
            self.size_bytes: Final = path.stat().st_size
        except OSError as problem:
            raise Failure(f"cannot read {path}: {problem.strerror}", exit_code=Exit.USAGE) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    @property
    def read_bytes(self) -> int:
        """Say how far it was read."""
        return self._file.tell()

    @property
    def stamp(self) -> str:
        """Name this state of the file: another one when it was written to."""
        return f"{self.path.resolve()}:{self.size_bytes}:{self.path.stat().st_mtime_ns}"

    def objects(self) -> Iterator[Fields | None]:
        """Give one object after the other, None for a line that is none.

        Raises:
            Failure: What is no file of lines breaks off, or is no JSON.
        """
        is_packed = self._file.read(2) == _MAGIC
        self._file.seek(0)
        # Where it is packed, what unpacks it reads like a file.
        raw = cast("BinaryIO", gzip.GzipFile(fileobj=self._file)) if is_packed else self._file
        text = io.TextIOWrapper(raw, encoding="utf-8-sig", errors="replace")
        try:
            head = text.read(CHUNK)
            found = _HEAD.match(head.lstrip())
            if found is not None:
                yield from self._in_array(head.lstrip()[found.end() :], text)
            else:
                yield from _in_lines(head, text)
        except (EOFError, gzip.BadGzipFile, OSError) as problem:
            raise Failure(f"{self.path} breaks off: {problem}") from None
        finally:
            text.detach()

    def _in_array(self, buffer: str, text: io.TextIOWrapper) -> Iterator[Fields | None]:
        decode, at = json.JSONDecoder().raw_decode, 0
        wanted = CHUNK
        while True:
            between = _BETWEEN.match(buffer, at)
            at = at if between is None else between.end()
            if buffer.startswith("]", at):
                return
            try:
                value, at = decode(buffer, at)
                wanted = CHUNK
            except ValueError:
                more = text.read(wanted) if len(buffer) - at < OBJECT_MAX_CHARS else ""
                if not more:
                    raise Failure(f"{self.path} breaks off, or is no JSON") from None
                # A large object is not looked at again for each part that comes.
                buffer, at, wanted = buffer[at:] + more, 0, wanted * 2
                continue
            yield value if isinstance(value, dict) and _can_be_said(value) else None


def _can_be_said(value: object) -> bool:
    """Say if it can be written again: half a character cannot."""
    try:
        msgspec.json.encode(value)
    except ValueError:
        return False
    return True


def _in_lines(head: str, text: io.TextIOWrapper) -> Iterator[Fields | None]:
    for line in _lines(head, text):
        # The console begins with a line that says what the others are.
        if not line or line.startswith("#"):
            continue
        try:
            value = msgspec.json.decode(line)
        except (msgspec.DecodeError, RecursionError):
            yield None
        else:
            yield value if isinstance(value, dict) else None


def _lines(rest: str, text: io.TextIOWrapper) -> Iterator[str]:
    while True:
        *whole, rest = rest.split("\n")
        yield from (line.strip() for line in whole)
        more = text.read(CHUNK)
        if not more or len(rest) > OBJECT_MAX_CHARS:
            yield rest.strip()
            rest = ""
        if not more:
            return
        rest += more
