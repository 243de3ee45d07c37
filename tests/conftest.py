"""What every suite may ask for."""

from collections.abc import Iterator

import pytest

from tests.support.postgres import Cluster, postgres_cluster


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
