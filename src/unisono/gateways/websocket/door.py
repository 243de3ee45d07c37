"""The handshake: which codec, and what a login brings along."""

from functools import cache, partial
from typing import Final

from aiohttp import hdrs, web

from unisono.app.node import Node
from unisono.domain.errors import UnisonoError
from unisono.gateways.hosting.admission import Admission
from unisono.gateways.hosting.closing import Goodbye
from unisono.gateways.hosting.frames import BINARY, TEXT, frame
from unisono.gateways.hosting.host import Guest, Host, Manner
from unisono.gateways.hosting.lobby import DoorOptions, Lobby
from unisono.gateways.hosting.outbox import Flusher
from unisono.gateways.hosting.registry import Registry
from unisono.gateways.native.choosing import chosen_subprotocol
from unisono.gateways.native.credential import credential_of
from unisono.gateways.native.dialogue import Dialogue
from unisono.gateways.native.encoder import NativeEncoder
from unisono.wire.codes import code_of
from unisono.wire.native import SUBPROTOCOLS, codec_of

PATH: Final = "/v1/connect"


class WebSocketDoor:
    """Serves the native protocol on one path."""

    def __init__(
        self, node: Node, options: DoorOptions, *, admission: Admission, registry: Registry, flusher: Flusher
    ) -> None:
        self._node = node
        self._options = options
        self._admission = admission
        lobby = Lobby(
            options,
            admission=admission,
            registry=registry,
            flusher=flusher,
            clock=node.parts.clock,
            telemetry=node.parts.telemetry,
        )
        self._host = Host(lobby)

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Register the path."""
        router.add_get(PATH, self.handle)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Check a handshake, then serve the connection until it closes."""
        return await self._host.receive(request, self._manner)

    def _manner(self, request: web.Request) -> Manner:
        encoder = _encoder(chosen_subprotocol(request.headers.get(hdrs.SEC_WEBSOCKET_PROTOCOL)))
        return Manner(
            label="websocket",
            protocols=SUBPROTOCOLS,
            encoder=encoder,
            say_bye=encoder.bye,
            goodbye=_goodbye,
            serve=partial(self._serve, request, encoder),
            frame_bytes=self._options.frame_bytes,
        )

    async def _serve(self, request: web.Request, encoder: NativeEncoder, guest: Guest) -> None:
        pace = self._options.pace
        dialogue = Dialogue(self._node, guest.incoming, guest.connection, encoder, admission=self._admission, pace=pace)
        await dialogue.run(partial(credential_of, request, guest.address), guest.address)


@cache
def _encoder(subprotocol: str) -> NativeEncoder:
    # One for all connections of a codec: the fan-out writes a fact once for each encoder.
    codec = codec_of(subprotocol)
    return NativeEncoder(codec, partial(frame, opcode=TEXT if codec.is_text else BINARY))


def _goodbye(fault: UnisonoError | None) -> Goodbye:
    return Goodbye() if fault is None else Goodbye(code_of(fault).close, fault.message)
