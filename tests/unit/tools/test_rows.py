"""Claims are found however they are written; false ones turn red; the last line counts the core rows only."""

import json
from collections.abc import Sequence

import pytest

from tools import rows
from tools.acceptance import PAGE
from tools.claims import dangling, find_claims
from tools.sources import Source

ACCEPTANCE = Source(
    PAGE,
    "| ID | Acceptance | Class |\n|---|---|---|\n"
    "| T1 | One. | core |\n| T2 | Two. | core |\n| T3 | Three. | decide |\n"
    "| S1 | Four. | core |\n| S2 | Five. | core |\n| S3 | Six. | core |\n\n"
    "| No | Claim, as it will be tested |\n|---|---|\n| D1 | Seven. |\n",
)
PATH = "tests/unit/test_a.py"


def claims(text: str, path: str = PATH) -> list[tuple[str, str]]:
    found = find_claims([Source(path, text)])
    assert not found.offences
    return [(claim.row, claim.test) for claim in found.claims]


def offences(text: str, path: str = PATH) -> list[str]:
    return [offence.text for offence in find_claims([Source(path, text)]).offences]


def survey(*sources: Source) -> rows.Standing:
    return rows.survey([ACCEPTANCE, *sources])


def lines(standing: rows.Standing, systems: Sequence[str] = ("T", "S", "D"), *, with_texts: bool = False) -> str:
    return "\n".join(rows.report(standing, systems, width=100, with_texts=with_texts))


def test_a_function_names_its_rows() -> None:
    text = "@pytest.mark.rows('T1', 'T2')\nasync def test_x(): ...\n"
    assert claims(text) == [("T1", f"{PATH}::test_x"), ("T2", f"{PATH}::test_x")]


def test_a_class_and_a_module_name_rows_for_all_their_tests() -> None:
    text = (
        "pytestmark = [pytest.mark.rows('T1'), pytest.mark.adverse]\n"
        "@pytest.mark.rows('T2')\nclass TestX:\n    def test_y(self): ...\n    def other(self): ...\n"
        "def test_z(): ...\n"
    )
    assert claims(text) == [
        ("T1", f"{PATH}::TestX::test_y"),
        ("T2", f"{PATH}::TestX::test_y"),
        ("T1", f"{PATH}::test_z"),
    ]


def test_a_parameter_names_its_rows() -> None:
    text = "@pytest.mark.parametrize('x', [pytest.param(1, marks=pytest.mark.rows('T1'))])\ndef test_x(x): ...\n"
    assert claims(text) == [("T1", f"{PATH}::test_x")]


@pytest.mark.parametrize("head", ['test("it works", () => {', "it.each([1])\n", "  it('it works', async () => {"])
def test_a_comment_names_the_rows_of_a_typescript_test(head: str) -> None:
    path = "tests/browser/tabs.spec.ts"
    text = f"// rows: T1, T2\n{head}\n"
    if "each" in head:
        assert len(offences(text, path)) == 2
    else:
        assert claims(text, path) == [("T1", f"{path}::it works"), ("T2", f"{path}::it works")]


@pytest.mark.parametrize(
    "text",
    [
        "@pytest.mark.rows('T1')\n@pytest.fixture\ndef server(): ...\n",
        "@pytest.mark.rows('T1')\nclass TestNothing:\n    pass\n",
        "pytestmark = pytest.mark.rows('T1')\n",
        "MARK = pytest.mark.rows('T1')\n\ndef test_x(): ...\n",
    ],
)
def test_a_mark_no_test_stands_behind_is_told(text: str) -> None:
    assert offences(text) == ["names rows, but no test stands behind it"]


@pytest.mark.parametrize("mark", ["rows()", "rows(*ROWS)", "rows(T1)", "rows(f'T{n}')", "rows(ids=['T1'])"])
def test_rows_are_written_out(mark: str) -> None:
    (text,) = offences(f"@pytest.mark.{mark}\ndef test_x(): ...\n")
    assert "written out" in text


def test_a_row_that_does_not_exist_is_told() -> None:
    standing = survey(Source(PATH, "@pytest.mark.rows('T9', 'T1')\ndef test_x(): ...\n"))
    assert [str(offence) for offence in standing.offences] == [f"{PATH}:1: {PAGE} has no row 'T9'"]
    assert standing.last_line == "rows: 1 of 5 core rows proved"


def test_other_classes_are_told_and_not_counted() -> None:
    standing = survey(Source(PATH, "@pytest.mark.rows('T3', 'D1')\ndef test_x(): ...\n"))
    assert standing.last_line == "rows: 0 of 5 core rows proved"
    assert f"T3    {PATH}::test_x (decide)" in lines(standing)
    assert "beyond 1 of 1" in lines(standing)


def test_the_report_tells_what_is_proved_and_what_is_open() -> None:
    text = "@pytest.mark.rows('T1')\ndef test_x(): ...\n@pytest.mark.rows('T1')\ndef test_y(): ...\n"
    told = lines(survey(Source(PATH, text)))
    assert f"  T1    {PATH}::test_x\n        {PATH}::test_y\n  open: T2\n" in told
    assert "core 1 of 2, decide 0 of 1" in told
    assert "  open: S1-S3\n" in told


def test_the_report_can_say_what_the_open_rows_mean() -> None:
    assert "S2    open: Five." in lines(survey(), ["S"], with_texts=True)


def test_neighbours_are_shortened_to_a_run() -> None:
    assert list(rows.runs(["T1", "T2", "T3", "T5", "T6", "S7"])) == ["T1-T3", "T5", "T6", "S7"]


def test_a_program_gets_all_of_it() -> None:
    told = json.loads(rows.as_json(survey(Source(PATH, "@pytest.mark.rows('S1')\ndef test_x(): ...\n"))))
    assert told["summary"] == "rows: 1 of 5 core rows proved"
    proved = {row["id"]: row["tests"] for row in told["rows"]}
    assert proved["S1"] == [f"{PATH}::test_x"]
    assert proved["S2"] == []


def test_a_page_that_names_a_missing_test_is_told() -> None:
    tests = Source(PATH, "class TestX:\n    def test_y(self): ...\n")
    page = Source("docs/x.md", f"see {PATH}, {PATH}::TestX::test_y\nand {PATH}::test_y or tests/gone.py\n")
    assert [(offence.line, offence.text) for offence in dangling([tests, page])] == [
        (2, f"there is no {PATH}::test_y"),
        (2, "there is no tests/gone.py"),
    ]


def test_the_program_fails_on_a_false_claim(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sources = [ACCEPTANCE, Source(PATH, "@pytest.mark.rows('T9')\ndef test_x(): ...\n")]
    monkeypatch.setattr(rows, "repository", lambda: sources)
    assert rows.main(["--check"]) == 1
    assert rows.main(["--json"]) == 1
    assert rows.main(["T"]) == 1
    assert capsys.readouterr().out.endswith("rows: 0 of 5 core rows proved\n")
    sources.pop()
    assert rows.main(["--check"]) == 0
    with pytest.raises(SystemExit):
        rows.main(["Z"])
