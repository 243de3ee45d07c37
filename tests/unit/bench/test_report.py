"""What is shown and what is kept."""

import json
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from bench.figures import Figure
from bench.report import number, print_summary, table_of, write

MISSED = Figure("fan-out", 1.234, "µs", "C", 2.5, goal="ratio below 2", is_met=False)
PLAIN = Figure("logins", 1234.5, "1/s", note="2 of 3 runs disturbed, left out")


def shown(figures: list[Figure]) -> str:
    console = Console(file=StringIO(), width=160, color_system=None)
    console.print(table_of("(a)", figures))
    print_summary(console, figures)
    output = console.file
    assert isinstance(output, StringIO)
    return output.getvalue()


def test_the_table_says_value_ratio_and_verdict() -> None:
    text = shown([MISSED, PLAIN])
    assert all(word in text for word in ("fan-out", "1.23", "2.50", "missed", "1,234", "disturbed"))


def test_the_summary_names_the_goals_that_were_missed() -> None:
    text = shown([MISSED, PLAIN])
    assert "goals: 0 of 1 met" in text
    assert "missed: fan-out: 1.23 µs, ratio 2.50 against C (goal: ratio below 2)" in text


def test_the_file_is_a_list_of_figures(tmp_path: Path) -> None:
    path = tmp_path / "out" / "latest.json"
    write([MISSED, PLAIN], path)
    first, second = json.loads(path.read_text())
    assert {key: first[key] for key in ("name", "value", "unit", "compared_with", "ratio")} == {
        "name": "fan-out",
        "value": 1.234,
        "unit": "µs",
        "compared_with": "C",
        "ratio": 2.5,
    }
    assert second["compared_with"] is None


@pytest.mark.parametrize(
    ("value", "text"), [(12345.6, "12,346"), (123.4, "123"), (12.34, "12.3"), (1.234, "1.23"), (-0.5, "-0.50")]
)
def test_numbers_have_about_three_digits(value: float, text: str) -> None:
    assert number(value) == text
