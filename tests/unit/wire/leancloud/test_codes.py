"""Error codes: the names that clients compare, and every fault of ours among them."""

import re
from pathlib import Path

import pytest

from unisono.domain.errors import Forbidden, Malformed, TooLarge
from unisono.wire.codes import CODES
from unisono.wire.leancloud.codes import ERRORS, FAULTS, error_of

PAGE = (Path(__file__).parents[4] / "docs/protocol/leancloud.md").read_text(encoding="utf-8")


def test_the_page_lists_these_errors() -> None:
    rows = re.findall(r"^\| (\d{4}) \| ([A-Z_]+) \| (yes|no) \|", PAGE, re.MULTILINE)
    assert [(int(code), name, final == "yes") for code, name, final in rows] == [
        (error.code, error.name, error.is_final) for error in ERRORS.values()
    ]


def test_the_page_lists_what_answers_our_faults() -> None:
    rows = re.findall(r"^\| (\d{4}) \| (`.*`) \|$", PAGE, re.MULTILINE)
    listed = {fault: int(code) for code, faults in rows for fault in re.findall(r"`(\w+)`", faults)}
    assert listed == FAULTS


def test_every_fault_has_a_number() -> None:
    assert set(FAULTS) == set(CODES)
    assert set(FAULTS.values()) <= set(ERRORS)


def test_only_three_close_for_good() -> None:
    assert {code for code, error in ERRORS.items() if error.is_final} == {4100, 4103, 4110}


def test_numbers_and_names_are_unique() -> None:
    assert len({error.name for error in ERRORS.values()}) == len(ERRORS) == 59


@pytest.mark.parametrize(
    ("fault", "name"),
    [
        (Malformed(), "UNPARSEABLE_RAW_MESSAGE"),
        (TooLarge(), "FRAME_TOO_LONG"),
        (Forbidden(), "CONVERSATION_OPERATION_UNAUTHORIZED"),
    ],
)
def test_a_fault_is_called_as_clients_know_it(fault: Malformed | TooLarge | Forbidden, name: str) -> None:
    assert error_of(fault).name == name
