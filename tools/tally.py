"""A pytest plugin that writes how many tests came out how, for whoever runs several sessions and wants their sum."""

import json
import os
from pathlib import Path
from typing import Final

from _pytest.terminal import TerminalReporter

PLACE: Final = "TESTS_TALLY"
OUTCOMES: Final = ("passed", "failed", "error", "skipped", "xfailed", "xpassed")


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """Write the counts as JSON into the file that the environment names."""
    counts = {outcome: len(terminalreporter.stats.get(outcome, ())) for outcome in OUTCOMES}
    Path(os.environ[PLACE]).write_text(json.dumps(counts), encoding="utf-8")
