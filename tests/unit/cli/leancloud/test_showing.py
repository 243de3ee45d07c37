"""What an import shows fits the terminal, says what it counts, and says it once where there is none."""

import io
from typing import Any

import pytest
from rich.console import Console

from unisono.cli.leancloud.showing import Screen, amount, show_report, show_result, span

STEPS = [
    ("Conversations of _Conversation.0.jsonl", 32_029_848, "bytes"),
    ("Messages to the server", 2_000_000, "messages"),
]
KINDS = ("group", "room", "service", "temporary")
COUNTS = ("conversations", "messages", "recalled", "members", "managers", "muted", "silenced", "blocked", "unread")


def terminal(width: int) -> tuple[Console, io.StringIO]:
    file = io.StringIO()
    return Console(file=file, width=width, force_terminal=True, color_system=None, highlight=False), file


def last_frame(text: str) -> list[str]:
    """Give the lines as they stand in the end, without what moves the cursor."""
    lines = [line.rpartition("\x1b[2K")[2].replace("\x1b[?25h", "").rstrip() for line in text.splitlines()]
    return [line for line in lines if line]


@pytest.mark.parametrize(("width", "shown"), [(80, "1,234,567 messages"), (120, "1,234,567 of 2,000,000 messages")])
def test_a_bar_is_one_line_that_says_how_much_of_what_is_done(
    width: int, shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    now_s = 0.0
    monkeypatch.setattr("time.monotonic", lambda: now_s)
    console, file = terminal(width)
    with Screen(console) as screen:
        for name, total, unit in STEPS:
            screen.begin(name, total, unit)
            now_s += 157.6
            screen.reach(1_234_567 if unit == "messages" else total)
        screen._progress.refresh()
        lines = last_frame(file.getvalue())
        assert max(map(len, lines)) <= width
        assert (shown in lines[-1], "7,834/s · 1 min 38 s left" in lines[-1]) == (True, True)
        assert lines[-2].endswith("32.03 MB in 2 min 38 s")
        screen.finish()


def test_nothing_is_said_of_a_pace_before_anything_was_done() -> None:
    console, file = terminal(120)
    with Screen(console) as screen:
        screen.begin("Messages to the server", 10, "messages")
    assert "/s" not in file.getvalue()


def test_without_a_terminal_a_line_is_written_now_and_then(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now_s = 0.0
    monkeypatch.setattr("time.monotonic", lambda: now_s)
    with Screen(Console(file=io.StringIO(), width=80)) as screen:
        screen.begin("Messages to the server", 2_000, "messages", 500)
        for _ in range(25):
            now_s += 1
            screen.reach(500 + round(now_s) * 10)
    assert capsys.readouterr().err.splitlines() == [
        "Messages to the server: 600 of 2,000 messages, 10/s · 2 min 20 s left",
        "Messages to the server: 700 of 2,000 messages, 10/s · 2 min 10 s left",
    ]


def report(kinds: tuple[str, ...], count: int) -> dict[str, Any]:
    return {"kinds": {kind: dict.fromkeys(COUNTS, count) for kind in kinds}, "hash": "f" * 64}


def test_a_report_of_all_kinds_fits_eighty_columns_and_adds_up() -> None:
    console, file = terminal(80)
    show_report(console, report(KINDS, 2_000_000))
    lines = [line.rstrip() for line in file.getvalue().splitlines()]
    assert max(map(len, lines)) <= 80
    assert [line.split()[0] for line in lines if "8,000,000" in line] == list(COUNTS)
    assert f"  hash  {'f' * 64}" in lines
    console, file = terminal(80)
    show_report(console, report((), 0))
    assert "Nothing is here yet." in file.getvalue()
    console, file = terminal(80)
    show_report(console, report(("group",), 0))
    assert file.getvalue().split()[:3] == ["Here", "now", "group"]
    assert file.getvalue().split()[3] == "conversations"


def test_a_result_says_what_was_done_and_what_was_left_out() -> None:
    taken = dict.fromkeys(
        ("new", "changed", "same", "standing_placed", "standing_known", "placed", "known", "moved"), 1_234
    )
    console, file = terminal(80)
    told = {"taken": taken, "not_taken": {"conversation_unknown": 3, "unknown_code": 1}, "report": report(KINDS, 1)}
    show_result(console, told, "import-leancloud/not-taken.jsonl")
    text = file.getvalue()
    assert max(map(len, text.splitlines())) <= 80
    for part in (
        "1,234 new · 1,234 were so already",
        "3  conversation_unknown",
        "each in import-leancloud/not-taken.jsonl",
    ):
        assert part in text
    console, file = terminal(80)
    show_result(console, told | {"not_taken": {}, "taken": taken | {"standing_placed": 0, "standing_known": 0}}, None)
    assert ("Everything was taken over." in file.getvalue(), "Roles" in file.getvalue()) == (True, False)


def test_amounts_and_times_are_told_as_people_do() -> None:
    assert [amount(1_500_000, "MB"), amount(91_600, "kB"), amount(1_234.4, "messages")] == [
        "1.50 MB",
        "92 kB",
        "1,234 messages",
    ]
    assert [span(seconds) for seconds in (0.4, 59.4, 61, 3_725)] == ["0 s", "59 s", "1 min 01 s", "1 h 02 min"]
