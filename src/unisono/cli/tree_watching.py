"""`unisono sessions watch`: a user's devices, sessions and tabs, shown anew whenever they change."""

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from unisono.cli.failing import Busy, Exit, Failure
from unisono.cli.operating import Operator, rest
from unisono.cli.printing import console, print_json
from unisono.cli.session_tree import show

SILENCE_S: Final = 40.0
"""After so long without a sign of life the server is taken for gone: it gives one every 15 s."""
PAUSE_S: Final = 0.5
PAUSE_MAX_S: Final = 15.0
DATA: Final = b"data: "

Json = dict[str, Any]


def watch_sessions(operator: Operator, user: str, *, as_json: bool) -> None:
    """Show a user's sessions until interrupted; when the server goes, wait for it to come back.

    Raises:
        Failure: It was refused, or the server did not answer in the first place.
    """
    screen = _Screen(user, as_json=as_json)
    pause_s, is_away = PAUSE_S, True
    while True:
        reason = "the server ended it"
        try:
            for sessions in _trees(operator.lines("users", user, "tree", deadline_s=SILENCE_S)):
                screen.take(sessions)
                pause_s, is_away = PAUSE_S, False
        except Failure as failure:
            if not screen.has_shown or not (isinstance(failure, Busy) or failure.exit is Exit.UNREACHABLE):
                raise
            reason = str(failure)
        if not is_away:
            Failure(f"{reason}; trying again").show(sys.stderr)
        is_away = True
        rest(pause_s)
        pause_s = min(2 * pause_s, PAUSE_MAX_S)


def _trees(lines: Iterable[bytes]) -> Iterator[Sequence[Json] | None]:
    """Give the sessions that each event tells, and None for a sign of life. A line without its end is none.

    Raises:
        Failure: This is no server of ours.
    """
    for line in lines:
        if not line.endswith(b"\n"):
            continue
        if line.startswith(DATA):
            try:
                yield json.loads(line.removeprefix(DATA))["sessions"]
            except (ValueError, KeyError, TypeError):
                raise Failure("what came is no event of a Unisono server") from None
        elif line.startswith(b":"):
            yield None


class _Screen:
    """Where a tree is shown: in place of the one before on a terminal, below it elsewhere."""

    def __init__(self, user: str, *, as_json: bool) -> None:
        self._user: Final = user
        self._as_json: Final = as_json
        self._console: Final = console()
        self._shown: Sequence[Json] = ()
        self.has_shown = False

    def take(self, sessions: Sequence[Json] | None) -> None:
        """Show a tree; at a sign of life that on a terminal once more, for how long ago things were."""
        if sessions is None and (self._as_json or not self._console.is_terminal):
            return
        self._shown = self._shown if sessions is None else sessions
        if self._as_json:
            print_json({"sessions": self._shown})
        else:
            self._console.clear()
            show(self._console, self._user, self._shown, is_watched=True)
        sys.stdout.flush()
        self.has_shown = True
