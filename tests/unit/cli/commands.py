"""Run a command of the command line in this process, as a shell would."""

import io
import json
import sys
from contextlib import redirect_stderr, redirect_stdout
from typing import Any, NamedTuple

import pytest

from unisono.cli import main


class Outcome(NamedTuple):
    """How it ended, and what it said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def run(*words: str, stdin: str = "", environment: dict[str, str] | None = None) -> Outcome:
    """Run `unisono` with these words."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setattr(sys, "argv", ["unisono", *words])
        patch.setattr(sys, "stdin", io.StringIO(stdin))
        for name, value in (environment or {}).items():
            patch.setenv(name, value)
        try:
            main()
            code = 0
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 1
    return Outcome(code, out.getvalue(), err.getvalue())
