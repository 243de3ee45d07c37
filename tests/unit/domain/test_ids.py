"""Identifiers: what can be one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unisono.domain.ids import OPERATOR, Instant, is_user_id, page_mark, read_page_mark


@pytest.mark.rows("L40")
@pytest.mark.parametrize("text", ["a", "x" * 64, "Zoë", "用户", "a b", "😀" * 64])
def test_up_to_64_printable_characters_can_be_a_user_id(text: str) -> None:
    assert is_user_id(text)


@pytest.mark.rows("L40")
@pytest.mark.parametrize("text", ["", "x" * 65, "a\n", "a\x00b", "\x7f", "\x85", "\ud800", OPERATOR])
def test_nothing_else_can_be_a_user_id(text: str) -> None:
    assert not is_user_id(text)


@given(st.integers(0, 2**53 - 1), st.text(min_size=1, max_size=20))
def test_a_page_mark_gives_back_what_it_was_made_of(at: int, name: str) -> None:
    assert read_page_mark(page_mark(Instant(at), name)) == (at, name)
