"""Patterns: one grammar, in linear time, that means what Python's own means where both know it."""

import re
import time
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unisono.domain.errors import Invalid
from unisono.domain.pattern import SIZE_MAX, Pattern, pattern
from unisono.domain.pattern_reader import DEPTH_MAX, REPEAT_MAX, PatternReader

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


patterns = rows(st.recursive(pieces, lambda inner: rows(inner).flatmap(_grouped), max_leaves=5))
# Python's own tracks back: short texts keep it short.
texts = st.text(alphabet=LETTERS, max_size=6)


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
        ("(?m)a$", "a\n", True),
        ("(?m)a$\\n^b", "a\nb", True),
        ("(?m)^$", "a\n\nb", True),
        ("(?m)^$", "a\nb", False),
        ("(?m)a.b", "a\nb", False),
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
    assert pattern(f"a{{{REPEAT_MAX}}}b{{{REPEAT_MAX}}}").is_in("a" * REPEAT_MAX + "b" * REPEAT_MAX)
    with pytest.raises(Invalid, match=str(SIZE_MAX)):
        pattern(f"(?:a{{{REPEAT_MAX}}}){{4}}")


@pytest.mark.parametrize("nothing", ["", "a{0}", "|", "(?:)", "^"])
def test_nothing_repeated_and_repeated_again_is_too_large_at_once(nothing: str) -> None:
    wanted = f"({nothing})"
    for _ in range(6):
        wanted = f"({wanted}{{{REPEAT_MAX}}})"
    with pytest.raises(Invalid, match=str(SIZE_MAX)):
        pattern(wanted)


def test_what_the_engine_finds_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("unisono.domain.pattern.MEMORY_MAX", 100)
    with pytest.raises(Invalid, match=str(SIZE_MAX)):
        Pattern(PatternReader("(?:[一-龥]|[а-я]){50}", ignore_case=True).whole())


@pytest.mark.parametrize("wanted", ["(a*)*b", "(a|aa)+$b", "(a?){50}a{50}b", "(.*)(.*)(.*)(.*)x", "([a-z]+)*[0-9]"])
def test_a_text_twice_as_long_takes_no_more_than_a_few_times_as_long(wanted: str) -> None:
    ours = pattern(wanted)

    def seconds(letters: int) -> float:
        text = "a" * letters
        begun = time.thread_time()
        assert not ours.is_in(text)
        return time.thread_time() - begun

    seconds(1000)
    # Of a pattern that tracks back the second would take longer than the world stands.
    assert seconds(200_000) < 100 * max(0.001, seconds(20_000))


@given(patterns, st.lists(texts, max_size=3).map("\n".join))
def test_the_edges_of_lines_are_what_python_finds(wanted: str, text: str) -> None:
    theirs = re.compile(_for_python(wanted), re.MULTILINE)
    assert pattern("(?m)" + wanted).is_in(text) == (theirs.search(text) is not None)


@given(patterns, st.sampled_from(["", "(?m)"]))
def test_a_pattern_said_to_a_database_means_the_same(wanted: str, edges: str) -> None:
    wanted = edges + wanted
    assert pattern(wanted).text_for_postgresql == pattern(wanted).text.replace("(?m)", "(?w)")
    again = pattern(pattern(wanted).text)
    for text in ("", "a", "ab1", "é_你", "bCa", "1-.", "cc A", "a\nb"):
        assert again.is_in(text) == pattern(wanted).is_in(text)
