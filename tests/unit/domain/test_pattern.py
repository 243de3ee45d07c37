"""Patterns: one grammar, in linear time, that means what Python's own means where both know it."""

import re
import sys
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unisono.domain.errors import Invalid
from unisono.domain.pattern import REMEMBERED_MAX, STATES_MAX, pattern
from unisono.domain.pattern_reader import DEPTH_MAX, REPEAT_MAX

LETTERS = "abcABC1é-_ .É你"
SINGLE = ("a", "b", "C", "1", "é", "你", ".", "^", "$", "\\d", "\\w", "\\s", "\\S", "\\W", "\\D", "\\.", "\\x61")
CLASSES = ("\\u4f60", "[a-c]", "[^a-c]", "[abc1-]", "[\\d_]", "[-a]", "[^\\s]", "[\\x41-C]", "[.]")
pieces = st.sampled_from(SINGLE + CLASSES)
repeats = st.sampled_from(["", "", "*", "+", "?", "{2}", "{1,}", "{0,2}", "*?", "+?", "??", "{1,2}?"])


def rows(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    repeated = st.tuples(parts, repeats).map(lambda pair: pair[0] if pair[0] in "^$" else "".join(pair))
    row = st.lists(repeated, max_size=4).map("".join)
    return st.lists(row, min_size=1, max_size=3).map("|".join)


def _grouped(text: str) -> st.SearchStrategy[str]:
    return st.sampled_from([f"({text})", f"(?:{text})"])


def _for_python(text: str) -> str:
    """Say it as Python says it: our classes are those of ASCII, but cases are those of all letters."""
    return text.replace("\\w", "[0-9A-Za-z_]").replace("\\W", "[^0-9A-Za-z_]")


patterns = rows(st.recursive(pieces, lambda inner: rows(inner).flatmap(_grouped), max_leaves=8))
texts = st.text(alphabet=LETTERS, max_size=8)


@given(patterns, st.lists(texts, max_size=5), st.booleans())
def test_a_pattern_finds_what_python_finds(wanted: str, asked: Sequence[str], ignore_case: bool) -> None:
    theirs = re.compile(_for_python(wanted), re.IGNORECASE if ignore_case else 0)
    ours = pattern(wanted, ignore_case=ignore_case)
    assert [ours.is_in(text) for text in asked] == [theirs.search(text) is not None for text in asked]


@pytest.mark.parametrize(
    ("wanted", "text", "is_in"),
    [
        ("^$", "", True),
        ("a$", "a\n", False),
        ("a.b", "a\nb", False),
        ("a\\nb", "a\nb", True),
        ("[\\t\\r\\f\\v]", "\v", True),
        ("[一-龥]+", "聊天室", True),
        ("^\\S+室$", "聊天室", True),
        ("[^b]", "b", False),
        ("\\[\\]\\\\", "[]\\", True),
        ("()", "", True),
        ("x|", "y", True),
        ("b^a", "ba", False),
        ("a$b", "ab", False),
    ],
)
def test_a_pattern_is_about_the_whole_text(wanted: str, text: str, *, is_in: bool) -> None:
    assert pattern(wanted).is_in(text) is is_in


@pytest.mark.parametrize(
    ("wanted", "text", "is_in"),
    [("straße", "STRASSE", False), ("ÉCOLE", "école", True), ("[a-c]+$", "xBC", True), ("[一-龥]", "聊", True)],
)
def test_case_is_folded_a_letter_at_a_time(wanted: str, text: str, *, is_in: bool) -> None:
    assert pattern(wanted, ignore_case=True).is_in(text) is is_in


GROUPS = ("(", ")", "a)", "(?=a)", "(?P<n>a)", "(" * (DEPTH_MAX + 1) + ")" * (DEPTH_MAX + 1), "(?:a{100}){100}")
SETS = ("[", "[a", "[]", "[[a]", "[b-a]", "[a-\\d]", "[\\D]", "[\\", "[a-")
TIMES = ("*", "a**", "a+*", "^*", "{2}", "a{", "a{x}", "a{2,1}", "a{1,2", "a{1000}", f"a{{{REPEAT_MAX + 1}}}")
ESCAPES = ("\\", "\\1", "\\b", "\\xzz", "\\x00", "\\x1", "\\ud800")


@pytest.mark.parametrize("wanted", GROUPS + SETS + TIMES + ESCAPES)
def test_what_is_not_of_the_grammar_is_refused(wanted: str) -> None:
    with pytest.raises(Invalid) as caught:
        pattern(wanted)
    assert caught.value.numbers["field"] == "pattern"


def test_a_pattern_may_be_as_large_as_it_may_and_no_larger() -> None:
    assert pattern(f"(?:a{{{REPEAT_MAX}}}){{4}}").is_in("a" * REPEAT_MAX * 4)
    with pytest.raises(Invalid, match=str(STATES_MAX)):
        pattern(f"(?:a{{{REPEAT_MAX}}}){{6}}")


@pytest.mark.parametrize("wanted", ["(a*)*b", "(a|aa)+$b", "(a?){100}a{100}b", "(.*)(.*)(.*)(.*)x", "([a-z]+)*[0-9]"])
def test_no_pattern_takes_more_than_a_step_for_a_letter(wanted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = pattern.__wrapped__(wanted)
    steps = 0
    step = type(ours).step

    def counted(*arguments: object) -> object:
        nonlocal steps
        steps += 1
        return step(*arguments)  # type: ignore[arg-type]  # handed on as they came

    monkeypatch.setattr(type(ours), "step", counted)
    assert not ours.is_in("a" * 50_000)
    assert steps <= 600, "a state is made once"


def test_what_is_remembered_of_a_pattern_is_bounded() -> None:
    """Each new letter is remembered with where it led; a text in all the letters there are must not fill the memory."""
    ours = pattern.__wrapped__("(?:a|b)*[^c]{3}$")
    letters = "".join(map(chr, range(0x4E00, 0x4E00 + REMEMBERED_MAX + 1_000)))
    assert ours.is_in(letters)
    assert ours._steps <= REMEMBERED_MAX
    assert sys.getsizeof(ours._start) < 100_000


@given(patterns)
def test_a_pattern_said_to_a_database_means_the_same(wanted: str) -> None:
    again = pattern(pattern(wanted).text)
    for text in ("", "a", "ab1", "é_你", "bCa", "1-.", "cc A"):
        assert again.is_in(text) == pattern(wanted).is_in(text)
