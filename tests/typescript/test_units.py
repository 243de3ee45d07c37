"""The browser SDK without a browser: its units in Node, and the rows that they prove."""

import asyncio
import fcntl
import json
from typing import Final

import pytest

from tests.support.node_tests import Told, assert_passed, files, run

DEADLINE_S: Final = 120.0
UNITS: Final = [name for name in files() if not name.startswith("server/")]


@pytest.fixture(scope="session")
def told(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Told:
    """Give what came of all units. All workers of a run share one run of Node."""
    own = tmp_path_factory.getbasetemp()
    shared = own if worker_id == "master" else own.parent
    kept = shared / "typescript-units.json"
    with (shared / "typescript-units.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            kept.write_text(json.dumps(asyncio.run(run(UNITS, deadline_s=DEADLINE_S))))
    read: Told = json.loads(kept.read_text())
    return read


@pytest.mark.rows("D13")
def test_signing_out_one_of_three_users_removes_only_its_data(told: Told) -> None:
    assert_passed(told, "host/users.test.ts")


@pytest.mark.rows("D9")
def test_of_two_browsers_that_come_back_by_themselves_one_is_kicked_once_and_stays_out(told: Told) -> None:
    assert_passed(told, "core/kicks.test.ts")


@pytest.mark.parametrize("file", UNITS)
def test_units(told: Told, file: str) -> None:
    assert_passed(told, file)
