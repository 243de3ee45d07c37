"""Log lines: one event, one line, never a secret, never a message body."""

import queue
import re
import sys
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final, Literal, TextIO

import msgspec

from unisono.domain.ids import Instant
from unisono.ports.telemetry import Field

Format = Literal["json", "logfmt", "pretty"]
Level = Literal["debug", "info", "warning", "error"]

LEVELS: Final[Mapping[Level, int]] = {"debug": 10, "info": 20, "warning": 30, "error": 40}
VALUE_MAX_CHARS: Final = 512
LINES_WAITING_MAX: Final = 10_000
HIDDEN: Final = "***"

# A field of such a name is a mistake of ours; the value stays out of the log all the same.
_SECRET_NAMES: Final = re.compile(r"token|secret|password|authorization|cookie|_key$|^key$|body|content|text$")
# Three base64url parts that begin as JSON does: a signed token, wherever it turns up.
_SIGNED_TOKEN: Final = re.compile(r"eyJ[\w-]{4,}\.[\w-]{4,}\.[\w-]*")
_BARE: Final = re.compile(r"[^\s\"=\\\x00-\x1f\x7f-\x9f]+")
# What JSON leaves as it is, though terminals act on it or readers break the line at it.
_UNFIT: Final = re.compile("[\x7f-\x9f\u2028\u2029]")


def redacted(fields: Mapping[str, Field]) -> dict[str, Field]:
    """Give fields with secrets hidden and long values cut."""
    return {name: _safe(name, value) for name, value in fields.items()}


def _safe(name: str, value: Field) -> Field:
    if not isinstance(value, str):
        return value
    if _SECRET_NAMES.search(name):
        return HIDDEN
    # Half a surrogate pair, as in a header that is no UTF-8, cannot be written at all.
    shown = _SIGNED_TOKEN.sub(HIDDEN, value.encode("utf-8", "backslashreplace").decode())
    return shown if len(shown) <= VALUE_MAX_CHARS else shown[:VALUE_MAX_CHARS] + "…"


def timestamp(at: Instant) -> str:
    """Give an instant as people and machines read it, in UTC."""
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def as_json(at: Instant, level: Level, event: str, fields: Mapping[str, Field]) -> str:
    """Write a line of JSON."""
    return _quoted({"at": timestamp(at), "level": level, "event": event, **fields})


def as_logfmt(at: Instant, level: Level, event: str, fields: Mapping[str, Field]) -> str:
    """Write a line of `key=value`."""
    line = {"at": timestamp(at), "level": level, "event": event, **fields}
    return " ".join(f"{name}={_word(value)}" for name, value in line.items())


def as_pretty(at: Instant, level: Level, event: str, fields: Mapping[str, Field]) -> str:
    """Write a line for a terminal: time, event in colour, fields."""
    colour = {"debug": 2, "info": 36, "warning": 33, "error": 31}[level]
    clock = timestamp(at)[11:19]
    shown = " ".join(f"\x1b[2m{name}=\x1b[0m{_word(value)}" for name, value in fields.items())
    return f"\x1b[2m{clock}\x1b[0m \x1b[{colour}m{event:<22}\x1b[0m {shown}".rstrip()


def _word(value: Field) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case float():
            return f"{value:.6g}"
        case int():
            return str(value)
    # JSON's quoting keeps a line one line, whatever a peer put into its label.
    return value if _BARE.fullmatch(value) else _quoted(value)


def _quoted(value: object) -> str:
    return _UNFIT.sub(lambda found: f"\\u{ord(found[0]):04x}", msgspec.json.encode(value).decode())


_WRITERS: Final[Mapping[Format, Callable[[Instant, Level, str, Mapping[str, Field]], str]]] = {
    "json": as_json,
    "logfmt": as_logfmt,
    "pretty": as_pretty,
}


def chosen_format(wanted: Literal["auto"] | Format, target: TextIO) -> Format:
    """Give the format to use: for `auto`, what suits the reader."""
    if wanted != "auto":
        return wanted
    return "pretty" if target.isatty() else "logfmt"


class Lines:
    """Writes log lines from a thread of its own, so that a stuck reader of stderr never stops the event loop.

    When more than `LINES_WAITING_MAX` wait, new ones are dropped and counted.
    """

    def __init__(self, target: TextIO = sys.stderr, *, level: Level = "info", form: Format = "logfmt") -> None:
        """Begin writing to a target."""
        self.dropped = 0
        self._target: Final = target
        self._level: Final = LEVELS[level]
        self._write: Final = _WRITERS[form]
        self._waiting: Final[queue.Queue[str | None]] = queue.Queue(LINES_WAITING_MAX)
        self._thread: Final = threading.Thread(target=self._run, name="unisono-log", daemon=True)
        self._thread.start()

    def put_nowait(self, at: Instant, level: Level, event: str, fields: Mapping[str, Field]) -> None:
        """Have a line written, if its level is wanted. Never waits, never raises."""
        if LEVELS[level] < self._level:
            return
        try:
            self._waiting.put_nowait(self._write(at, level, event, redacted(fields)))
        except queue.Full:
            self.dropped += 1

    def close(self, deadline_s: float = 1.0) -> None:
        """Write what waits, for at most `deadline_s`, and stop."""
        try:
            self._waiting.put(None, timeout=deadline_s)
        except queue.Full:
            return
        self._thread.join(deadline_s)

    def _run(self) -> None:
        while (line := self._waiting.get()) is not None:
            try:
                self._target.write(line + "\n")
                if self._waiting.empty():
                    self._target.flush()
            except (OSError, ValueError):
                # The reader is gone, or the target was closed: there is nobody left to tell.
                self.dropped += 1
