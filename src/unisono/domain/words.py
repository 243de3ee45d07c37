"""The words of a text, by which it is found: the same for every store, whatever its own idea of a word.

Letters count without case, width or accents. Scripts that put no spaces between words are cut into single letters and
pairs of neighbours, so that any part of a text of two letters or more is found by its pairs.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import Final

from unisono.domain.errors import Invalid

WORD_MAX_CHARS: Final = 40
"""A longer word is cut: it is found by its beginning."""
WORDS_MAX: Final = 1_000
"""So many different words of a text can be found, in the order they are said."""
TEXT_MAX_CHARS: Final = 16_000
"""Of a text so much is looked at, as it is written and with its letters taken apart."""
ASKED_MAX: Final = 20
MARKS_MAX: Final = 4
"""Accents on one letter that are looked at. To put many in order takes the square of their number."""
PIECE_CHARS: Final = 1_000

_WORD: Final = re.compile(r"[^\W_]+")
# Thai to Burmese, Khmer, kana, Han, Hangul, and what lies beyond the basic plane of Han.
_UNSPACED: Final = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
    "\U00020000-\U0003ffff]+"
)
_ACCENTS: Final = re.compile("[\u0300-\u036f]+")


def words_of(text: str) -> list[str]:
    """Give the different words that a text is found by, `WORDS_MAX` at most."""
    words: dict[str, None] = {}
    for word in _said(text):
        words[word] = None
        if len(words) == WORDS_MAX:
            break
    return list(words)


def asked_words(text: str) -> list[str]:
    """Give the words that a text must have all of to be found by this one.

    Raises:
        Invalid: There is no word in it, or more than `ASKED_MAX`.
    """
    words = list(dict.fromkeys(_asked(text)))
    if not words:
        raise Invalid(field="text", reason="no word in it")
    if len(words) > ASKED_MAX:
        raise Invalid(field="text", reason="too many words", limit=ASKED_MAX)
    return words


def _said(text: str) -> Iterator[str]:
    for run, is_spaced in _runs(text):
        if is_spaced:
            yield run[:WORD_MAX_CHARS]
        else:
            yield from run
            yield from _pairs(run)


def _asked(text: str) -> Iterator[str]:
    for run, is_spaced in _runs(text):
        if is_spaced or len(run) == 1:
            yield run[:WORD_MAX_CHARS]
        else:
            yield from _pairs(run)


def _pairs(run: str) -> Iterator[str]:
    return (run[at : at + 2] for at in range(len(run) - 1))


def _runs(text: str) -> Iterator[tuple[str, bool]]:
    """Give runs of letters and digits, each with whether its script puts spaces between words."""
    if text.isascii():
        yield from ((word, True) for word in _WORD.findall(text[:TEXT_MAX_CHARS].lower()))
        return
    for word in _WORD.findall(_folded(text[:TEXT_MAX_CHARS])):
        end = 0
        for unspaced in _UNSPACED.finditer(word):
            if unspaced.start() > end:
                yield word[end : unspaced.start()], True
            yield unspaced[0], False
            end = unspaced.end()
        if end < len(word):
            yield word[end:], True


def _folded(text: str) -> str:
    bounded = _piled_marks().sub(r"\1", text)
    pieces: list[str] = []
    left = TEXT_MAX_CHARS
    for start in range(0, len(bounded), PIECE_CHARS):
        apart = unicodedata.normalize("NFKD", bounded[start : start + PIECE_CHARS]).casefold()
        pieces.append(_ACCENTS.sub("", apart)[:left])
        left -= len(pieces[-1])
        if left == 0:
            break
    return unicodedata.normalize("NFKC", "".join(pieces))


@cache
def _piled_marks() -> re.Pattern[str]:
    """Give what finds more marks on a letter than are looked at; also those that only taking apart makes marks."""
    letters = map(chr, (*range(0x300, 0xD800), *range(0xE000, 0x20000)))
    marks = "".join(each for each in letters if unicodedata.combining(unicodedata.normalize("NFKD", each)[0]))
    return re.compile(f"([{marks}]{{{MARKS_MAX}}})[{marks}]+")
