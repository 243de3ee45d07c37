"""`unisono import`: from the files and the API of LeanCloud to a report on what is here."""

import os
from pathlib import Path
from typing import Any, Final

import msgspec

from unisono.cli.failing import Failure
from unisono.cli.leancloud.bringing import Bar, Sources, bring
from unisono.cli.leancloud.showing import Screen, show_report, show_result
from unisono.cli.leancloud.spool import Spool
from unisono.cli.operating import Operator, patiently
from unisono.cli.printing import console, print_json

REPORT_DEADLINE_S: Final = 600.0
"""The longest conversation may take so long to be read."""
NOT_TAKEN: Final = "not-taken.jsonl"
COUNTED: Final = ("new", "changed", "same", "standing_placed", "standing_known", "placed", "known", "moved")


def import_leancloud(operator: Operator, sources: Sources, work: Path, *, as_json: bool) -> None:
    """Bring everything along, count what is here then, and forget how far it was.

    Raises:
        Failure: As for `bring`; what was done stays, and a later run goes on from there.
    """
    listed = work / NOT_TAKEN
    spool = Spool(work)
    try:
        with Screen() as screen:
            bring(operator, sources, spool, screen)
            conversations = spool.count_conversations()
            report = patiently(lambda: _report(operator, screen, conversations))
            screen.finish()
        told: dict[str, Any] = {
            "taken": {name: spool.number(name) for name in COUNTED},
            "not_taken": spool.count_notes(),
            "report": report,
        }
        _list_notes(spool, listed)
        spool.remove()
    finally:
        spool.close()
    if as_json:
        print_json(told)
    else:
        show_result(console(), told, str(listed))


def report_import(operator: Operator, *, as_json: bool) -> None:
    """Count what is here, to be compared with another server or an earlier time.

    Raises:
        Failure: It was refused, or broke off.
    """
    with Screen() as screen:
        report = patiently(lambda: _report(operator, screen, 0))
        screen.finish()
    if as_json:
        print_json(report)
    else:
        show_report(console(), report)


def _report(operator: Operator, bar: Bar, conversations: int) -> dict[str, Any]:
    bar.begin("Counting what is here", conversations, "conversations")
    last = b""
    for last in operator.lines("imports", "leancloud", "report", deadline_s=REPORT_DEADLINE_S):
        line = _read(last)
        if line.get("is") == "so_far":
            bar.reach(line["conversations"])
    total = _read(last)
    if total.pop("is", None) != "total":
        raise Failure("the report broke off", hint="try again; the server's log may say why")
    return total


def _read(line: bytes) -> dict[str, Any]:
    """Read a line; one that was cut says nothing."""
    try:
        return msgspec.json.decode(line, type=dict[str, Any])
    except msgspec.DecodeError:
        return {}


def _list_notes(spool: Spool, listed: Path) -> None:
    """Write what was not taken over, for its owner alone: it names users."""
    if not spool.count_notes():
        listed.unlink(missing_ok=True)
        return
    with open(listed, "wb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        file.writelines(msgspec.json.encode(note) + b"\n" for note in spool.notes())
