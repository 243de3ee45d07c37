"""Names that name nothing, promises without an issue and silenced checks without a reason turn red."""

import pytest

from tools import words
from tools.sources import Source


def faults(text: str, path: str = "src/unisono/app/send.py") -> list[str]:
    return [offence.text for offence in words.offences([Source(path, text)])]


@pytest.mark.parametrize(
    "path",
    [
        "src/unisono/utils.py",
        "src/unisono/app/_helpers.py",
        "src/unisono/common/ids.py",
        "tests/unit/test_misc.py",
        "tools/manager.py",
        "sdk/typescript/src/core/info.ts",
    ],
)
def test_a_name_that_could_hold_anything_is_refused(path: str) -> None:
    (fault,) = faults("", path)
    assert "name the concept" in fault


def test_a_name_that_only_contains_such_a_word_is_fine() -> None:
    assert faults("", "src/unisono/domain/device_info_limits.py") == []
    assert faults("", "src/unisono/stores/database.py") == []


@pytest.mark.parametrize("word", ["TODO", "FIXME", "XXX", "HACK"])
def test_what_is_put_off_needs_an_issue(word: str) -> None:
    assert faults(f"x = 1  # {word}: later\n")
    assert faults(f"// {word} later\n", "sdk/typescript/src/index.ts")
    assert faults(f"    x(); // {word} later\n", "bench/peers/broadcast.c")
    assert faults(f"# {word} later\n", "tools/setup.sh")


def test_an_issue_is_named_by_its_number() -> None:
    assert faults("x = 1  # TODO(#12): when threads come\n") == []
    assert faults("x = 1  # FIXME(#12): now\n")


def test_a_word_in_a_string_is_no_promise() -> None:
    assert faults('x = "TODO: buy milk"\n') == []


@pytest.mark.parametrize(
    "mark", ["noqa", "noqa: S311", "noqa: S311, S105", "type: ignore[arg-type]", "pragma: no cover"]
)
def test_a_silenced_check_needs_its_reason(mark: str) -> None:
    assert faults(f"x = 1  # {mark}\n") == ["a silenced check needs its reason behind it"]
    assert faults(f"x = 1  # {mark}  (faults by a seed, not secrets)\n") == []


def test_a_test_may_silence_without_a_word() -> None:
    assert faults("x = 1  # type: ignore[arg-type]\n", "tests/unit/test_a.py") == []
