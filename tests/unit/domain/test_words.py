"""The words that a text is found by."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unisono.domain.errors import Invalid
from unisono.domain.words import ASKED_MAX, TEXT_MAX_CHARS, WORD_MAX_CHARS, WORDS_MAX, asked_words, words_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        ("?! … _", []),
        ("Hello, hello World-wide web_site 42!", ["hello", "world", "wide", "web", "site", "42"]),
        ("Ça coûte 3,50 €", ["ca", "coute", "3", "50"]),
        ("STRASSE straße", ["strasse"]),
        ("\uff28\uff45\uff4c\uff4c\uff4f \u2460", ["hello", "1"]),
        ("Ёлка и Ελλάδα", ["елка", "и", "ελλαδα"]),
        ("今天下雨", ["今", "天", "下", "雨", "今天", "天下", "下雨"]),
        ("用Python写", ["用", "python", "写"]),
        ("a中文b", ["a", "中", "文", "中文", "b"]),
        ("x" * 50, ["x" * WORD_MAX_CHARS]),
    ],
)
def test_a_text_is_found_by_its_words(text: str, words: list[str]) -> None:
    assert words_of(text) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Hello hello", ["hello"]),
        ("下雨", ["下雨"]),
        ("雨", ["雨"]),
        ("天下雨 Regen", ["天下", "下雨", "regen"]),
        ("x" * 50, ["x" * WORD_MAX_CHARS]),
    ],
)
def test_one_asks_for_as_few_words_as_say_it(text: str, words: list[str]) -> None:
    assert asked_words(text) == words


@given(st.text(), st.integers(0, 40), st.integers(1, 12))
def test_whatever_stands_in_a_text_between_two_spaces_finds_it(text: str, start: int, length: int) -> None:
    part = " ".join(text.split()[start : start + length])
    try:
        asked = asked_words(part)
    except Invalid:
        return
    assert set(asked) <= set(words_of(text))


@given(st.text())
def test_words_hold_nothing_that_an_index_could_take_for_something_else(text: str) -> None:
    assert all(len(word) <= WORD_MAX_CHARS and word.isalnum() for word in words_of(text))


def test_of_a_long_text_so_many_words_are_found() -> None:
    assert len(words_of(" ".join(map(str, range(WORDS_MAX + 1))))) == WORDS_MAX
    assert len(words_of("".join(chr(0x4E00 + number) for number in range(WORDS_MAX)))) == WORDS_MAX


@pytest.mark.parametrize("text", ["", "  ", "?!", "_", " ".join(map(str, range(ASKED_MAX + 1)))])
def test_there_is_something_to_look_for_and_not_too_much(text: str) -> None:
    with pytest.raises(Invalid):
        asked_words(text)


def test_one_may_ask_for_so_many_words() -> None:
    assert len(asked_words(" ".join(map(str, range(ASKED_MAX))))) == ASKED_MAX


@pytest.mark.parametrize("pile", ["\u0300\u0327", "\uff9e\u0327", "\u0f71\u0f72\u3099", "\U000e0100\u0327"])
def test_piles_of_marks_take_no_longer_than_letters(pile: str) -> None:
    """To put n marks in order takes n * n: half a minute for these, if nobody bounded them."""
    begun = time.thread_time()
    assert words_of("a" + pile * 30_000)[:1]
    assert time.thread_time() - begun < 2


def test_of_a_very_long_text_the_beginning_is_looked_at() -> None:
    for letter in ("a", "\ufdfa", "語"):
        assert "last" not in words_of(f"{letter} " * TEXT_MAX_CHARS + " last")
    assert "last" in words_of("é " * 4_000 + " last")


def test_accents_within_bounds_still_make_no_difference() -> None:
    assert words_of("x" * 999 + " cafe\u0301 Ǻ") == ["x" * WORD_MAX_CHARS, "cafe", "a"]
