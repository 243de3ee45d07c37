"""What every suite may ask for."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from hypothesis import settings

from tests.support.figures import FIGURES, Report, reporting
from tests.support.postgres import Cluster, postgres_cluster

NAMING_BYTES: Final = 16
# A machine that does something else for a moment makes no example wrong.
settings.register_profile("ours", deadline=None)
settings.load_profile("ours")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """Lend a private PostgreSQL cluster, one for each worker, that forgets on a power cut."""
    with postgres_cluster() as cluster:
        yield cluster


@pytest.fixture
def postgres_dsn(postgres: Cluster) -> Iterator[str]:
    """Lend the address of a fresh, empty database."""
    with postgres.database() as name:
        yield postgres.dsn(name)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Give a data directory of its own."""
    return tmp_path / "data"


@pytest.fixture
def report(request: pytest.FixtureRequest) -> Report:
    """Give a function that notes figures for the table at the end."""
    return reporting(request.node.name)


def pytest_make_parametrize_id(config: pytest.Config, val: object, argname: str) -> str | None:
    """Name tests by short texts only: workers must find the same names, and what was compressed may hold the time."""
    del config
    return argname if isinstance(val, bytes) and len(val) > NAMING_BYTES else None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what was measured."""
    if not FIGURES:
        return
    terminalreporter.section("figures")
    for name, figures in FIGURES:
        terminalreporter.write_line(f"{name}: {figures}")
