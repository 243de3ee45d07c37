"""The pages of the project, and the examples in them."""

import re
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).parents[2]
_BLOCK: Final = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Example(NamedTuple):
    """A fenced block: where it stands, its language, and what is in it."""

    place: str
    language: str
    text: str


def examples(page: str, language: str) -> list[Example]:
    """Give the fenced blocks of one language on a page, in order."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return [
        Example(f"{page}:{text.count(chr(10), 0, found.start()) + 1}", found[1], found[2])
        for found in _BLOCK.finditer(text)
        if found[1] == language
    ]
