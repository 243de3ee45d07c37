"""How long the soak goes on: `TESTS_SOAK_HOURS`, in all."""

import os
from typing import Final

import pytest

HOURS: Final = "TESTS_SOAK_HOURS"
DEFAULT_HOURS: Final = "0.05"


@pytest.fixture(scope="session")
def hours() -> float:
    """Give the hours that were asked for."""
    return float(os.environ.get(HOURS, DEFAULT_HOURS))
