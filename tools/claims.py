"""Which test says that it proves which acceptance row, found without running any.

Python: `@pytest.mark.rows("T1", "X20")` on a function or a class, inside a `parametrize`, or as the module's
`pytestmark`. TypeScript: a comment `// rows: T1, X20` on the lines above a test.
"""

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from tools.sources import Offence, Source

Function = ast.FunctionDef | ast.AsyncFunctionDef

SCRIPTS: Final = (".test.ts", ".spec.ts", ".test.tsx", ".spec.tsx")
COMMENT: Final = re.compile(r"^\s*(?://|\*|/\*)\s*rows:\s*(?P<ids>[^*]*)")
SCRIPT_TEST: Final = re.compile(
    r"^\s*(?:await\s+)?(?:test|it|describe)(?:\.\w+)*\(\s*(?P<quote>[\"'`])(?P<name>.+?)(?P=quote)"
)
REFERENCE: Final = re.compile(r"(?P<path>\btests/[\w/.-]+\.py)(?P<inner>(?:::\w+)*)")


@dataclass(frozen=True)
class Claim:
    """A test's word that it proves a row."""

    row: str
    test: str
    path: str
    line: int


@dataclass(frozen=True)
class Found:
    """What a search for claims gave: the claims, and marks that no test stands behind."""

    claims: tuple[Claim, ...]
    offences: tuple[Offence, ...]


def find_claims(sources: Sequence[Source]) -> Found:
    """Read all tests."""
    results = [_in_python(source) if source.is_python else _in_script(source) for source in sources if is_test(source)]
    return Found(
        tuple(claim for result in results for claim in result.claims),
        tuple(offence for result in results for offence in result.offences),
    )


def is_test(source: Source) -> bool:
    """Whether a file holds tests."""
    name = PurePosixPath(source.path).name
    return source.path.endswith(SCRIPTS) or (source.is_python and name.startswith("test_"))


def dangling(sources: Sequence[Source]) -> Iterator[Offence]:
    """Find the tests that a page refers to and that are not there."""
    known = {name for source in sources if source.path.startswith("tests/") for name in _names(source)}
    for source in sources:
        if source.path.endswith(".md"):
            yield from (
                Offence(source.path, line, f"there is no {name}")
                for line, name in _references(source)
                if name not in known
            )


def _references(source: Source) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(source.text.splitlines(), start=1):
        for found in REFERENCE.finditer(line):
            yield number, found["path"] + found["inner"]


def _names(source: Source) -> Iterator[str]:
    yield source.path
    if source.is_python:
        yield from _inner_names(source.path, source.tree.body)


def _inner_names(prefix: str, body: Iterable[ast.stmt]) -> Iterator[str]:
    for node in body:
        if isinstance(node, Function | ast.ClassDef):
            name = f"{prefix}::{node.name}"
            yield name
            yield from _inner_names(name, node.body)


def _in_python(source: Source) -> Found:
    marked = _Marked(source)
    marked.read(source.path, source.tree.body, _module_marks(source.tree))
    return Found(tuple(marked.claims), (*marked.offences, *marked.unattached()))


class _Marked:
    """The walk through one Python test file."""

    def __init__(self, source: Source) -> None:
        self.claims: list[Claim] = []
        self.offences: list[Offence] = []
        self._source = source
        self._used: set[int] = set()

    def read(self, prefix: str, body: Sequence[ast.stmt], inherited: Sequence[ast.Call]) -> None:
        """Give each test of a body its own marks and those it stands under."""
        for node in body:
            if isinstance(node, Function) and node.name.startswith("test"):
                for mark in (*inherited, *_marks(node.decorator_list)):
                    self._claim(f"{prefix}::{node.name}", mark)
            elif isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
                self.read(f"{prefix}::{node.name}", node.body, (*inherited, *_marks(node.decorator_list)))

    def unattached(self) -> Iterator[Offence]:
        """Find the marks that no test stands behind."""
        for mark in _marks([self._source.tree]):
            if id(mark) not in self._used:
                yield self._offence(mark, "names rows, but no test stands behind it")

    def _claim(self, test: str, mark: ast.Call) -> None:
        if id(mark) not in self._used:
            self._used.add(id(mark))
            self._judge(mark)
        for row in _texts(mark):
            self.claims.append(Claim(row, test, self._source.path, mark.lineno))

    def _judge(self, mark: ast.Call) -> None:
        if not mark.args or len(_texts(mark)) != len(mark.args) or mark.keywords:
            self.offences.append(self._offence(mark, 'rows are written out: @pytest.mark.rows("T1", "X20")'))

    def _offence(self, mark: ast.Call, text: str) -> Offence:
        return Offence(self._source.path, mark.lineno, text)


def _marks(nodes: Iterable[ast.AST]) -> list[ast.Call]:
    return [
        node
        for top in nodes
        for node in ast.walk(top)
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("mark.rows")
    ]


def _module_marks(tree: ast.Module) -> list[ast.Call]:
    values = (
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name) and target.id == "pytestmark"
    )
    return _marks(values)


def _texts(mark: ast.Call) -> list[str]:
    return [word.value for word in mark.args if isinstance(word, ast.Constant) and isinstance(word.value, str)]


def _in_script(source: Source) -> Found:
    claims: list[Claim] = []
    offences: list[Offence] = []
    waiting: list[tuple[str, int]] = []
    for number, line in enumerate(source.text.splitlines(), start=1):
        if comment := COMMENT.match(line):
            waiting += [(row, number) for row in re.split(r"[,\s]+", comment["ids"].strip()) if row]
        elif test := SCRIPT_TEST.match(line):
            claims += [Claim(row, f"{source.path}::{test['name']}", source.path, at) for row, at in waiting]
            waiting.clear()
    offences += [Offence(source.path, at, f"names {row}, but no test stands behind it") for row, at in waiting]
    return Found(tuple(claims), tuple(offences))
