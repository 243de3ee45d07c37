"""Unisono as a contender: a server with a fresh data directory, and conversations made over the native protocol."""

import asyncio
import itertools
import json
import shutil
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Final

import aiohttp
from msgspec import Struct

from bench import build
from bench.processes import HOST, BenchError, free_port, running
from bench.wsload import Target

SUBPROTOCOL: Final = "unisono.v1+json"
PATH: Final = "/v1/connect"
MEMBERS_PER_COMMAND: Final = 1000
ANSWER_S: Final = 30.0

# Nothing here changes what a message goes through: quotas and rates are raised so that one machine may play everybody.
CONFIG: Final = """\
[limits]
visitors_per_address = 10000
connections_per_address = 100000
handshakes_per_s = 1000000
heartbeat_s = 600

[rates]
commands_per_s = 1000000
commands_burst = 1000000
logins_per_s = 1000000
logins_burst = 1000000
resumes_per_s = 1000000
resumes_burst = 1000000
handshakes_per_s = 1000000
handshakes_burst = 1000000
strays_per_s = 1000000
strays_burst = 1000000

[quotas]
members_per_conversation = 10000
sessions_per_user = 10000

[sessions]
policy = "sente"

[log]
level = "warning"
"""


class Node(Struct, frozen=True):
    """A running server and where it keeps its data."""

    port: int
    pid: int
    data: Path

    def target(self, *options: str) -> Target:
        """Give it as a target of the load generator."""
        return Target(port=self.port, pid=self.pid, path=PATH, options=("--subprotocol", SUBPROTOCOL, *options))


@contextmanager
def data_directory() -> Iterator[Path]:
    """Give an empty directory on the disk of this checkout, and remove it afterwards."""
    build.OUT.mkdir(parents=True, exist_ok=True)
    data = Path(tempfile.mkdtemp(prefix="data-", dir=build.OUT))
    try:
        yield data
    finally:
        shutil.rmtree(data, ignore_errors=True)


@contextmanager
def serving(data: Path, more: str = "") -> Iterator[Node]:
    """Run a server on a data directory, with `more` settings."""
    config = data / "bench.toml"
    config.write_text(CONFIG + more)
    port = free_port()
    command = [sys.executable, "-m", "unisono", "serve", "--dev", "--host", HOST, "--port", str(port)]
    command += ["--data", str(data), "--config", str(config)]
    with running(command, log=build.OUT / "logs" / "unisono.log", is_ready=lambda: is_ready(port)) as process:
        yield Node(port=port, pid=process.pid, data=data)


@contextmanager
def fresh_server() -> Iterator[Node]:
    """Run a server with an empty data directory."""
    with data_directory() as data, serving(data) as node:
        yield node


def is_ready(port: int) -> bool:
    """Say if `/readyz` answers 200."""
    try:
        with urllib.request.urlopen(f"http://{HOST}:{port}/readyz", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def login(user: str, device: str = "d1") -> str:
    """Give the login frame of a user; `%` marks are the load generator's."""
    return command(1, {"op": "login", "login": f"login-{user}-{device}", "user": user, "device": _device(device)})


def command(request: int | str, do: Mapping[str, object]) -> str:
    """Give a request frame. The id may hold marks of the load generator, which is why it is put in as text."""
    return f'{{"id":{request},"do":{json.dumps(do, separators=(",", ":"))}}}'


def send(conversation: str) -> str:
    """Give the frame of a message for the load generator: own request id and send key each, and a body of its own."""
    do = {"op": "send", "conversation": conversation, "key": "%u-%d-%n", "content": {"text": "%m"}}
    return command("1%n", do)


def login_script(user: str, device: str = "d1") -> tuple[str, ...]:
    """Give the options of the load generator that log each connection in."""
    refused = ("--fail", '"is":"error"')
    return ("--send", login(user, device), "--expect", '"kind":"welcome"', *refused)


class Client:
    """A logged-in connection that asks one thing at a time."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Speak on an open connection."""
        self._socket = socket
        self._ids = itertools.count(1)
        self.took_s = 0.0
        """How long the last answer took to arrive, before it was read."""

    async def ask(self, do: Mapping[str, object]) -> dict[str, Any]:
        """Ask, and give the answer.

        Raises:
            BenchError: The server refused or fell silent.
        """
        request = next(self._ids)
        begun = time.perf_counter()
        await self._socket.send_str(command(request, do))
        async with asyncio.timeout(ANSWER_S):
            while True:
                text = await self._socket.receive_str()
                self.took_s = time.perf_counter() - begun
                frame = json.loads(text)
                if frame.get("re") != request:
                    continue
                if frame["is"] != "reply":
                    raise BenchError(f"the server refused {do['op']}: {frame}")
                answer: dict[str, Any] = frame["answer"]
                return answer


@asynccontextmanager
async def client(node: Node, user: str) -> AsyncIterator[Client]:
    """Log a user in for as long as the block lasts."""
    async with aiohttp.ClientSession() as http:
        url = f"http://{HOST}:{node.port}{PATH}"
        async with http.ws_connect(url, protocols=[SUBPROTOCOL], max_msg_size=1 << 26) as socket:
            speaker = Client(socket)
            await speaker.ask(
                {"op": "login", "login": f"setup-{user}", "user": user, "device": _device("setup")},
            )
            yield speaker
            await speaker.ask({"op": "logout"})


async def make_conversation(speaker: Client, key: str, members: Sequence[str]) -> str:
    """Make a group of the speaker and any number of members; gives its id."""
    first, rest = members[:MEMBERS_PER_COMMAND], members[MEMBERS_PER_COMMAND:]
    made = await speaker.ask({"op": "create", "key": key, "of": "group", "members": first, "unique": False})
    conversation = str(made["conversation"])
    while rest:
        batch, rest = rest[:MEMBERS_PER_COMMAND], rest[MEMBERS_PER_COMMAND:]
        await speaker.ask({"op": "add", "conversation": conversation, "users": batch})
    return conversation


def make_groups(node: Node, creator: str, groups: Sequence[Sequence[str]]) -> list[str]:
    """Make groups of one creator; gives their ids."""

    async def make() -> list[str]:
        async with client(node, creator) as speaker:
            return [await make_conversation(speaker, f"bench-{index}", group) for index, group in enumerate(groups)]

    return asyncio.run(make())


def _device(device: str) -> dict[str, str]:
    return {"id": device, "platform": "web"}
