"""The page that says of each row of LeanCloud, Sente and the crossings which tests prove it, or when it will be.

Fails where an open row of class core has no reason to be open, and where a reason is left for a row that is proved.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from tools.acceptance import PAGE, SYSTEMS, Row
from tools.rows import Standing, survey
from tools.sources import Offence, repository

TOLD: Final = "LSX"
BROWSER: Final = "the browser SDK: only tabs, or a package for JavaScript, can show it"
LATER: Final[Mapping[str, str]] = {
    BROWSER: "L5 L7 L284",
}
"""Why rows are open, by reason."""


def page() -> str:
    """Give the page."""
    return "\n".join(lines(survey(repository()), reasons()))


def offences(standing: Standing, why: Mapping[str, str]) -> Iterator[Offence]:
    """Find open core rows without a reason, and reasons that have had their day."""
    for system in TOLD:
        for row in standing.of(system, "core"):
            if not standing.proofs.get(row.id) and row.id not in why:
                yield Offence(PAGE, 0, f"{row.id} is open, and tools/proofs.py has no reason for it")
    for name in why:
        if standing.proofs.get(name):
            yield Offence("tools/proofs.py", 0, f"{name} is proved: its reason to be open is no more")


def reasons() -> Mapping[str, str]:
    """Give the reason of each row that is left open."""
    return {name: reason for reason, names in LATER.items() for name in names.split()}


def lines(standing: Standing, why: Mapping[str, str]) -> Iterator[str]:
    """Give the lines of the page."""
    yield "# Rows and their proofs"
    yield ""
    source = PAGE.removeprefix("docs/")
    yield f"Made from the [rows](../{source}) and the marks of the tests. `make rows` tells of all systems."
    for system in TOLD:
        core = standing.of(system, "core")
        yield from (
            "",
            f"## {SYSTEMS[system]}",
            "",
            f"{len(standing.proved(core))} of {len(core)} core rows are proved.",
        )
        yield from ("", "| row | class | what must hold | proved by |", "|---|---|---|---|")
        for row in standing.of(system):
            yield f"| {row.id} | {row.kind} | {row.statement} | {_proof(row, standing, why)} |"
    yield ""


def _proof(row: Row, standing: Standing, why: Mapping[str, str]) -> str:
    tests = standing.proofs.get(row.id, ())
    if not tests:
        return f"left for {why[row.id]}" if row.id in why else ""
    return "<br>".join(_link(test) for test in tests)


def _link(test: str) -> str:
    path, _, name = test.partition("::")
    return f"[{name}](../../{path})"


if __name__ == "__main__":
    found = list(offences(survey(repository()), reasons()))
    print("\n".join(map(str, found)) or "each open row has its reason")
    raise SystemExit(1 if found else 0)
