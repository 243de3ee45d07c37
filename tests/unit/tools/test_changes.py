"""Malformed fragments turn red; a release moves the well-formed ones into the changelog."""

import subprocess
from datetime import date
from pathlib import Path

import pytest

from tools import changes
from tools.sources import Source

DAY = date(2026, 3, 1)


def faults(name: str, text: str) -> list[str]:
    return [offence.text for offence in changes.offences([Source(f"changes/{name}", text)])]


def test_a_sentence_in_a_well_named_file_is_a_fragment() -> None:
    assert faults("resume-after-loss.added.md", "A session resumes by itself after any loss.\n") == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Resume.added.md", "Text.\n"),
        ("resume after loss.added.md", "Text.\n"),
        ("resume.md", "Text.\n"),
        ("resume.added.txt", "Text.\n"),
        ("resume.improved.md", "Text.\n"),
        ("resume.added.md", "\n"),
        ("resume.added.md", "One.\n" * 6),
        ("resume.added.md", "x" * 121 + "\n"),
        ("resume.added.md", "- A bullet.\n"),
        ("resume.added.md", "# A heading\n"),
    ],
)
def test_a_malformed_fragment_is_told(name: str, text: str) -> None:
    assert len(faults(name, text)) == 1


def test_the_page_about_fragments_is_none() -> None:
    assert faults("README.md", "# Changes\n") == []


def test_a_section_is_ordered_by_kind() -> None:
    fragments = [
        Source("changes/b.fixed.md", "B is well again.\n"),
        Source("changes/a.added.md", "A is new.\nIt does much.\n"),
    ]
    assert changes.section("0.2.0", DAY, fragments) == (
        "## 0.2.0 · 2026-03-01\n\n### Added\n\n- A is new.\n  It does much.\n\n### Fixed\n\n- B is well again.\n\n"
    )


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    (tmp_path / "changes").mkdir()
    (tmp_path / "changes" / "README.md").write_text("About.\n")
    (tmp_path / "changes" / "a.added.md").write_text("A is new.\n")
    (tmp_path / "CHANGELOG.md").write_text(f"# Changes\n\n{changes.MARK}\n## 0.1.0 · 2026-01-01\n")
    (tmp_path / "pyproject.toml").write_text("[tool.unisono]\n")
    return tmp_path


def test_a_release_empties_the_folder_into_the_changelog(checkout: Path) -> None:
    assert changes.release(checkout, "0.2.0", DAY) == 1
    text = (checkout / "CHANGELOG.md").read_text()
    assert text.index("- A is new.") < text.index("## 0.1.0")
    assert [path.name for path in (checkout / "changes").iterdir()] == ["README.md"]


def test_a_release_needs_a_version_and_a_place(checkout: Path) -> None:
    with pytest.raises(ValueError, match="no version"):
        changes.release(checkout, "next", DAY)
    (checkout / "CHANGELOG.md").write_text("# Changes\n")
    with pytest.raises(ValueError, match="lost its line"):
        changes.release(checkout, "0.2.0", DAY)
    assert (checkout / "changes" / "a.added.md").exists()
