"""Settings shown on pages are settings that a server takes."""

from pathlib import Path

import pytest

from tests.docs.pages import ROOT, Example, examples
from unisono import config

PAGES = sorted(str(page.relative_to(ROOT)) for page in (ROOT / "docs" / "guide").glob("*.md"))
EXAMPLES = [example for page in [*PAGES, "README.md"] for example in examples(page, "toml")]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.place)
def test_a_server_takes_the_settings_of_an_example(example: Example, tmp_path: Path) -> None:
    file = tmp_path / "unisono.toml"
    file.write_text(example.text)
    config.load(file)


def test_there_are_examples_of_settings() -> None:
    assert len(EXAMPLES) >= 2
