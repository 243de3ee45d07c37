"""The grammar of patterns: what a text means, and how it is said to a database."""

from collections.abc import Iterable
from typing import Final, Literal, NoReturn

from msgspec import Struct

from unisono.domain.errors import Invalid

DEPTH_MAX: Final = 20
REPEAT_MAX: Final = 100
FOLDED_MAX: Final = 512
"""The largest range whose letters are folded one by one where case does not matter."""

OF_LINES: Final = "(?m)"
"""What stands at the beginning of a pattern whose edges are those of each line."""

Range = tuple[str, str]

_CLASSES: Final[dict[str, tuple[Range, ...]]] = {
    "d": (("0", "9"),),
    "w": (("0", "9"), ("A", "Z"), ("_", "_"), ("a", "z")),
    "s": (("\t", "\r"), (" ", " ")),
}
_CONTROLS: Final = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v"}
_HEX: Final = {"x": 2, "u": 4}


class Letter(Struct, frozen=True):
    """One character that is, or is not, in one of the ranges."""

    ranges: tuple[Range, ...]
    is_not: bool = False


class Edge(Struct, frozen=True):
    """The beginning or the end of the text, or of a line."""

    at: Literal["^", "$"]


class Row(Struct, frozen=True):
    """One after the other."""

    parts: tuple["Node", ...]


class Choice(Struct, frozen=True):
    """One of several."""

    options: tuple["Node", ...]


class Repeat(Struct, frozen=True):
    """Something so many times; without `most`, any number from `least` on."""

    part: "Node"
    least: int
    most: int | None


Node = Letter | Edge | Row | Choice | Repeat


