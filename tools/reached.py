"""What nothing but tests reaches: a name that the server defines and never says again.

A name that two things share is seen as said again, so this finds less than there may be, and nothing that is used.
"""

import ast
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatch
from typing import Final

from tools.sources import Offence, Source, main, settings

SERVER: Final = "src/unisono"
TOOLS: Final = "tools"
PLAIN: Final = frozenset({"property", "cached_property", "staticmethod", "classmethod"})
"""Decorators that leave it to others to name what they decorate. Any other one may hand it on."""


def offences(sources: Sequence[Source]) -> Iterator[Offence]:
    """Find names that neither the server nor a tool says but where they are defined."""
    called: Mapping[str, str] = settings()["called_from_outside"]
    python = [source for source in sources if source.is_python and source.is_below(SERVER, TOOLS)]
    said = {name for source in python for name in names(source.tree)}
    for source in python:
        if source.is_below(SERVER) and not any(fnmatch(source.path, pattern) for pattern in called):
            unsaid = [(name, line) for name, line in defined(source.tree) if name not in said and name not in called]
            yield from (
                Offence(source.path, line, f"nothing says {name!r}: use it, or remove it") for name, line in unsaid
            )


def names(tree: ast.Module) -> Iterator[str]:
    """Give every name that a program says, other than to define it."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Load()) | ast.Attribute(attr=name) | ast.alias(name=name):
                yield name.rpartition(".")[2]
            case ast.Constant(value=str(text)) if text.isidentifier():
                yield text


def defined(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Give the functions, classes, methods and module's names that a program defines, with their lines."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            is_special = node.name.startswith("__")
            if not is_special and all(isinstance(by, ast.Name) and by.id in PLAIN for by in node.decorator_list):
                yield node.name, node.lineno
    for statement in tree.body:
        targets = statement.targets if isinstance(statement, ast.Assign) else []
        targets = [statement.target] if isinstance(statement, ast.AnnAssign) else targets
        for target in targets:
            if isinstance(target, ast.Name) and not target.id.startswith("__"):
                yield target.id, statement.lineno


if __name__ == "__main__":
    main(offences)
