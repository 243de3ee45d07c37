"""The files of this repository, as the checks see them."""

import ast
import gc
import io
import subprocess
import sys
import tokenize
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cached_property
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Offence:
    """A place that breaks a rule, and which."""

    path: str
    line: int
    text: str

    def __str__(self) -> str:
        """Give it the way editors and terminals make a link of."""
        return f"{self.path}:{self.line}: {self.text}"


@dataclass(frozen=True)
class Source:
    """A text file: where it stands, from the root on, and what it says."""

    path: str
    text: str

    @property
    def is_python(self) -> bool:
        """Whether it has a syntax tree and comments."""
        return self.path.endswith(".py")

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree of a Python file."""
        return ast.parse(self.text, filename=self.path)

    @cached_property
    def comments(self) -> Mapping[int, str]:
        """The comments of a Python file by line, without their `#`."""
        tokens = tokenize.generate_tokens(io.StringIO(self.text).readline)
        return {token.start[0]: token.string.lstrip("# ") for token in tokens if token.type == tokenize.COMMENT}

    def is_below(self, *folders: str) -> bool:
        """Whether it stands in one of some folders."""
        return any(self.path.startswith(f"{folder}/") for folder in folders)


Check = Callable[[Sequence[Source]], Iterable[Offence]]


def repository(root: Path = ROOT) -> list[Source]:
    """Read every text file that is committed or about to be, but for the generated ones."""
    generated: list[str] = settings(root).get("generated", [])
    return [
        source
        for path in _paths(root)
        if not any(fnmatch(path, pattern) for pattern in generated) and (source := _read(root, path)) is not None
    ]


def settings(root: Path = ROOT) -> dict[str, Any]:
    """Give the table `tool.unisono` of pyproject.toml."""
    table: dict[str, Any] = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["unisono"]
    return table


def run(check: Check) -> int:
    """Apply a check to the repository, print what it finds, and give the exit status."""
    offences = sorted(check(repository()), key=lambda offence: (offence.path, offence.line))
    for offence in offences:
        print(offence)
    return 1 if offences else 0


def main(check: Check) -> None:
    """Be the program of a check."""
    # Trees of all sources stay until the end: to look through them for garbage takes longer than all the rest.
    gc.disable()
    sys.exit(run(check))


def _paths(root: Path) -> Iterator[str]:
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        check=True,
        capture_output=True,
        text=True,
    )
    yield from sorted({path for path in listing.stdout.split("\0") if path})


def _read(root: Path, path: str) -> Source | None:
    """Read a file; `None` if it is no text, a link, or gone since it was listed."""
    file = root / path
    if file.is_symlink() or not file.is_file():
        return None
    try:
        return Source(path, file.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, FileNotFoundError):
        return None
