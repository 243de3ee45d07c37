"""Modules, functions, parameter lists and nesting keep to the sizes of the style guide."""

import ast
from collections.abc import Iterator, Sequence
from typing import Final

from tools.sources import Offence, Source, main

MODULE_LINES: Final = 400
FUNCTION_LINES: Final = 50
POSITIONAL: Final = 5
NESTING: Final = 3

FOLDERS: Final = ("src", "sdk", "tools", "bench", "tests")
ENDINGS: Final = (".py", ".ts", ".tsx")

Function = ast.FunctionDef | ast.AsyncFunctionDef
SCOPES: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
# What branches, repeats or catches. A `with` only says how long something is held.
BLOCKS: Final = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.Try, ast.TryStar, ast.Match)


def offences(sources: Sequence[Source]) -> Iterator[Offence]:
    """Find what is larger than it may be."""
    for source in sources:
        if not source.is_below(*FOLDERS) or not source.path.endswith(ENDINGS):
            continue
        lines = source.text.count("\n")
        if lines > MODULE_LINES:
            yield Offence(source.path, MODULE_LINES + 1, f"{lines} lines, {MODULE_LINES} at most")
        if source.is_python:
            yield from _of_functions(source)


def _of_functions(source: Source) -> Iterator[Offence]:
    parents: list[ast.AST] = [source.tree]
    for parent in parents:
        parents += _statements(parent)
        functions = (node for node in _statements(parent) if isinstance(node, Function))
        for function in functions:
            faults = _faults(function, is_method=isinstance(parent, ast.ClassDef))
            yield from (Offence(source.path, function.lineno, f"{function.name}: {text}") for text in faults)


def _faults(function: Function, *, is_method: bool) -> Iterator[str]:
    if (lines := length(function)) > FUNCTION_LINES:
        yield f"{lines} lines, {FUNCTION_LINES} at most"
    if (count := positional(function, is_method=is_method)) > POSITIONAL:
        yield f"{count} positional parameters, {POSITIONAL} at most"
    if (depth := nesting(function)) > NESTING:
        yield f"nested {depth} deep, {NESTING} at most"


def length(function: Function) -> int:
    """Count the lines of a function, its docstring not included: a promise may be as long as it has to be."""
    end = function.end_lineno or function.lineno
    lines = end - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function, clean=False) is None or len(function.body) == 1:
        return lines
    return lines - ((first.end_lineno or first.lineno) - first.lineno + 1)


def positional(function: Function, *, is_method: bool) -> int:
    """Count the parameters that can be given by position; not `self` or `cls`."""
    is_static = any(isinstance(mark, ast.Name) and mark.id == "staticmethod" for mark in function.decorator_list)
    count = len(function.args.posonlyargs) + len(function.args.args)
    return count - 1 if is_method and not is_static and count else count


def nesting(node: ast.AST) -> int:
    """Give the depth of blocks inside; a function inside a function starts anew, an `elif` stays where its `if` is."""
    return max((_depth(node, child) for child in _statements(node)), default=0)


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    """Give the statements right below, with the branches that hold statements; expressions hold none."""
    for held in ("body", "handlers", "cases", "orelse", "finalbody"):
        yield from getattr(node, held, ())


def _depth(parent: ast.AST, child: ast.AST) -> int:
    if isinstance(child, SCOPES):
        return 0
    is_elif = isinstance(parent, ast.If) and parent.orelse == [child] and isinstance(child, ast.If)
    return nesting(child) + (isinstance(child, BLOCKS) and not is_elif)


if __name__ == "__main__":
    main(offences)
