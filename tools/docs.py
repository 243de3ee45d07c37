"""Pages that are made from the code: `python -m tools.docs write` renews them, `check` says which are behind.

The table `tool.unisono.docs` in pyproject.toml maps a page to the function, `package.module:name`, that gives its text.
`check` also follows every relative link of every page.
"""

import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path, PurePosixPath
from typing import Final
from urllib.parse import unquote

from tools.sources import ROOT, Offence, Source, repository, settings

Page = Callable[[], str]

LINK: Final = re.compile(r"\[[^\]]*\]\((?P<target>[^)\s]+)\)")
FENCED: Final = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
OUTSIDE: Final = ("http://", "https://", "mailto:", "#")


def pages() -> Mapping[str, Page]:
    """Give the generated pages with what makes them."""
    table: Mapping[str, str] = settings().get("docs", {})
    return {path: _function(name) for path, name in table.items()}


def write(root: Path, known: Mapping[str, Page]) -> list[str]:
    """Write the pages that differ from what the code says; give their paths."""
    stale = [offence.path for offence in behind(root, known)]
    for path in stale:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(known[path](), encoding="utf-8")
    return stale


def behind(root: Path, known: Mapping[str, Page]) -> Iterator[Offence]:
    """Find the pages that do not say what the code says."""
    for path, page in known.items():
        file = root / path
        expected = page()
        actual = file.read_text(encoding="utf-8") if file.exists() else ""
        if actual != expected:
            yield Offence(path, _first_difference(actual, expected), "behind the code: make docs")


def broken_links(sources: Sequence[Source], root: Path = ROOT) -> Iterator[Offence]:
    """Find relative links to what does not exist."""
    for source in sources:
        if source.path.endswith(".md"):
            text = FENCED.sub(lambda fence: "\n" * fence[0].count("\n"), source.text)
            yield from _broken(source.path, text, root)


def main(words: Sequence[str]) -> int:
    """Run as a program: `write` or `check`."""
    if words == ["write"]:
        for path in write(ROOT, pages()):
            print(f"wrote {path}")
        return 0
    found = [*behind(ROOT, pages()), *broken_links(repository())]
    for offence in found:
        print(offence)
    return 1 if found else 0


def _function(name: str) -> Page:
    module, _, attribute = name.partition(":")
    function: Page = getattr(import_module(module), attribute)
    return function


def _first_difference(actual: str, expected: str) -> int:
    theirs, ours = actual.splitlines(), expected.splitlines()
    pairs = zip(theirs, ours, strict=False)
    return next((line for line, (a, b) in enumerate(pairs, start=1) if a != b), min(len(theirs), len(ours)) + 1)


def _broken(path: str, text: str, root: Path) -> Iterator[Offence]:
    for number, line in enumerate(text.splitlines(), start=1):
        for link in LINK.finditer(line):
            target = unquote(link["target"].partition("#")[0])
            if link["target"].startswith(OUTSIDE) or (root / PurePosixPath(path).parent / target).exists():
                continue
            yield Offence(path, number, f"the link leads nowhere: {link['target']}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
