"""What the adverse suites share: how long they run, and a disk that forgets.

They run alone on the machine, one after the other. `TESTS_FULL=1` asks for the full figures.
"""

import os
from pathlib import Path

import pytest

from tests.support.lossy_disk import compile_shim


@pytest.fixture(scope="session")
def is_full() -> bool:
    """Say if the full figures were asked for."""
    return os.environ.get("TESTS_FULL", "") not in {"", "0"}


@pytest.fixture(scope="session")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compile the shim of the forgetful disk once."""
    return compile_shim(tmp_path_factory.mktemp("shim"))
