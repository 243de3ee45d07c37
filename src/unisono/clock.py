"""The owner of time and chance: the only module that reads a clock or draws a random number."""

import secrets
import time
from random import SystemRandom
from typing import Final

from unisono.domain.ids import ConversationId, Instant

SECRET_BYTES: Final = 32
_CONVERSATION_RANDOM_BYTES: Final = 8


class SystemClock:
    """The clocks of this machine."""

    def now(self) -> Instant:
        """Give the time of day."""
        return Instant(time.time_ns() // 1_000_000)

    def monotonic_s(self) -> float:
        """Give seconds that only grow."""
        return time.monotonic()


class SystemEntropy:
    """The random numbers of the operating system."""

    def __init__(self) -> None:
        """Open the source."""
        self._random: Final = SystemRandom()

    def conversation_id(self) -> ConversationId:
        """Give a new conversation id: 8 digits of the time in seconds, 16 of chance."""
        seconds = time.time_ns() // 1_000_000_000 & 0xFFFF_FFFF
        return ConversationId(f"{seconds:08x}{secrets.token_hex(_CONVERSATION_RANDOM_BYTES)}")

    def secret(self) -> str:
        """Give a new secret of 256 bits, URL-safe."""
        return secrets.token_urlsafe(SECRET_BYTES)

    def fraction(self) -> float:
        """Give a number from 0 up to 1."""
        return self._random.random()
