"""The servers that Unisono is measured against. Each is started afresh on a free port of the loopback interface."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from bench import build
from bench.processes import HOST, accepts, find_tool, free_port, running
from bench.wsload import Target

MESSAGE_BYTES: Final = 128

NATS_CONFIG: Final = """\
host: "{host}"
port: {port}
websocket {{ host: "{host}", port: {web_port}, no_tls: true, compression: false }}
"""


def _serving(
    command: list[str], port: int, name: str, *, path: str = "/", options: tuple[str, ...] = ()
) -> Iterator[Target]:
    log = build.OUT / "logs" / f"{name}.log"
    with running(command, log=log, is_ready=lambda: accepts(port)) as process:
        yield Target(port=port, pid=process.pid, path=path, options=options)


@contextmanager
def c_broadcaster() -> Iterator[Target]:
    """Serve the limit: C that frames once and writes once per connection and loop turn."""
    port = free_port()
    yield from _serving([str(build.broadcast()), str(port)], port, "broadcast")


@contextmanager
def node_ws() -> Iterator[Target]:
    """Serve Node's `ws`."""
    port = free_port()
    yield from _serving([*build.node_peer("ws.mjs"), str(port)], port, "ws")


@contextmanager
def socket_io() -> Iterator[Target]:
    """Serve Socket.IO, WebSocket transport only."""
    port = free_port()
    script = ("--expect", "0{", "--send", "40", "--expect", "40{", "--reply", "2=3", "--payload", '42["m","%m"]')
    path = "/socket.io/?EIO=4&transport=websocket"
    yield from _serving([*build.node_peer("socketio.mjs"), str(port)], port, "socketio", path=path, options=script)


@contextmanager
def nats() -> Iterator[Target]:
    """Serve nats-server's WebSocket."""
    port, web_port = free_port(), free_port()
    config = build.OUT / "nats.conf"
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text(NATS_CONFIG.format(host=HOST, port=port, web_port=web_port))
    server = find_tool("nats-server", "install nats-server")
    subscribe = r'CONNECT {"verbose":false}\r\nSUB x 1\r\nPING\r\n'
    script = ("--binary", "--expect", "INFO", "--send", subscribe, "--expect", "PONG", "--reply", r"PING\r\n=PONG\r\n")
    payload = ("--payload", rf"PUB x {MESSAGE_BYTES}\r\n%m\r\n")
    yield from _serving([server, "-c", str(config)], web_port, "nats", options=script + payload)


@contextmanager
def bare_aiohttp() -> Iterator[Target]:
    """Serve a WebSocket of aiohttp on uvloop that does nothing: what a connection costs before Unisono adds its own."""
    port = free_port()
    script = Path(build.PEERS / "bare_aiohttp.py")
    yield from _serving([sys.executable, str(script), str(port)], port, "bare_aiohttp")
