"""What is one larger than allowed turns red, what is just as large does not."""

import pytest

from tools import sizes
from tools.sources import Source


def faults(text: str, path: str = "src/unisono/a.py") -> list[str]:
    return [offence.text for offence in sizes.offences([Source(path, text)])]


def test_a_module_may_have_400_lines_and_no_more() -> None:
    assert faults("x = 1\n" * 400) == []
    assert faults("x = 1\n" * 401) == ["401 lines, 400 at most"]


def test_a_typescript_module_is_measured_too() -> None:
    assert faults("let x\n" * 401, "sdk/typescript/src/core/session.ts") == ["401 lines, 400 at most"]


def test_what_is_no_source_is_not_measured() -> None:
    assert faults("x\n" * 900, "docs/acceptance.md") == []
    assert faults("x\n" * 900, "requirements/run.py") == []


def test_a_function_may_have_50_lines_without_its_docstring() -> None:
    docstring = '    """One.\n\n    Two.\n    """\n'
    assert faults("def f():\n" + docstring + "    x = 1\n" * 49) == []
    assert faults("def f():\n" + docstring + "    x = 1\n" * 50) == ["f: 51 lines, 50 at most"]


def test_a_function_that_is_only_a_docstring_is_counted_whole() -> None:
    assert faults('def f():\n    """' + "\n" * 50 + '    """\n') == ["f: 52 lines, 50 at most"]


@pytest.mark.parametrize(
    ("code", "count"),
    [
        ("def f(a, b, c, d, e, *, x, y, z): ...", 5),
        ("def f(a, b, c, d, e, g): ...", 6),
        ("def f(a, b, /, c, d, e, g): ...", 6),
        ("async def f(a, b, c, d, e, g): ...", 6),
        ("class C:\n    def f(self, a, b, c, d, e): ...", 5),
        ("class C:\n    def f(self, a, b, c, d, e, g): ...", 6),
        ("class C:\n    @staticmethod\n    def f(a, b, c, d, e, g): ...", 6),
        ("def outer():\n    def f(a, b, c, d, e, g): ...", 6),
    ],
)
def test_five_parameters_may_be_given_by_position(code: str, count: int) -> None:
    assert faults(code) == ([f"f: {count} positional parameters, 5 at most"] if count > 5 else [])


def nested(*heads: str) -> str:
    lines = ["def f():", *("    " * depth + head for depth, head in enumerate(heads, start=1))]
    return "\n".join([*lines, "    " * (len(heads) + 1) + "pass"]) + "\n"


def test_blocks_nest_three_deep_and_no_more() -> None:
    assert faults(nested("if a:", "for b in c:", "while d:")) == []
    assert faults(nested("if a:", "for b in c:", "while d:", "if e:")) == ["f: nested 4 deep, 3 at most"]
    assert faults(nested("async for a in b:", "match c:", "case d:", "if e:", "if g:")) == [
        "f: nested 4 deep, 3 at most"
    ]


def test_an_elif_stays_where_its_if_is() -> None:
    chain = "".join(f"    elif a == {n}:\n        pass\n" for n in range(9))
    assert faults("def f():\n    if a:\n        pass\n" + chain) == []


def test_an_if_within_an_else_is_deeper() -> None:
    code = nested("if a:", "if b:", "if c:") + "            else:\n                x = 1\n                if d: pass\n"
    assert faults(code) == ["f: nested 4 deep, 3 at most"]


def test_a_with_holds_something_and_nests_nothing() -> None:
    assert faults(nested("with a:", "with b:", "async with c:", "with d:", "if e:")) == []


def test_a_function_inside_starts_anew() -> None:
    assert faults(nested("if a:", "for b in c:", "def g():", "if d:", "if e:")) == []
