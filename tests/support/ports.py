"""Loopback ports for programs that cannot be asked to pick one themselves."""

import socket
import time
from typing import Final

LOOPBACK: Final = "127.0.0.1"
POLL_S: Final = 0.01


def free_port() -> int:
    """Give a port nobody listens on at this moment.

    Somebody else may take it before you do: whoever starts a program with it tries again with another. A server of
    ours binds port 0 instead and says what it got.
    """
    with socket.create_server((LOOPBACK, 0)) as server:
        port: int = server.getsockname()[1]
        return port


def wait_listening(port: int, *, deadline_s: float = 10.0) -> None:
    """Return as soon as somebody accepts connections on a loopback port; raise `TimeoutError` after the deadline."""
    end = time.monotonic() + deadline_s
    while True:
        try:
            socket.create_connection((LOOPBACK, port), timeout=POLL_S * 10).close()
        except OSError:
            if time.monotonic() > end:
                raise TimeoutError(f"nobody listens on port {port} after {deadline_s} s") from None
            time.sleep(POLL_S)
        else:
            return
