"""What tests of the browser SDK share: the package, built once for all of them."""

from collections.abc import Mapping
from pathlib import Path
from typing import TypedDict

import pytest

from tests.support.node_player import once
from tests.support.sdk_package import build


class Size(TypedDict):
    """A script: the name of its file, and how large it is."""

    file: str
    bytes: int
    gzip: int


Built = tuple[Path, Mapping[str, Size]]
"""Where the package is, and its scripts by the names that they have before they have a hash."""


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Built:
    told = once(tmp_path_factory, worker_id, "typescript-package", build)
    return Path(told["folder"]), told["scripts"]
