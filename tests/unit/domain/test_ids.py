"""Identifiers: what can be one."""

import pytest

from unisono.domain.ids import is_user_id


@pytest.mark.rows("L40")
@pytest.mark.parametrize("text", ["a", "x" * 64, "Zoë", "用户", "a b", "😀" * 64])
def test_up_to_64_printable_characters_can_be_a_user_id(text: str) -> None:
    assert is_user_id(text)


@pytest.mark.rows("L40")
@pytest.mark.parametrize("text", ["", "x" * 65, "a\n", "a\x00b", "\x7f", "\x85", "\ud800"])
def test_nothing_else_can_be_a_user_id(text: str) -> None:
    assert not is_user_id(text)
