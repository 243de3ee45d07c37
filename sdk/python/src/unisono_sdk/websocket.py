"""A connection by WebSocket."""

import json
from collections.abc import Sequence
from contextlib import suppress
from typing import cast

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI
from websockets.typing import Subprotocol

from unisono_sdk.carrier import CarrierOver, NoWay, Way
from unisono_sdk.codec import Codec, Payload
from unisono_sdk.errors import InvalidArgument, LinkDown, UnisonoError, refused
from unisono_sdk.frames import ServerFrame
from unisono_sdk.options import Options


async def open_websocket(options: Options) -> "WebSocket":
    """Connect.

    Raises:
        Refused: The server did not let the connection in.
        NoWay: Somebody is there, but no WebSocket comes about.
        LinkDown: There is nobody.
    """
    url, limits = options.url, options.limits
    try:
        async with options.clock.deadline(limits.connect_s):
            socket = await connect(
                url,
                subprotocols=[Subprotocol(options.codec.subprotocol)],
                compression=None,
                proxy=options.proxy,
                open_timeout=None,
                ping_interval=None,  # the protocol has its own sign of life, which browsers can send, too
                close_timeout=limits.close_s,
                max_size=limits.frame_bytes,
            )
    except InvalidStatus as problem:
        raise _refused_handshake(problem) from None
    except InvalidURI as problem:
        raise InvalidArgument(f"not an address: {problem}") from None
    except (TimeoutError, InvalidHandshake, EOFError, ConnectionResetError) as problem:
        raise NoWay(_nobody(url, problem)) from None
    except OSError as problem:
        raise LinkDown(_nobody(url, problem)) from None
    return WebSocket(socket, options.codec)


class WebSocket:
    """Implements `Carrier`."""

    way: Way = "websocket"

    def __init__(self, socket: ClientConnection, codec: Codec) -> None:
        self._socket = socket
        self.codec = codec

    async def send(self, payload: Payload) -> None:
        """Send a frame."""
        try:
            await self._socket.send(payload)
        except ConnectionClosed as end:
            raise _over(end) from None

    async def receive(self) -> Sequence[ServerFrame]:
        """Wait for a frame of the server."""
        try:
            return (self.codec.decode(await self._socket.recv()),)
        except ConnectionClosed as end:
            raise _over(end) from None

    def abort(self) -> None:
        """End it at once, without a word."""
        self._socket.transport.abort()

    async def close(self) -> None:
        """Close in good order, within the deadline for it."""
        with suppress(OSError):
            await self._socket.close()


def _over(end: ConnectionClosed) -> CarrierOver:
    close = end.rcvd
    return CarrierOver(close.code, close.reason) if close else CarrierOver()


def _nobody(url: str, problem: Exception) -> str:
    return f"no connection to {url}: {str(problem) or type(problem).__name__}"


def _refused_handshake(problem: InvalidStatus) -> UnisonoError:
    """Read the fault that a server tells in its HTTP answer; without one there is no server of ours."""
    response = problem.response
    try:
        told = json.loads(response.body or b"null")
    except ValueError:
        told = None
    if not isinstance(told, dict) or not isinstance(told.get("code"), str):
        return NoWay(f"the handshake was refused with status {response.status_code}")
    seconds = response.headers.get("Retry-After", "")
    return refused(
        cast("str", told["code"]),
        str(told.get("message", "")),
        retryable=told.get("retryable") is True,
        retry_after_ms=int(seconds) * 1000 if seconds.isdecimal() else None,
    )
