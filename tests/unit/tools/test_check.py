"""All steps run whatever the others say, and one that fails is shown with its words."""

import sys

import pytest

from tools.check import STEPS, Step, main


def step(name: str, code: str) -> Step:
    return Step(name, (sys.executable, "-c", code))


def test_one_bad_step_fails_the_chore_and_the_others_still_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([step("bad", "print('line 3: no'); raise SystemExit(1)"), step("good", "print('unheard')")]) == 1
    said = capsys.readouterr().out
    assert "FAIL bad" in said
    assert "line 3: no" in said
    assert "ok   good" in said
    assert "unheard" not in said
    assert "check: not so: bad," in said


def test_good_steps_make_a_good_chore(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([step("good", "")]) == 0
    assert "check: all well" in capsys.readouterr().out


def test_the_chore_has_every_check() -> None:
    names = {step.name for step in STEPS}
    assert names == {
        "types", "imports", "format", "lint", "sizes", "banned", "words", "strays", "reached", "locks", "changes",
        "docs", "rows", "proofs", "typescript", "package",
    }  # fmt: skip
