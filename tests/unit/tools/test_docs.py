"""A page behind the code and a link that leads nowhere turn red."""

from pathlib import Path

import pytest

from tools import docs
from tools.sources import Source


def page() -> str:
    return "# Settings\n\nport\n"


PAGES = {"docs/reference/settings.md": page}


def test_a_page_that_is_missing_or_differs_is_behind(tmp_path: Path) -> None:
    (missing,) = docs.behind(tmp_path, PAGES)
    assert missing.line == 1
    file = tmp_path / "docs/reference/settings.md"
    file.parent.mkdir(parents=True)
    file.write_text("# Settings\n\nhost\n")
    (stale,) = docs.behind(tmp_path, PAGES)
    assert (stale.path, stale.line) == ("docs/reference/settings.md", 3)


def test_writing_brings_all_pages_in_step_and_is_done_once(tmp_path: Path) -> None:
    assert docs.write(tmp_path, PAGES) == ["docs/reference/settings.md"]
    assert list(docs.behind(tmp_path, PAGES)) == []
    assert docs.write(tmp_path, PAGES) == []


def test_links_are_followed_from_their_page(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/a b.md").write_text("")
    (tmp_path / "README.md").write_text("")
    text = "[x](a%20b.md) [y](../README.md#part) [z](https://example.org/x) [p](#part)\n[gone](b.md)\n"
    (offence,) = docs.broken_links([Source("docs/index.md", text)], tmp_path)
    assert (offence.line, offence.text) == (2, "the link leads nowhere: b.md")


def test_code_in_a_page_holds_no_links(tmp_path: Path) -> None:
    text = "```python\nx = y[0](z)\n```\n[gone](b.md)\n"
    (offence,) = docs.broken_links([Source("index.md", text)], tmp_path)
    assert offence.line == 4


def test_the_table_of_the_project_names_functions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docs, "settings", lambda: {"docs": {"docs/x.md": "textwrap:dedent"}})
    assert docs.pages()["docs/x.md"].__name__ == "dedent"
