"""Holders, links and tabs that die at random, thousands of steps long, on a clock of their own."""

import pytest

from tests.support.figures import Report
from tests.support.node_tests import assert_passed, run

FILE = "sim/holders.test.ts"
STEPS = 40_000
DEADLINE_S = 1_500.0


@pytest.mark.full
async def test_whatever_dies_nothing_is_lost_or_doubled(report: Report) -> None:
    told = await run(
        [FILE], deadline_s=DEADLINE_S, environment={"UNISONO_SIM_STEPS": str(STEPS), "UNISONO_SIM_SEED": "7000"}
    )
    assert_passed(told, FILE)
    report(f"{STEPS} random steps: nothing lost, doubled or out of order")
