"""Facts and answers as their door sends them, one encoder per codec and door for all its connections."""

from collections.abc import Callable, Sequence
from typing import cast

from unisono.domain.answers import Answer, AnyAnswer
from unisono.domain.errors import SessionFault, UnisonoError
from unisono.domain.events import Event
from unisono.domain.facts import PlacedFact
from unisono.domain.ids import Checkpoint
from unisono.wire.codes import code_of
from unisono.wire.native import Bye, Codec, EventFrame, Refusal, Reply, ServerFrame

Framing = Callable[[bytes], bytes]
"""What a door puts around a frame of the protocol. What it makes of several may be joined."""


class NativeEncoder:
    """Implements `ports.link.Encoder` for one codec and one door."""

    def __init__(self, codec: Codec, framing: Framing) -> None:
        self.codec = codec
        self._framing = framing

    def delivery(self, facts: Sequence[PlacedFact], checkpoint: Checkpoint) -> bytes:
        """Write facts of one stream as one frame."""
        return self._framing(self.codec.encode_delivery(facts, checkpoint))

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
        return self._framing(self.codec.encode(content))
