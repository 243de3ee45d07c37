"""What `unisono serve` says when it is up: where it is, and what to do next."""

import shlex
import shutil
import sys
from pathlib import Path

from msgspec import Struct
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from unisono import __version__
from unisono.settings import Settings


class Scene(Struct, frozen=True):
    """How the server was started: the options its clients need too."""

    program: str
    data: Path | None = None
    config: Path | None = None

    def command(self, *words: str) -> str:
        """Give a command as it can be copied, with the options that find this server."""
        options = [("--config", self.config), ("--data", self.data)]
        shared = [part for name, value in options if value is not None for part in (name, str(value))]
        return shlex.join([self.program, *words, *shared])


def program_name() -> str:
    """Give what to type for this program: its name where the shell finds it, else its path."""
    here = Path(sys.argv[0])
    found = shutil.which("unisono")
    if found is not None and Path(found).resolve() == here.resolve():
        return "unisono"
    if here.name != "unisono":
        return f"{Path(sys.executable).name} -m unisono"
    return str(here.relative_to(Path.cwd())) if here.is_relative_to(Path.cwd()) else str(here)


def banner(url: str, settings: Settings, scene: Scene) -> RenderableType:
    """Give the banner."""
    is_dev = settings.identity.kind == "dev"
    parts: list[RenderableType] = [
        Text.assemble(("unisono ", "bold"), (__version__, "dim"), " is up at ", (url, "bold cyan")),
        "",
        _facts(settings),
        "",
        Text("Try it, each in a terminal of its own:", style="bold"),
        *(Text(f"  {line}", style="green") for line in _steps(url, settings, scene)),
        "",
        Text("Stop with Ctrl-C.", style="dim"),
    ]
    if is_dev:
        parts.insert(1, Padding(_warning(), (1, 0, 0, 0)))
    return Padding(Group(*parts), (1, 0, 1, 0))


def _warning() -> RenderableType:
    return Panel(
        "Development mode (--dev): every program on this machine can log in as anybody, without a token.\n"
        "Others cannot reach it. Leave --dev out for real use.",
        border_style="yellow",
        style="yellow",
        expand=False,
    )


def _facts(settings: Settings) -> RenderableType:
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="dim")
    facts.add_column()
    store = "PostgreSQL" if settings.database.url is not None else "SQLite"
    facts.add_row("data", f"{settings.data_dir} ({store})")
    facts.add_row("logins", _logins(settings))
    facts.add_row("devices", _devices(settings))
    return facts


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
    where = [] if url == "http://127.0.0.1:8080" else ["--url", url]
    steps = [
        scene.command("chat", "--user", "alice", "--to", "bob", *where),
        scene.command("chat", "--user", "bob", "--to", "alice", *where),
        scene.command("sessions", "list", "--user", "alice", *where),
    ]
    if settings.identity.kind == "jwt" and settings.identity.jwt.secret is not None:
        steps.insert(0, scene.command("token", "--user", "alice"))
    return steps
