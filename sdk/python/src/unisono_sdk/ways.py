"""Which way goes: by WebSocket, else by long polling; what went is tried first the next time."""

from collections.abc import Sequence
from typing import Final, Literal

from unisono_sdk.carrier import Way

Transport = Literal["auto", "websocket", "longpoll"]
"""How a client may connect. `auto`: by WebSocket, and by long polling where no WebSocket goes through."""

TRANSPORTS: Final = ("auto", "websocket", "longpoll")
DEAF_LINKS: Final = 2
"""So many WebSockets in a row that were opened and never heard: the handshake goes through, and nothing else."""


class Ways:
    """What all clients of one `Unisono` found out about the way to their server."""

    def __init__(self, transport: Transport = "auto", *, again_s: float = 600.0) -> None:
        """Go by a transport. After `again_s` by long polling the WebSocket is tried again."""
        self._transport = transport
        self._again_s = again_s
        self._polls_until_s: float | None = None
        self._deaf = 0

    def order(self, now_s: float) -> Sequence[Way]:
        """Give the ways to try, in this order."""
        if self._transport != "auto":
            return (self._transport,)
        if self._polls_until_s is not None and now_s < self._polls_until_s:
            return ("longpoll", "websocket")
        return ("websocket", "longpoll")

    def note_open(self, way: Way, now_s: float) -> None:
        """Take note of the way by which a connection came about."""
        if way == "websocket":
            self._polls_until_s = None
        elif self._polls_until_s is None or self._polls_until_s <= now_s:
            self._polls_until_s = now_s + self._again_s

    def note_end(self, way: Way, now_s: float, *, has_heard: bool) -> None:
        """Take note if a connection that was lost ever heard anything."""
        if way != "websocket":
            return
        self._deaf = 0 if has_heard else self._deaf + 1
        if self._deaf >= DEAF_LINKS:
            self._deaf = 0
            self._polls_until_s = now_s + self._again_s
