"""Regular expressions without surprises: one small grammar, found in linear time, alike in every store.

A pattern is read into a tree of at most `SIZE_MAX` when its repetitions are written out. From that tree it is said
anew: to RE2, which walks all ways through it at once, so that no pattern can make it slow, and to PostgreSQL.
"""

from functools import lru_cache
from typing import Final

import re2

from unisono.domain.errors import Invalid
from unisono.domain.pattern_reader import OF_LINES, Choice, Node, PatternReader, Repeat, Row, text_of

SIZE_MAX: Final = 300
"""Letters and signs of a pattern, each repetition counted as often as it may be needed."""
MEMORY_MAX: Final = 1 << 20
"""Bytes that one pattern may take while it is looked for."""
POSTGRESQL_OF_LINES: Final = "(?w)"
"""What PostgreSQL says for it; `.` and sets are not to stop at a line, as there."""
KEPT_MAX: Final = 32
"""Patterns kept for the next who asks with them."""


class Pattern:
    """A pattern ready to be looked for. Threads may share it.

    `text` is the same pattern said anew, which we and RE2 understand, `text_for_postgresql` what PostgreSQL does.
    """

    def __init__(self, node: Node, *, is_of_lines: bool = False) -> None:
        if size_of(node) > SIZE_MAX:
            raise Invalid(field="pattern", reason="too large", limit=SIZE_MAX)
        plain = text_of(node)
        self.text: Final = OF_LINES + plain if is_of_lines else plain
        self.text_for_postgresql: Final = POSTGRESQL_OF_LINES + plain if is_of_lines else plain
        options = re2.Options()
        options.max_mem, options.log_errors, options.never_capture = MEMORY_MAX, False, True
        try:
            self._found = re2.compile(self.text, options)
        except re2.error:
            raise Invalid(field="pattern", reason="too large", limit=SIZE_MAX) from None

    def is_in(self, text: str) -> bool:
        """Say if the pattern is anywhere in a text. Takes time in proportion to the text's length."""
        return self._found.search(text) is not None


def size_of(node: Node) -> int:
    """Give how large a pattern is, written out. Nothing, repeated, counts as well: somebody has to repeat it."""
    match node:
        case Row(parts=parts):
            return max(1, sum(map(size_of, parts)))
        case Choice(options=options):
            return sum(map(size_of, options))
        case Repeat(part=part, least=least, most=most):
            return size_of(part) * max(1, least + 1 if most is None else most)
        case _:
            return 1


@lru_cache(KEPT_MAX)
def pattern(text: str, *, ignore_case: bool = False) -> Pattern:
    r"""Read a pattern.

    Letters stand for themselves; `.` for any character but a line break; `[a-z]`, `[^a-z]`; `\d \w \s` and `\D \W
    \S`, of ASCII; `\n \t \r \f \v \xhh \uhhhh`; `\` before what is neither letter nor digit; `^` and `$`, of
    the text; `( )`, `(?: )`, `|`, `* + ? {2} {2,} {2,5}`. There is nothing that looks back or ahead.

    `(?m)` at its beginning: `^` and `$` are of each line.

    Raises:
        Invalid: Another grammar, or larger than it may be.
    """
    reader = PatternReader(text, ignore_case=ignore_case)
    return Pattern(reader.whole(), is_of_lines=reader.is_of_lines)
