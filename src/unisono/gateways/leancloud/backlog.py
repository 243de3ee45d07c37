"""What waits to be made into frames for the clients of one connection: bounded in bytes, for all of them together."""

from typing import Final


class Backlog:
    """Counts it."""

    def __init__(self, limit_bytes: int) -> None:
        self.limit_bytes: Final = limit_bytes
        self._bytes = 0

    def add(self, size_bytes: int) -> bool:
        """Count something more; say if there was room for it. What comes when nothing waits always has room."""
        if self._bytes and self._bytes + size_bytes > self.limit_bytes:
            return False
        self._bytes += size_bytes
        return True

    def has_room_to_spare(self) -> bool:
        """Say if less than half waits that may: what can be dropped is, beyond it, because the rest cannot."""
        return self._bytes < self.limit_bytes // 2

    def remove(self, size_bytes: int) -> None:
        """Count what waits no longer."""
        self._bytes -= size_bytes
