"""Several sessions are summed up in one honest line: a skip, a broken session and an empty run are failures."""

from pathlib import Path

import pytest

from tools.suites import SUITES, Result, Suite, main, run, total

GOOD = Result(0, {"passed": 3, "failed": 0})
EMPTY = Result(5, {"passed": 0})
# The plug-ins of this project's own tests take a second to load.
BARE = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}


def test_sums_are_told_in_the_last_line() -> None:
    assert total([GOOD, GOOD, EMPTY]) == (True, "6 passed, 0 failed")


def test_a_failure_anywhere_fails_the_whole() -> None:
    assert total([GOOD, Result(1, {"passed": 1, "failed": 2, "error": 1})]) == (False, "4 passed, 3 failed")


def test_a_skipped_test_proves_nothing() -> None:
    assert total([Result(0, {"passed": 3, "skipped": 1})]) == (False, "3 passed, 1 failed")
    assert total([Result(0, {"passed": 3, "xfailed": 1})]) == (False, "3 passed, 1 failed")


def test_a_session_that_broke_without_a_failed_test_counts_as_one() -> None:
    assert total([GOOD, Result(1, {"passed": 2})]) == (False, "5 passed, 1 failed")
    assert total([GOOD, Result(3, {})]) == (False, "3 passed, 1 failed")


def test_running_nothing_is_no_success() -> None:
    assert total([EMPTY]) == (False, "0 passed, 0 failed")


@pytest.mark.parametrize(
    ("code", "counts"),
    [
        ("def test_x(): pass\ndef test_y(): pass\n", (True, "2 passed, 0 failed")),
        ("def test_x(): assert False\n", (False, "0 passed, 1 failed")),
        ("import pytest\ndef test_x(): pytest.skip('no')\n", (False, "0 passed, 1 failed")),
        ("def test_x(gone): pass\n", (False, "0 passed, 1 failed")),
        ("import gone\n", (False, "0 passed, 1 failed")),
        ("import pytest\n@pytest.mark.slow\ndef test_x(): pass\n", (False, "0 passed, 0 failed")),
    ],
)
def test_a_real_session_is_counted(tmp_path: Path, code: str, counts: tuple[bool, str]) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = slow\n")
    (tmp_path / "test_x.py").write_text(code)
    assert total([run(Suite("planted", "not slow", ("-p", "no:cacheprovider"), BARE), tmp_path)]) == counts


def test_a_suite_finds_what_its_environment_holds(tmp_path: Path) -> None:
    (tmp_path / "test_x.py").write_text("import os\ndef test_x(): assert os.environ['TESTS_FULL'] == '1'\n")
    suite = Suite("planted", "", ("-p", "no:cacheprovider"), {**BARE, "TESTS_FULL": "1"})
    assert total([run(suite, tmp_path)]) == (True, "1 passed, 0 failed")


def test_each_chore_names_its_suites() -> None:
    assert set(SUITES) == {"test", "full", "soak"}
    assert main(["everything"]) == 2


def test_the_end_says_which_suite_failed_and_why(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    results = dict.fromkeys(("browser", "adverse", "alone"), GOOD)
    results |= {"pure": Result(1, {"passed": 2}), "swift": Result(1, {"passed": 1, "failed": 2})}
    monkeypatch.setattr("tools.suites.run", lambda suite: results[suite.name])
    assert main(["test"]) == 1
    said = capsys.readouterr().out
    assert "failed: pure (exit status 1 without a failed test: too little covered, or broken off), see above" in said
    assert "failed: swift (2 failed), see above" in said
    assert "adverse" not in said
    assert said.endswith("\n12 passed, 3 failed\n")
