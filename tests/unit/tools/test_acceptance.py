"""The acceptance page can be read, agrees with its own summary, and a malformed one is refused."""

from collections import Counter

import pytest

from tools.acceptance import CLASSES, PAGE, SYSTEMS, MalformedPageError, read_rows
from tools.sources import ROOT

HEADER = "| ID | Acceptance | Class |\n|---|---|---|\n"
SUMMARY = {
    "T": "Turms: shared context",
    "E": "Easemob: several devices",
    "M": "mesibo: tabs and windows",
    "L": "LeanCloud: JS realtime SDK v3",
    "S": "Sente: client and user ids",
    "X": "Between sources",
}


def test_the_page_agrees_with_its_own_summary() -> None:
    page = (ROOT / PAGE).read_text()
    counts = Counter((row.system, row.kind) for row in read_rows(page).values())
    for system, title in SUMMARY.items():
        figures = [counts[system, kind] for kind in ("core", "compat", "decide", "doc")]
        line = f"| {title} | {sum(figures)} | {' | '.join(map(str, figures))} |"
        assert line in page


def test_no_number_is_left_out_on_the_page() -> None:
    rows = read_rows((ROOT / PAGE).read_text())
    for system in SYSTEMS:
        numbers = [int(name[1:]) for name in rows if name.startswith(system)]
        assert numbers == list(range(1, len(numbers) + 1))


def test_a_row_has_its_class_and_its_statement() -> None:
    row = read_rows(f"{HEADER}| T7 | Given a \\| b, then c. | core |\n")["T7"]
    assert (row.system, row.kind, row.statement) == ("T", "core", "Given a \\| b, then c.")


def test_claims_and_decisions_are_rows_too() -> None:
    rows = read_rows(
        "| No | Capability | Claim, as it will be tested |\n|---|---|---|\n| D1 | a | b |\n\n"
        "| No | Point | Proposal |\n|---|---|---|\n| Q1 | c | d |\n"
    )
    assert [(row.kind, row.statement) for row in rows.values()] == [("beyond", "b"), ("decision", "d")]


@pytest.mark.parametrize(
    ("page", "words"),
    [
        (f"{HEADER}| T1 | a | core |\n| T1 | b | core |\n", "twice"),
        (f"{HEADER}| Z1 | a | core |\n", "no system"),
        (f"{HEADER}| T1 | a | sure |\n", "no class"),
        ("| ID | Class |\n|---|---|\n| T1 | core |\n", "no column"),
    ],
)
def test_a_malformed_page_is_refused(page: str, words: str) -> None:
    with pytest.raises(MalformedPageError, match=words):
        read_rows(page)


def test_the_classes_are_explained_on_the_page() -> None:
    page = (ROOT / PAGE).read_text()
    assert all(f"| {kind} |" in page for kind in CLASSES)
