"""Time and chance, as arguments to everything that needs them."""

from typing import Protocol

from unisono.domain.ids import ConversationId, Instant


class Clock(Protocol):
    """Two clocks."""

    def now(self) -> Instant:
        """Give the time of day in milliseconds since 1970-01-01 UTC. May jump."""

    def monotonic_s(self) -> float:
        """Give seconds that only grow, for deadlines."""


class Entropy(Protocol):
    """Names and secrets nobody can guess."""

    def conversation_id(self) -> ConversationId:
        """Give a new conversation id: 24 lower-case hexadecimal digits, the first 8 from the time."""

    def secret(self) -> str:
        """Give a new secret of 256 bits, URL-safe."""

    def fraction(self) -> float:
        """Give a number from 0 up to 1, for jitter."""
