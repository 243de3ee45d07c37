"""Which tests of browsers run one after another: those that look at the same play."""

from pathlib import Path
from typing import Final

import pytest

HERE: Final = Path(__file__).parent
PLAYS: Final = ("lived", "shared", "works", "pages", "strained")
"""Fixtures that play; where tests of one play ran side by side, all but one would wait for it and do nothing else."""
LONGEST: Final = ("edges", "sharing-lived", "demo", "leancloud", "sharing", "firefox", "windows")
"""What begins first, so that nothing long is left at the end."""


def _play_of(item: pytest.Function) -> str:
    words = [item.path.stem.removeprefix("test_")]
    words += [name for name in PLAYS if name in item.fixturenames][:1]
    if hasattr(item, "callspec"):
        words += map(str, item.callspec.params.values())
    return "-".join(words)


def _rank(play: str) -> int:
    return next((at for at, name in enumerate(LONGEST) if play.startswith(name)), len(LONGEST))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Name the play of each test to who hands them out and looks next, the longest plays first."""
    own = [item for item in items if isinstance(item, pytest.Function) and item.path.parent == HERE]
    plays = {item: _play_of(item) for item in own}
    for item in own:
        item.add_marker(pytest.mark.xdist_group(plays[item]))
    if len(own) == len(items):
        items.sort(key=lambda item: _rank(plays[item]) if isinstance(item, pytest.Function) else len(LONGEST))