class PatternReader:
    """Reads a pattern from left to right."""

    def __init__(self, text: str, *, ignore_case: bool) -> None:
        self._text = text
        self._at = 0
        self._depth = 0
        self._ignore_case = ignore_case
        self.is_of_lines = self._takes(OF_LINES)
        """Whether `^` and `$` are of each line."""

    def whole(self) -> Node:
        """Give what the text says.

        Raises:
            Invalid: It is not of this grammar; says why and where.
        """
        node = self._choice()
        if self._at < len(self._text):
            self._refuse("a group that was not begun")
        return node

    def _refuse(self, reason: str) -> NoReturn:
        raise Invalid(field="pattern", reason=reason, at=self._at)

    def _takes(self, text: str) -> bool:
        is_next = self._text.startswith(text, self._at)
        self._at += len(text) * is_next
        return is_next

    def _next(self) -> str:
        if self._at == len(self._text):
            self._refuse("ends too early")
        self._at += 1
        return self._text[self._at - 1]

    def _choice(self) -> Node:
        options = [self._row()]
        while self._takes("|"):
            options.append(self._row())
        return options[0] if len(options) == 1 else Choice(tuple(options))

    def _row(self) -> Node:
        parts = []
        while self._at < len(self._text) and self._text[self._at] not in "|)":
            parts.append(self._repeated(self._one()))
        return parts[0] if len(parts) == 1 else Row(tuple(parts))

    def _one(self) -> Node:
        match char := self._next():
            case "(":
                return self._group()
            case "[":
                return self._class()
            case ".":
                return Letter((("\n", "\n"),), is_not=True)
            case "^":
                return Edge("^")
            case "$":
                return Edge("$")
            case "\\":
                return self._escaped()
            case "*" | "+" | "?" | "{":
                self._refuse("nothing to repeat")
        return self._letter(((char, char),))

    def _group(self) -> Node:
        if self._takes("?") and not self._takes(":"):
            self._refuse("not a group that is known here")
        self._depth += 1
        if self._depth > DEPTH_MAX:
            raise Invalid(field="pattern", reason="nested too deeply", limit=DEPTH_MAX)
        node = self._choice()
        self._depth -= 1
        if not self._takes(")"):
            self._refuse("a group that does not end")
        return Row((node,))

    def _repeated(self, node: Node) -> Node:
        bounds = self._bounds()
        if bounds is None:
            return node
        if isinstance(node, Edge):
            self._refuse("nothing to repeat")
        # Which of several ways is taken makes no difference to whether there is one.
        self._takes("?")
        if self._bounds() is not None:
            self._refuse("repeated twice")
        return Repeat(node, *bounds)

    def _bounds(self) -> tuple[int, int | None] | None:
        for sign, bounds in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
            if self._takes(sign):
                return bounds
        if not self._takes("{"):
            return None
        least = self._number()
        most = (None if self._text[self._at : self._at + 1] == "}" else self._number()) if self._takes(",") else least
        if not self._takes("}") or (most is not None and most < least):
            self._refuse("not a number of times")
        return least, most

    def _number(self) -> int:
        digits = ""
        while self._at < len(self._text) and self._text[self._at] in "0123456789":
            digits += self._next()
        if not digits or len(digits) > 3 or int(digits) > REPEAT_MAX:
            raise Invalid(field="pattern", reason="not a number of times", limit=REPEAT_MAX)
        return int(digits)

    def _class(self) -> Node:
        is_not = self._takes("^")
        ranges = list(self._member())
        while not self._takes("]"):
            ranges += self._member()
        return self._letter(tuple(ranges), is_not=is_not)

    def _member(self) -> Iterable[Range]:
        first = self._in_class()
        if isinstance(first, Letter):
            if first.is_not:
                self._refuse("a class that leaves out, in a class")
            return first.ranges
        if self._text[self._at : self._at + 1] != "-" or self._text[self._at : self._at + 2] == "-]":
            return ((first, first),)
        self._next()
        last = self._in_class()
        if isinstance(last, Letter) or last < first:
            self._refuse("a range that does not rise")
        return ((first, last),)

    def _in_class(self) -> str | Letter:
        match char := self._next():
            case "[" | "]":
                self._refuse("a bracket in a class")
            case "\\":
                escaped = self._escaped(is_folded=False)
                (low, high), *more = escaped.ranges
                return escaped if more or low != high or escaped.is_not else low
        return char

    def _escaped(self, *, is_folded: bool = True) -> Letter:
        char = self._next()
        if (ranges := _CLASSES.get(char.lower())) is not None:
            return Letter(ranges, is_not=char.isupper())
        if char in _HEX:
            digits = "".join(self._next() for _ in range(_HEX[char]))
            if not all(digit in "0123456789abcdefABCDEF" for digit in digits) or not 0 < int(digits, 16) < 0xD800:
                self._refuse("not a character")
            char = chr(int(digits, 16))
        elif char in _CONTROLS:
            char = _CONTROLS[char]
        elif char.isalnum():
            self._refuse("not an escape that is known here")
        return self._letter(((char, char),)) if is_folded else Letter(((char, char),))

    def _letter(self, ranges: tuple[Range, ...], *, is_not: bool = False) -> Letter:
        if self._ignore_case:
            ranges = tuple(dict.fromkeys(other for one in ranges for other in _folded(one)))
        return Letter(ranges, is_not=is_not)


def _folded(one: Range) -> Iterable[Range]:
    """Give a range with the other cases of its letters."""
    yield one
    low, high = map(ord, one)
    letters = [chr(code) for code in range(low, high + 1)] if high - low < FOLDED_MAX else []
    for other in (case for letter in letters for case in (letter.lower(), letter.upper())):
        if len(other) == 1 and not one[0] <= other <= one[1]:
            yield other, other


def text_of(node: Node) -> str:
    """Say a pattern in words that PostgreSQL and we understand alike."""
    match node:
        case Letter(ranges=ranges, is_not=is_not):
            if len(ranges) == 1 and ranges[0][0] == ranges[0][1] and not is_not:
                return _quoted(ranges[0][0])
            inside = "".join(_quoted(low) if low == high else f"{_quoted(low)}-{_quoted(high)}" for low, high in ranges)
            return f"[{'^' * is_not}{inside}]"
        case Edge(at=at):
            return at
        case Row(parts=parts):
            return "(?:" + "".join(map(text_of, parts)) + ")"
        case Choice(options=options):
            return "(?:" + "|".join(map(text_of, options)) + ")"
        case _:
            return f"(?:{text_of(node.part)}){{{node.least},{'' if node.most is None else node.most}}}"


def _quoted(char: str) -> str:
    """Give a character as it stands for itself: whatever is not a letter or digit may mean something."""
    return char if char.isalnum() or ord(char) > 127 or char < " " else "\\" + char
