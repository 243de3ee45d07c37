"""Calls that only their owners may make: clocks, chance, tasks nobody awaits, queues without end, blind handlers.

The table of names is `tool.unisono.banned` in pyproject.toml; the rules that need more than a name are here.
"""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from tools.sources import Offence, Source, main, settings

FOLDERS: Final = ("src/unisono", "sdk/python/src")
QUEUES: Final = frozenset(
    f"{module}.{kind}"
    for module in ("asyncio", "queue", "multiprocessing")
    for kind in ("Queue", "LifoQueue", "PriorityQueue", "JoinableQueue")
)
ENDLESS: Final = frozenset({"queue.SimpleQueue", "multiprocessing.SimpleQueue"})
LOOPS: Final = frozenset({"asyncio.get_running_loop", "asyncio.get_event_loop", "asyncio.new_event_loop"})
BOUNDED: Final = "bounded by"
BLIND: Final = frozenset({"Exception", "BaseException"})
MARKS: Final = re.compile(
    r"noqa(:\s*[A-Z]+[0-9]+(,\s*[A-Z]+[0-9]+)*)?|pragma:\s*no cover|type:\s*ignore(\[[\w, -]*\])?"
)
REASON_LETTERS: Final = 10


@dataclass(frozen=True)
class Ban:
    """A name that only its owners may use, and what everybody else does instead."""

    name: str
    owners: tuple[str, ...]
    instead: str


def bans() -> tuple[Ban, ...]:
    """Read the table of pyproject.toml."""
    table: Mapping[str, Mapping[str, object]] = settings()["banned"]
    return tuple(Ban(name, tuple(_strings(row["owners"])), str(row["instead"])) for name, row in table.items())


def offences(sources: Sequence[Source], table: Sequence[Ban] | None = None) -> Iterator[Offence]:
    """Find what is used by somebody it does not belong to."""
    known = bans() if table is None else table
    for source in sources:
        if source.is_python and source.is_below(*FOLDERS):
            yield from _Reader(source, known).offences()


class _Reader:
    """One file, with what its imported names stand for."""

    def __init__(self, source: Source, table: Sequence[Ban]) -> None:
        self._source = source
        self._bans = [ban for ban in table if source.path not in ban.owners]
        self._meanings = dict(_imports(source.tree))

    def offences(self) -> Iterator[Offence]:
        for node in ast.walk(self._source.tree):
            line = getattr(node, "lineno", 0)
            for text in self._faults(node):
                yield Offence(self._source.path, line, text)

    def _faults(self, node: ast.AST) -> Iterator[str]:
        match node:
            case ast.Name(ctx=ast.Load()) | ast.Attribute(ctx=ast.Load()):
                yield from self._of_name(node)
            case ast.Call():
                yield from self._of_queue(node)
            case ast.ExceptHandler():
                yield from self._of_handler(node)

    def _of_name(self, node: ast.Name | ast.Attribute) -> Iterator[str]:
        meaning = self._meaning(node)
        for ban in self._bans:
            if fnmatchcase(meaning, ban.name):
                yield f"{meaning} is not yours: {ban.instead}"
        if isinstance(node, ast.Attribute) and node.attr == "create_task" and self._is_loop(node.value):
            yield "a task of the loop is nobody's: asyncio.TaskGroup"

    def _of_queue(self, call: ast.Call) -> Iterator[str]:
        meaning = self._meaning(call.func)
        if self._source.comments.get(call.lineno, "").startswith(BOUNDED):
            return
        if meaning in ENDLESS or (meaning in QUEUES and not _is_bounded(call)):
            yield f"{meaning} without a bound: give it a maxsize that has a name, or say `# {BOUNDED} …` by what else"

    def _of_handler(self, handler: ast.ExceptHandler) -> Iterator[str]:
        if not _is_blind(handler.type) or _passes_on(handler):
            return
        if not has_reason(self._source.comments.get(handler.lineno, "")):
            yield "catching everything needs a comment on its line that says whose task tree ends here"

    def _is_loop(self, node: ast.expr) -> bool:
        if isinstance(node, ast.Call):
            return self._meaning(node.func) in LOOPS
        name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
        return name.strip("_").endswith("loop")

    def _meaning(self, node: ast.expr) -> str:
        """Give the full name a name stands for: `t.time` after `import time as t` is `time.time`."""
        if isinstance(node, ast.Name):
            return self._meanings.get(node.id, "")
        if isinstance(node, ast.Attribute) and (parent := self._meaning(node.value)):
            return f"{parent}.{node.attr}"
        return ""


def has_reason(comment: str) -> bool:
    """Whether a comment says more than that a checker shall be quiet."""
    return sum(map(str.isalpha, MARKS.sub("", comment))) >= REASON_LETTERS


def _imports(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for name in node.names:
                top = name.name.partition(".")[0]
                yield (name.asname, name.name) if name.asname else (top, top)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for name in node.names:
                yield name.asname or name.name, f"{node.module}.{name.name}"


def _is_bounded(call: ast.Call) -> bool:
    given = [*call.args[:1], *(word.value for word in call.keywords if word.arg == "maxsize")]
    if not given:
        return False
    return not (isinstance(given[0], ast.Constant) and given[0].value in {0, None}) and not isinstance(
        given[0], ast.UnaryOp
    )


def _is_blind(kind: ast.expr | None) -> bool:
    if isinstance(kind, ast.Tuple):
        return any(map(_is_blind, kind.elts))
    return kind is None or (isinstance(kind, ast.Name) and kind.id in BLIND)


def _passes_on(handler: ast.ExceptHandler) -> bool:
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


def _strings(value: object) -> list[str]:
    if not isinstance(value, list):
        raise TypeError(f"a list of paths, not {value!r}")
    return [str(item) for item in value]


if __name__ == "__main__":
    main(offences)
