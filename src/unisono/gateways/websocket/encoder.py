"""Facts and answers as finished WebSocket frames, one encoder per codec for all its connections."""

from collections.abc import Sequence
from typing import cast

from unisono.domain.answers import Answer, AnyAnswer
from unisono.domain.errors import SessionFault, UnisonoError
from unisono.domain.events import Event
from unisono.domain.facts import PlacedFact
from unisono.domain.ids import Checkpoint
from unisono.gateways.hosting.frames import BINARY, TEXT, frame
from unisono.wire.codes import code_of
from unisono.wire.native import Bye, Codec, EventFrame, Refusal, Reply, ServerFrame


class NativeEncoder:
    """Implements `ports.link.Encoder` for one codec."""

    def __init__(self, codec: Codec) -> None:
        self.codec = codec
        self._opcode = TEXT if codec.is_text else BINARY

    def delivery(self, facts: Sequence[PlacedFact], checkpoint: Checkpoint) -> bytes:
        """Write facts of one stream as one frame."""
        return frame(self.codec.encode_delivery(facts, checkpoint), self._opcode)

    def event(self, event: Event) -> bytes:
        """Write an event as one frame."""
        return self._frame(EventFrame(event))

    def reply(self, request: int, answer: Answer) -> bytes:
        """Write the answer to a request."""
        return self._frame(Reply(request, cast("AnyAnswer", answer)))

    def refusal(self, request: int, fault: UnisonoError) -> bytes:
        """Write why a request was not carried out."""
        return self._frame(
            Refusal(
                request,
                fault.code,
                fault.message,
                retryable=fault.retryable,
                retry_after_ms=fault.retry_after_ms,
                numbers=dict(fault.numbers) or None,
            )
        )

    def bye(self, fault: UnisonoError) -> bytes:
        """Write the last frame before a close."""
        advice = code_of(fault).advice.value
        newcomer = fault.newcomer if isinstance(fault, SessionFault) else None
        return self._frame(
            Bye(fault.code, fault.message, advice, retry_after_ms=fault.retry_after_ms, newcomer=newcomer)
        )

    def _frame(self, content: ServerFrame) -> bytes:
        return frame(self.codec.encode(content), self._opcode)
