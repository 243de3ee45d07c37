"""The honest progress bar: which acceptance rows are proved by which tests, and which by none yet.

Ends with the line `rows: N of M core rows proved`. Fails on a row that does not exist, on a mark no test stands
behind, and on a test that a page refers to and that is not there.
"""

import argparse
import json
import shutil
import sys
import textwrap
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from tools.acceptance import PAGE, SYSTEMS, Row, read_rows
from tools.claims import Claim, dangling, find_claims
from tools.sources import Offence, Source, repository

BAR: Final = 24
# Listed row by row even where nothing proves them; of the other classes only what is proved.
COUNTED: Final = frozenset({"core", "beyond"})


@dataclass(frozen=True)
class Standing:
    """All rows, and the tests that prove them."""

    rows: Mapping[str, Row]
    proofs: Mapping[str, Sequence[str]]
    offences: tuple[Offence, ...]

    def of(self, system: str, *kinds: str) -> list[Row]:
        """Give the rows of a system, of some classes or of all."""
        return [row for row in self.rows.values() if row.system == system and (not kinds or row.kind in kinds)]

    def proved(self, rows: Sequence[Row]) -> list[Row]:
        """Give those of the rows that a test names."""
        return [row for row in rows if self.proofs.get(row.id)]

    @property
    def last_line(self) -> str:
        """The figure everybody may quote."""
        core = [row for row in self.rows.values() if row.kind == "core"]
        return f"rows: {len(self.proved(core))} of {len(core)} core rows proved"


def survey(sources: Sequence[Source]) -> Standing:
    """Read the page and the tests."""
    rows = read_rows(next(source.text for source in sources if source.path == PAGE))
    found = find_claims(sources)
    proofs: dict[str, list[str]] = defaultdict(list)
    for claim in found.claims:
        if claim.row in rows and claim.test not in proofs[claim.row]:
            proofs[claim.row].append(claim.test)
    return Standing(rows, proofs, (*_unknown(found.claims, rows), *found.offences, *dangling(sources)))


def report(standing: Standing, systems: Sequence[str], *, width: int, with_texts: bool) -> Iterator[str]:
    """Tell how far it is, system by system."""
    for system in systems:
        yield ""
        yield _headline(standing, system)
        for row in standing.proved(standing.of(system)):
            yield from _proved(row, standing.proofs[row.id])
        missing = [row for row in standing.of(system, *COUNTED) if not standing.proofs.get(row.id)]
        yield from _texts(missing, width) if with_texts else _names(missing, width)
    yield ""


def as_json(standing: Standing) -> str:
    """Give all of it to a program."""
    rows = [
        {
            "id": row.id,
            "system": SYSTEMS[row.system],
            "class": row.kind,
            "statement": row.statement,
            "tests": list(standing.proofs.get(row.id, ())),
        }
        for row in standing.rows.values()
    ]
    offences = [str(offence) for offence in standing.offences]
    return json.dumps({"summary": standing.last_line, "offences": offences, "rows": rows}, indent=2, ensure_ascii=False)


def main(words: Sequence[str]) -> int:
    """Run as a program."""
    options = _options(words)
    standing = survey(repository())
    if options.json:
        print(as_json(standing))
        return 1 if standing.offences else 0
    if not options.check:
        systems = options.systems or [letter for letter in SYSTEMS if letter != "Q"]
        width = shutil.get_terminal_size((110, 24)).columns
        print("\n".join(report(standing, systems, width=width, with_texts=options.texts)))
    for offence in standing.offences:
        print(offence)
    print(standing.last_line)
    return 1 if standing.offences else 0


def _options(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make rows", description=__doc__)
    parser.add_argument("systems", nargs="*", type=_system, metavar="SYSTEM", help=f"only these: {' '.join(SYSTEMS)}")
    parser.add_argument("--texts", action="store_true", help="tell what the open rows say")
    parser.add_argument("--json", action="store_true", help="everything, for a program")
    parser.add_argument("--check", action="store_true", help="only what is wrong, and the last line")
    return parser.parse_args(words)


def _system(letter: str) -> str:
    if letter not in SYSTEMS:
        raise argparse.ArgumentTypeError(f"{letter!r} is none of {' '.join(SYSTEMS)}")
    return letter


def _unknown(claims: Sequence[Claim], rows: Mapping[str, Row]) -> Iterator[Offence]:
    for claim in claims:
        if claim.row not in rows:
            yield Offence(claim.path, claim.line, f"{PAGE} has no row {claim.row!r}")


def _headline(standing: Standing, system: str) -> str:
    groups = ((kind, standing.of(system, kind)) for kind in ("core", "beyond", "compat", "decide", "decision"))
    figures = ", ".join(f"{kind} {len(standing.proved(rows))} of {len(rows)}" for kind, rows in groups if rows)
    counted = standing.of(system, *COUNTED)
    filled = BAR * len(standing.proved(counted)) // max(1, len(counted))
    return f"{SYSTEMS[system]:<28}{'█' * filled}{'░' * (BAR - filled)}  {figures}"


def _proved(row: Row, tests: Sequence[str]) -> Iterator[str]:
    first, *others = tests
    kind = "" if row.kind in COUNTED else f" ({row.kind})"
    yield f"  {row.id:<5} {first}{kind}"
    yield from (f"        {test}" for test in others)


def _names(rows: Sequence[Row], width: int) -> Iterator[str]:
    if rows:
        text = "open: " + " ".join(runs([row.id for row in rows]))
        yield from textwrap.wrap(text, width - 2, initial_indent="  ", subsequent_indent="        ")


def runs(names: Sequence[str]) -> Iterator[str]:
    """Shorten three and more neighbours to a run: `T1 T2 T3 T5` is `T1-T3 T5`."""
    groups = groupby(enumerate(names), key=lambda item: (item[1][0], int(item[1][1:]) - item[0]))
    for _, group in groups:
        run = [name for _, name in group]
        yield from [f"{run[0]}-{run[-1]}"] if len(run) > 2 else run


def _texts(rows: Sequence[Row], width: int) -> Iterator[str]:
    for row in rows:
        yield from textwrap.wrap(
            f"{row.id:<5} open: {row.statement}", width - 2, initial_indent="  ", subsequent_indent="        "
        )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
