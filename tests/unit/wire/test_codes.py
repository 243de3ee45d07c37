"""One table from error code to close code, status and advice; docs/protocol/codes.md says the same."""

import re
from pathlib import Path

from unisono.domain import errors
from unisono.domain.errors import Displaced, LocalFault, leaves
from unisono.wire.codes import CODES, Advice, code_of

PAGE = (Path(__file__).parents[3] / "docs/protocol/codes.md").read_text(encoding="utf-8")
STANDARD = {1007, 1009, 1011, 1012}


def rows(first: str) -> dict[str, list[str]]:
    """Read the table of the page whose first column is called `first`, by that column."""
    table = re.search(rf"^\| {first} \|.*?\n\n", PAGE + "\n", re.MULTILINE | re.DOTALL)
    assert table is not None
    lines = [[cell.strip() for cell in line.strip("| ").split("|")] for line in table[0].strip().splitlines()[2:]]
    assert len({cells[0] for cells in lines}) == len(lines)
    return {cells[0]: cells[1:] for cells in lines}


def test_every_fault_has_a_row_and_no_row_is_left_over() -> None:
    assert set(CODES) == {leaf.code for leaf in leaves() if leaf.__module__ == errors.__name__}


def test_a_close_code_names_its_error_alone_and_is_one_that_may_be_sent() -> None:
    closes = [code.close for code in CODES.values()]
    assert len(set(closes)) == len(closes)
    assert all(close in STANDARD or 4000 <= close <= 4999 for close in closes)


def test_statuses_are_those_of_errors_and_ours_are_the_servers() -> None:
    for leaf in leaves():
        if leaf.code in CODES:
            assert (CODES[leaf.code].status >= 500) == issubclass(leaf, LocalFault)
            assert 400 <= CODES[leaf.code].status <= 599


def test_no_advice_brings_a_displaced_client_back() -> None:
    """Two devices that log in by themselves would throw each other out for ever."""
    for code in ("displaced", "replaced", "device_refused", "session_closed"):
        assert CODES[code].advice is Advice.STOP


def test_ours_always_lets_a_client_come_back() -> None:
    for leaf in leaves(LocalFault):
        assert CODES[leaf.code].advice in {Advice.RECONNECT, Advice.LATER}


def test_a_fault_finds_its_row() -> None:
    assert code_of(Displaced()) is CODES["displaced"]


def test_the_page_says_what_the_table_says() -> None:
    repeats = {leaf.code: "yes" if leaf.retryable else "no" for leaf in leaves()}
    expected = {
        name: [str(code.close), str(code.status), repeats[name], code.advice.value] for name, code in CODES.items()
    }
    assert {name: cells[:-1] for name, cells in rows("code").items()} == expected


def test_the_page_explains_every_advice() -> None:
    assert set(rows("advice")) == {advice.value for advice in Advice}
