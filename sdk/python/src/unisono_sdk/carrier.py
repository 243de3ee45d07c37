"""What carries frames to the server and back: a WebSocket, or requests that are polled."""

from collections.abc import Sequence
from typing import Final, Literal, Protocol

from unisono_sdk.codec import Codec, Payload
from unisono_sdk.errors import LinkDown
from unisono_sdk.frames import ServerFrame

Way = Literal["websocket", "longpoll"]


class CarrierOver(Exception):
    """The connection has ended. `close` is the server's close code, None where it said none."""

    def __init__(self, close: int | None = None, reason: str = "") -> None:
        """Keep what the server said, if anything."""
        super().__init__(reason or "the connection was lost")
        self.close: Final = close
        self.reason: Final = reason


class NoWay(LinkDown):
    """Somebody is there, but lets no connection of this kind through: another kind may go."""


class Carrier(Protocol):
    """A connection that is open. Frames keep their order in both directions, and none comes twice."""

    @property
    def way(self) -> Way:
        """Say what it is."""

    @property
    def codec(self) -> Codec:
        """Give the encoding that it carries."""

    async def send(self, payload: Payload) -> None:
        """Send a frame. Cancelling leaves open whether it was sent.

        Raises:
            CarrierOver: It has ended.
        """

    async def receive(self) -> Sequence[ServerFrame]:
        """Wait for frames of the server.

        Raises:
            CarrierOver: It has ended.
            ProtocolFault: What came is none.
        """

    def abort(self) -> None:
        """End it at once, without a word."""

    async def close(self) -> None:
        """Close in good order, within the deadline for it. Raises nothing; safe to repeat."""
