"""Reads what strace saw, and says whether an acknowledgement ever overtook the disk."""

import json
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

TRACED: Final = "pwrite64,fdatasync,fsync,write,writev,sendto,sendmsg"
LINE: Final = re.compile(r"(?P<pid>\d+)\s+(?P<name>\w+)\((?P<rest>.*)$", re.DOTALL)
RESUMED: Final = re.compile(r"(?P<pid>\d+)\s+<\.\.\. (?P<name>\w+) resumed>(?P<rest>.*)$", re.DOTALL)
RESULT: Final = re.compile(r"\)\s+= (-?\d+)")
STRING: Final = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
TARGET: Final = re.compile(r"^\d+<([^>]*)>")
UNFINISHED: Final = "<unfinished ...>"
REPLY: Final = b'{"is":"reply"'


def strace(output: Path) -> list[str]:
    """Give the words that run a program under strace. A machine without it cannot prove the order, and fails."""
    program = shutil.which("strace")
    assert program is not None, "the order of system calls needs strace: apt-get install strace"
    return [program, "-f", "-qq", "-yy", "-xx", "-s", "1000000", "-e", f"trace={TRACED}", "-o", str(output)]


@dataclass(slots=True)
class Call:
    """One system call: which line it began and ended at, on what, with which bytes. `ended` is -1 if it never did."""

    name: str
    target: str
    content: bytes
    began: int
    ended: int = -1
    result: int = -1


def read_calls(lines: Iterable[str]) -> list[Call]:
    """Read a trace, in the order in which calls began."""
    calls: list[Call] = []
    open_calls: dict[str, Call] = {}
    for number, line in enumerate(lines):
        if (resumed := RESUMED.match(line)) is not None:
            call = open_calls.pop(resumed["pid"], None)
            if call is not None:
                call.ended, call.result = number, _result(resumed["rest"])
        elif (begun := LINE.match(line)) is not None:
            call = _begin(begun["name"], begun["rest"], number)
            calls.append(call)
            if UNFINISHED in line:
                open_calls[begun["pid"]] = call
            else:
                call.ended, call.result = number, _result(begun["rest"])
    return calls


def overtaking(calls: Iterable[Call], marks: Mapping[tuple[str, int], bytes]) -> Iterator[str]:
    """Name each acknowledgement that left before its message was on the disk.

    `marks` has, by stream and seq, bytes that stand in that message alone. On the disk is what was written to the
    write-ahead log before a sync of it began that had ended when the acknowledgement's write began.
    """
    calls = tuple(calls)
    safe_at = {place: _safe_at(calls, mark) for place, mark in marks.items()}
    acknowledged_at = dict(_acknowledgements(calls))
    for place in marks:
        sent, safe = acknowledged_at.get(place), safe_at[place]
        if sent is None:
            yield f"{place}: no acknowledgement was seen"
        elif safe is None:
            yield f"{place}: acknowledged at line {sent}, never synced"
        elif sent < safe:
            yield f"{place}: acknowledged at line {sent}, synced at line {safe}"


def _begin(name: str, rest: str, number: int) -> Call:
    target = TARGET.match(rest)
    content = bytes.fromhex("".join(STRING.findall(rest)).replace("\\x", ""))
    return Call(name, _unescaped(target[1]) if target is not None else "", content, number)


def _unescaped(path: str) -> str:
    return re.sub(r"\\x([0-9a-f]{2})", lambda code: chr(int(code[1], 16)), path)


def _result(rest: str) -> int:
    found = RESULT.search(rest)
    return int(found[1]) if found is not None else -1


def _safe_at(calls: tuple[Call, ...], mark: bytes) -> int | None:
    written = next(
        (call for call in calls if call.name == "pwrite64" and call.target.endswith("-wal") and mark in call.content),
        None,
    )
    if written is None or written.ended < 0:
        return None
    syncs = (call for call in calls if call.name in {"fdatasync", "fsync"} and call.target == written.target)
    return min((sync.ended for sync in syncs if sync.began > written.ended and sync.result == 0), default=None)


def _acknowledgements(calls: tuple[Call, ...]) -> Iterator[tuple[tuple[str, int], int]]:
    """Give each place told on a socket, with the line where the first telling began."""
    told: set[tuple[str, int]] = set()
    for call in calls:
        if "TCP" not in call.target:
            continue
        for answer in _answers(call.content):
            place = (answer.get("stream", ""), answer.get("seq", 0))
            if answer.get("kind") == "placed" and place not in told:
                told.add(place)
                yield place, call.began


def _answers(content: bytes) -> Iterator[dict[str, Any]]:
    decoder = json.JSONDecoder()
    at = content.find(REPLY)
    while at >= 0:
        reply, _ = decoder.raw_decode(content[at:].decode(errors="replace"))
        yield reply["answer"]
        at = content.find(REPLY, at + 1)
