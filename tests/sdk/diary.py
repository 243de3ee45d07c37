"""What was heard of the network, in order."""

import asyncio
from functools import partial
from typing import Any

from unisono_sdk import Client, Unisono


class Diary:
    """Writes down the network events of a `Unisono` object and a client, and waits for them."""

    def __init__(self, unisono: Unisono, client: Client) -> None:
        self.entries: list[str] = []
        self._changed = asyncio.Event()
        for name in ("disconnect", "schedule", "retry", "reconnect"):
            unisono.on(name, partial(self._write, f"unisono {name}"))
        for name in ("disconnect", "schedule", "retry", "reconnect", "displaced", "closed"):
            client.on(name, partial(self._write, f"client {name}"))

    def _write(self, name: str, event: Any) -> None:
        numbers = [str(getattr(event, field)) for field in ("attempt", "delay_ms") if hasattr(event, field)]
        self.entries.append(" ".join([name, *numbers]))
        self._changed.set()

    async def wait(self, entry: str, times: int = 1) -> None:
        """Wait until something was written."""
        async with asyncio.timeout(10):
            while self.entries.count(entry) < times:
                self._changed.clear()
                await self._changed.wait()

    def of(self, who: str) -> list[str]:
        """Give what one of both heard."""
        return [entry.removeprefix(who + " ") for entry in self.entries if entry.startswith(who)]
