"""What the adverse suites share: how long they run, where they put their data, and the table at the end.

They run alone on the machine, one after the other. `TESTS_FULL=1` asks for the full figures.
"""

import os
from pathlib import Path

import pytest

from tests.support.figures import FIGURES, Report, reporting
from tests.support.lossy_disk import compile_shim


@pytest.fixture(scope="session")
def is_full() -> bool:
    """Say if the full figures were asked for."""
    return os.environ.get("TESTS_FULL", "") not in {"", "0"}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Give a data directory of its own."""
    return tmp_path / "data"


@pytest.fixture(scope="session")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compile the shim of the forgetful disk once."""
    return compile_shim(tmp_path_factory.mktemp("shim"))


@pytest.fixture
def report(request: pytest.FixtureRequest) -> Report:
    """Give a function that notes figures for the table at the end."""
    return reporting(request.node.name)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what was measured."""
    if not FIGURES:
        return
    terminalreporter.section("adverse figures")
    for name, figures in FIGURES:
        terminalreporter.write_line(f"{name}: {figures}")
