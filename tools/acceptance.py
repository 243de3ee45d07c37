"""The rows of docs/acceptance.md: what must hold, each with a fixed name."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

PAGE: Final = "docs/acceptance.md"
SYSTEMS: Final[Mapping[str, str]] = {
    "T": "Turms: shared context",
    "E": "Easemob: several devices",
    "M": "mesibo: tabs and windows",
    "L": "LeanCloud: realtime SDK v3",
    "S": "Sente: client and user ids",
    "X": "Crossings: where they meet",
    "D": "Beyond every anchor",
    "Q": "Decisions",
}
CLASSES: Final = frozenset({"core", "compat", "decide", "doc"})
ROW: Final = re.compile(r"\| *(?P<id>[A-Z]\d+) *\|")
RULE: Final = re.compile(r"\|[-| :]+\|")
CELL: Final = re.compile(r"(?<!\\)\|")
# The column that says what must hold, whatever the table calls it.
STATEMENTS: Final = ("Acceptance", "Claim, as it will be tested", "Proposal")


@dataclass(frozen=True)
class Row:
    """A statement that a test can prove. `kind` is its class, `beyond` for D and `decision` for Q."""

    id: str
    kind: str
    statement: str

    @property
    def system(self) -> str:
        """The letter of the system the row comes from."""
        return self.id[0]


class MalformedPageError(ValueError):
    """The acceptance page cannot be read."""


def read_rows(page: str) -> Mapping[str, Row]:
    """Give the rows of the page by id, in its order."""
    rows: dict[str, Row] = {}
    for row in _rows(page):
        if row.id in rows:
            raise MalformedPageError(f"{row.id} is there twice")
        rows[row.id] = row
    return rows


def _rows(page: str) -> Iterator[Row]:
    header: list[str] = []
    before: list[str] = []
    for line in page.splitlines():
        if RULE.fullmatch(line):
            header = before
        elif ROW.match(line):
            yield _row(dict(zip(header, _cells(line), strict=True)))
        before = _cells(line)


def _row(cells: Mapping[str, str]) -> Row:
    name = next(iter(cells.values()))
    if name[0] not in SYSTEMS:
        raise MalformedPageError(f"{name}: no system has this letter")
    kind = cells.get("Class") or {"D": "beyond", "Q": "decision"}.get(name[0], "")
    if kind not in {*CLASSES, "beyond", "decision"}:
        raise MalformedPageError(f"{name} has no class")
    column = next((column for column in STATEMENTS if column in cells), None)
    if column is None:
        raise MalformedPageError(f"{name} has no column that says what must hold")
    return Row(name, kind, cells[column])


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in CELL.split(line)[1:-1]]
