"""The command line. A command imports what it needs when it runs, so that `unisono --help` answers at once."""

import sys


def main() -> None:
    """Run the command that was asked for, and end with its exit code (see `failing.Exit`)."""
    from unisono.cli.failing import Failure
    from unisono.cli.program import program

    try:
        program(prog_name="unisono")
    except Failure as failure:
        failure.show(sys.stderr)
        sys.exit(failure.exit)
    except KeyboardInterrupt:
        sys.exit(130)
