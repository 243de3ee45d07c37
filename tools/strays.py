"""Nothing here points at the machine it was written on, nor at a registry: anybody can build it, from any mirror."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from tools.sources import Offence, Source, main

# Put together from pieces, so that this file does not accuse itself.
PLACES: Final = ("/wo" + "rk/", "/ro" + "ot/", "/ho" + "me/", "../sha" + "red")
HOSTS: Final = (
    "py" + "pi.org",
    "python" + "hosted.org",
    "npm" + "js.org",
    "npm" + "js.com",
    "yarn" + "pkg.com",
    "debian" + ".org",
    "proxy.go" + "lang.org",
    "index.crates" + ".io",
)
PATTERN: Final = re.compile(
    "|".join([*(rf"(?<![\w.*])(?:{re.escape(place)})\w*" for place in PLACES), *map(re.escape, HOSTS)])
)


def offences(sources: Sequence[Source]) -> Iterator[Offence]:
    """Find paths of somebody's machine and hosts of package registries."""
    for source in sources:
        for number, line in enumerate(source.text.splitlines(), start=1):
            for found in PATTERN.finditer(line):
                yield Offence(source.path, number, f"{found[0]!r} exists on one machine only, or names a registry")


if __name__ == "__main__":
    main(offences)
