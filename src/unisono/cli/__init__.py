"""The command line. A command imports what it needs when it runs, so that `unisono --help` answers at once."""

import gc
import sys
from typing import Final

GARBAGE_THRESHOLDS: Final = (50_000, 20, 100)
"""With Python's own 700 the search for cycles took a tenth of the time of sends, a quarter of that of logins, and 50 ms
of the 500 that the imports of a server take."""


def main() -> None:
    """Run the command that was asked for, and end with its exit code (see `failing.Exit`)."""
    gc.set_threshold(*GARBAGE_THRESHOLDS)
    from unisono.cli.failing import Failure
    from unisono.cli.program import program

    try:
        program(prog_name="unisono")
    except Failure as failure:
        failure.show(sys.stderr)
        sys.exit(failure.exit)
    except KeyboardInterrupt:
        sys.exit(130)
