"""Words that say too little: module names that could hold anything, promises without an issue, silenced checks."""

import re
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import Final

from tools.banned import MARKS, has_reason
from tools.sources import Offence, Source, main

FOLDERS: Final = ("src", "sdk", "tools", "bench", "tests")
CODE: Final = (".py", ".ts", ".tsx", ".c", ".h", ".sh")
EMPTY: Final = frozenset(
    {"utils", "util", "helpers", "helper", "common", "manager", "managers", "misc", "data", "info", "stuff"}
)
OPEN: Final = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b(?P<issue>\s*\(#\d+\))?")
LINE_COMMENT: Final = re.compile(r"(?://|/\*|^\s*\*|#)(?P<comment>.*)")


def offences(sources: Sequence[Source]) -> Iterator[Offence]:
    """Find names that name nothing, and comments that put something off or silence a check without a reason."""
    for source in sources:
        if source.is_below(*FOLDERS) and source.path.endswith(CODE):
            yield from _in_path(source)
            for line, comment in comments(source):
                faults = [*_put_off(comment), *([] if source.is_below("tests") else _silenced(comment))]
                yield from (Offence(source.path, line, text) for text in faults)


def comments(source: Source) -> Iterator[tuple[int, str]]:
    """Give the comments of a source file with their lines."""
    if source.is_python:
        yield from source.comments.items()
        return
    for number, line in enumerate(source.text.splitlines(), start=1):
        if found := LINE_COMMENT.search(line):
            yield number, found["comment"]


def _in_path(source: Source) -> Iterator[Offence]:
    names = (part.partition(".")[0] for part in PurePosixPath(source.path).parts)
    for name in names:
        if name.removeprefix("test_").strip("_") in EMPTY:
            yield Offence(source.path, 1, f"{name!r} could hold anything: name the concept, or put it where it is used")


def _put_off(comment: str) -> Iterator[str]:
    for found in OPEN.finditer(comment):
        if found[1] != "TODO" or not found["issue"]:
            yield f"{found[1]} needs an issue to live in: TODO(#12)"


def _silenced(comment: str) -> Iterator[str]:
    if MARKS.match(comment) and not has_reason(comment):
        yield "a silenced check needs its reason behind it"


if __name__ == "__main__":
    main(offences)
