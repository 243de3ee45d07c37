r"""LeanCloud's regular expressions: texts between `\Q` and `\E` stand for themselves, all else as in our grammar."""

import re
from typing import Final

from unisono.domain import query as q
from unisono.domain.errors import Invalid
from unisono.domain.ids import Json
from unisono.domain.pattern_reader import OF_LINES

# A text that stands for itself, to the end if nothing ends it; a sign with its escape; a sign.
_PART: Final = re.compile(r"\\Q(?P<quoted>.*?)(?:\\E|\Z)|\\(?P<escaped>.)|(?P<sign>.)|(?P<lost>\\)", re.DOTALL)
_ANCHORS: Final = "^$"
OPTIONS: Final = frozenset("im")


def text_test(field: str, regex: Json, options: Json) -> q.Condition:
    r"""Say in which texts a regular expression is found.

    One that is plain text, as clients write "contains", "starts with" and "ends with", becomes just that. Option `i`:
    case does not matter. Option `m`, that `^` and `$` stand at every line, means nothing where there is neither.

    What our grammar lacks is found out by `query.check`.

    Raises:
        Invalid: Not texts, or another option.
    """
    if not isinstance(regex, str) or not isinstance(options, str):
        raise Invalid(field="where", reason="takes a text", operator="$regex")
    if not OPTIONS.issuperset(options):
        raise Invalid(field="where", reason="has only the options i and m", operator="$regex")
    ignore_case = "i" in options
    parts = list(_PART.finditer(regex))
    is_of_lines = "m" in options and any(part["sign"] and part["sign"] in _ANCHORS for part in parts)
    if not ignore_case and not is_of_lines and (plain := _plain(field, parts)) is not None:
        return plain
    said = "".join(map(_said, parts)) or "^"
    return q.Matches(field, OF_LINES + said if is_of_lines else said, ignore_case)


def _plain(field: str, parts: list[re.Match[str]]) -> q.Condition | None:
    """Give the test of a text that stands for itself, if it is all there is, but for where it must stand."""
    starts = bool(parts) and parts[0]["sign"] == "^"
    ends = len(parts) > starts and parts[-1]["sign"] == "$"
    texts = [_literal(part) for part in parts[starts : len(parts) - ends]]
    text = "".join(one for one in texts if one is not None)
    if None in texts or not text:
        return None
    if starts and ends:
        return q.Equal(field, text)
    return q.StartsWith(field, text) if starts else q.EndsWith(field, text) if ends else q.Contains(field, text)


def _literal(part: re.Match[str]) -> str | None:
    """Give the text that a part stands for; None where it means more."""
    if part["quoted"] is not None:
        return part["quoted"]
    if part["escaped"] is not None:
        return None if part["escaped"].isalnum() else part["escaped"]
    return part["sign"] if part["sign"] is not None and _is_letter(part["sign"]) else None


def _said(part: re.Match[str]) -> str:
    if part["quoted"] is not None:
        return "".join(sign if _is_letter(sign) else f"\\{sign}" for sign in part["quoted"])
    return part[0]


def _is_letter(sign: str) -> bool:
    r"""Say if a sign stands for itself wherever it is."""
    return sign.isalnum() or sign in " _-" or ord(sign) > 127
