"""What `unisono serve` says when it is up: where it is, and what to do next."""

import shlex
import shutil
import sys
from pathlib import Path
from typing import Final

from msgspec import Struct

from unisono import __version__
from unisono.settings import Settings

DEV_WARNING: Final = (
    "DEVELOPMENT MODE (--dev)",
    "Every program on this machine can log in as anybody, without a token.",
    "Others cannot reach the server. Leave --dev out for real use.",
)
DEFAULT_URL: Final = "http://127.0.0.1:8080"


class Scene(Struct, frozen=True):
    """How the server was started: what has to be typed for it, and the options its clients need too."""

    program: str
    data: Path | None = None
    config: Path | None = None

    def command(self, *words: str) -> str:
        """Give a command as it can be copied, with the options by which it finds this server and its keys."""
        parts = list(words)
        if self.config is not None:
            parts += ["--config", str(self.config)]
        if self.data is not None and self.data != Settings().data_dir:
            parts += ["--data", str(self.data)]
        return f"{self.program} {shlex.join(parts)}"


def program_name() -> str:
    """Give what to type for this program: its name where the shell finds it, else its path."""
    here = Path(sys.argv[0])
    found = shutil.which("unisono")
    if found is not None and Path(found).resolve() == here.resolve():
        return "unisono"
    if here.name != "unisono":
        return f"{shlex.quote(_short(Path(sys.executable)))} -m unisono"
    return shlex.quote(_short(here))


def _short(path: Path) -> str:
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


class Ink(Struct, frozen=True):
    """Colours, where there is a terminal. By hand: rich takes 90 ms to import, and the start has one second."""

    is_on: bool

    def __call__(self, style: str, text: str) -> str:
        """Give text in a style."""
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if self.is_on else text


_STYLES: Final = {"bold": "1", "dim": "2", "link": "1;36", "do": "32", "warn": "33"}


def banner(url: str, settings: Settings, scene: Scene, ink: Ink) -> str:
    """Give what to print when the server is up."""
    lines = ["", f"{ink('bold', 'unisono')} {ink('dim', __version__)} is up at {ink('link', url)}", ""]
    if settings.identity.kind == "dev":
        lines += [*(ink("warn", line) for line in _boxed(*DEV_WARNING)), ""]
    lines += [f"  {ink('dim', f'{name:<8}')} {text}" for name, text in _facts(settings)]
    lines += ["", ink("bold", "Try it, each in a terminal of its own:")]
    lines += [f"  {ink('do', step)}" for step in _steps(url, settings, scene)]
    lines += ["", ink("dim", "Stop with Ctrl-C."), ""]
    return "\n".join(lines)


def _boxed(*lines: str) -> list[str]:
    width = max(map(len, lines))
    return [f"╭{'─' * (width + 2)}╮", *(f"│ {line:<{width}} │" for line in lines), f"╰{'─' * (width + 2)}╯"]


def _facts(settings: Settings) -> list[tuple[str, str]]:
    store = "PostgreSQL" if settings.database.url is not None else "SQLite"
    return [
        ("data", f"{settings.data_dir} ({store})"),
        ("logins", _logins(settings)),
        ("devices", _devices(settings)),
    ]


def _logins(settings: Settings) -> str:
    identity = settings.identity
    match identity.kind:
        case "callable":
            return f"by {identity.callable}"
        case "dev":
            return "anybody on this machine, or a token"
        case "jwt":
            return f"with a token ({', '.join(identity.jwt.algorithms)})"


def _devices(settings: Settings) -> str:
    sessions = settings.sessions
    name = sessions.policy if isinstance(sessions.policy, str) else "own policy"
    slots = sessions.device_policy().slots
    if not slots:
        return f"{name}: as many as you like"
    shown = (f"{slot.capacity} per {' and '.join(slot.key)}" for slot in slots)
    return f"{name}: {', '.join(shown)}"


def _steps(url: str, settings: Settings, scene: Scene) -> list[str]:
    where = [] if url == DEFAULT_URL else ["--url", url]
    steps = [
        scene.command("chat", "--user", "alice", "--to", "bob", *where),
        scene.command("chat", "--user", "bob", "--to", "alice", *where),
        scene.command("sessions", "list", "--user", "alice", *where),
    ]
    if settings.identity.kind == "jwt" and settings.identity.jwt.secret is not None:
        steps.insert(0, scene.command("token", "--user", "alice"))
    return steps
