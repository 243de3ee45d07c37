"""What a release tells its users, one small file for each visible change.

`changes/<name>.<kind>.md` holds one change in one to five lines; kinds are those of `KINDS`. `check` says which are
malformed; `release VERSION` puts them at the top of CHANGELOG.md under their kinds and removes them.
"""

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path, PurePosixPath
from typing import Final

from tools.sources import ROOT, Offence, Source, repository

FOLDER: Final = "changes"
KINDS: Final[Mapping[str, str]] = {
    "added": "Added",
    "changed": "Changed",
    "deprecated": "Deprecated",
    "removed": "Removed",
    "fixed": "Fixed",
    "security": "Security",
}
NAME: Final = re.compile(r"(?P<name>[a-z0-9]+(?:-[a-z0-9]+)*)\.(?P<kind>\w+)\.md")
VERSION: Final = re.compile(r"\d+\.\d+\.\d+(?:(?:a|b|rc)\d+)?")
LINES: Final = 5
WIDTH: Final = 120
MARK: Final = "<!-- releases -->\n"


def offences(sources: Sequence[Source]) -> Iterator[Offence]:
    """Find fragments that a reader of the changelog would stumble over."""
    for source in fragments(sources):
        for text in _faults(source):
            yield Offence(source.path, 1, text)


def fragments(sources: Sequence[Source]) -> list[Source]:
    """Give the change fragments among the files."""
    return [source for source in sources if source.is_below(FOLDER) and not source.path.endswith("/README.md")]


def section(version: str, day: date, changes: Sequence[Source]) -> str:
    """Give the part of the changelog that tells a release."""
    parts = [f"## {version} · {day:%Y-%m-%d}\n"]
    for kind, title in KINDS.items():
        entries = [_entry(source.text) for source in changes if source.path.endswith(f".{kind}.md")]
        if entries:
            parts.append(f"### {title}\n\n{''.join(entries)}")
    return "\n".join(parts) + "\n"


def release(root: Path, version: str, day: date) -> int:
    """Move the fragments into CHANGELOG.md; give how many there were."""
    if not VERSION.fullmatch(version):
        raise ValueError(f"no version: {version!r}")
    changes = fragments(repository(root))
    changelog = root / "CHANGELOG.md"
    before, mark, after = changelog.read_text(encoding="utf-8").partition(MARK)
    if not mark:
        raise ValueError(f"CHANGELOG.md has lost its line {MARK.strip()!r}")
    changelog.write_text(f"{before}{mark}\n{section(version, day, changes)}{after}", encoding="utf-8")
    for source in changes:
        (root / source.path).unlink()
    return len(changes)


def main(words: Sequence[str]) -> int:
    """Run as a program: `check` or `release VERSION`."""
    match words:
        case ["check"] | []:
            found = list(offences(repository()))
            for offence in found:
                print(offence)
            return 1 if found else 0
        case ["release", version]:
            count = release(ROOT, version, datetime.now(UTC).date())
            print(f"{count} changes told under {version}")
            return 0
        case _:
            print(__doc__, file=sys.stderr)
            return 2


def _faults(source: Source) -> Iterator[str]:
    name = NAME.fullmatch(PurePosixPath(source.path).name)
    if name is None:
        yield "named <what-changed>.<kind>.md, in lower case with hyphens"
    elif name["kind"] not in KINDS:
        yield f"{name['kind']!r} is none of {', '.join(KINDS)}"
    lines = source.text.strip().splitlines()
    if not lines:
        yield "says nothing"
    if len(lines) > LINES:
        yield f"{len(lines)} lines, {LINES} at most: what changes for the user?"
    if any(len(line) > WIDTH for line in lines):
        yield f"a line of more than {WIDTH} characters"
    if lines and lines[0].startswith(("#", "-", "*")):
        yield "plain sentences: headings and bullets come with the release"


def _entry(text: str) -> str:
    first, *rest = text.strip().splitlines()
    return "".join([f"- {first}\n", *(f"  {line}\n" for line in rest)])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
