"""The lock files hold what pyproject.toml asks for, at versions it allows, with hashes, and agree with each other."""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools.sources import Offence, Source, main

SERVER: Final = "pyproject.toml"
SDK: Final = "sdk/python/pyproject.toml"
EVERYTHING: Final = "requirements/test.txt"
# The SDK comes from this repository, never from an index.
OURS: Final = frozenset({"unisono", "unisono-sdk"})
PIN: Final = re.compile(r"^(?P<name>[\w.-]+)==(?P<version>[^\s;\\]+)(?P<rest>.*(?:\n[ \t].*)*)", re.MULTILINE)

Table = Mapping[str, Any]


@dataclass(frozen=True)
class Pin:
    """The version that a lock file settles on."""

    version: str
    line: int
    has_hash: bool


def offences(sources: Sequence[Source]) -> Iterator[Offence]:
    """Find what is asked for and not locked, or locked and not allowed."""
    texts = {source.path: source.text for source in sources}
    wanted = asked_for(tomllib.loads(texts[SERVER]), tomllib.loads(texts[SDK]))
    locks = {path: read_pins(texts.get(path, "")) for path in wanted}
    for path, requirements in wanted.items():
        yield from _unmet(path, requirements, locks[path])
        yield from _unhashed(path, locks[path])
    for path in ("requirements/run.txt", "requirements/build.txt"):
        yield from _differing(path, locks[path], locks[EVERYTHING])


def asked_for(server: Table, sdk: Table) -> Mapping[str, Sequence[Requirement]]:
    """Give what each lock file has to hold."""
    groups: Mapping[str, list[str]] = server["dependency-groups"]
    extras: Iterable[list[str]] = server["project"].get("optional-dependencies", {}).values()
    run = [
        *server["project"]["dependencies"],
        *sdk["project"]["dependencies"],
        *(word for words in extras for word in words),
    ]
    lists = {
        "requirements/run.txt": run,
        "requirements/build.txt": groups["build"],
        "requirements/lock.txt": groups["lock"],
        EVERYTHING: [*run, *groups["build"], *groups["test"]],
    }
    return {path: [Requirement(word) for word in dict.fromkeys(words)] for path, words in lists.items()}


def read_pins(text: str) -> Mapping[str, Pin]:
    """Give the pins of a lock file by the name of what they pin."""
    return {
        canonicalize_name(found["name"]): Pin(
            found["version"], text.count("\n", 0, found.start()) + 1, "--hash=sha256:" in found["rest"]
        )
        for found in PIN.finditer(text)
    }


def _unmet(path: str, requirements: Sequence[Requirement], lock: Mapping[str, Pin]) -> Iterator[Offence]:
    for requirement in requirements:
        name = canonicalize_name(requirement.name)
        pin = lock.get(name)
        if name in OURS:
            continue
        if pin is None:
            yield Offence(path, 1, f"{requirement} is asked for and not locked: make lock")
        elif not requirement.specifier.contains(pin.version, prereleases=True):
            yield Offence(path, pin.line, f"{name} {pin.version} is not what {requirement} allows: make lock")


def _unhashed(path: str, lock: Mapping[str, Pin]) -> Iterator[Offence]:
    for name, pin in lock.items():
        if not pin.has_hash:
            yield Offence(path, pin.line, f"{name} has no hash: make lock")


def _differing(path: str, lock: Mapping[str, Pin], whole: Mapping[str, Pin]) -> Iterator[Offence]:
    for name, pin in lock.items():
        other = whole.get(name)
        if other is None or other.version != pin.version:
            yield Offence(path, pin.line, f"{name} {pin.version} is not what {EVERYTHING} has: make lock")


if __name__ == "__main__":
    main(offences)
