"""A bad network between a client and the server: it cuts, delays, trickles and swallows, by a seed."""

import asyncio
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random
from types import TracebackType
from typing import Final, Self

CHUNK_BYTES: Final = 65536
ABORT_AT_ONCE: Final = struct.pack("ii", 1, 0)


@dataclass(frozen=True, slots=True)
class Faults:
    """How bad it is. Pairs are ranges from which the seed draws.

    - `cut_after_bytes`: a connection is reset after so many bytes in either direction
    - `delay_s`: each chunk waits so long
    - `chunk_bytes`: no chunk is larger; a small one trickles
    """

    cut_after_bytes: tuple[int, int] | None = None
    delay_s: tuple[float, float] | None = None
    chunk_bytes: int = CHUNK_BYTES


class FaultProxy:
    """Listens on a free port of this machine and passes connections on.

    Use as an async context manager; at its end every connection is cut.
    """

    def __init__(self, upstream_port: int, *, seed: int = 0, faults: Faults | None = None) -> None:
        self.faults = faults or Faults()
        self.port = 0
        self.cuts = 0
        self.accepted = 0
        self._upstream_port = upstream_port
        self._chance = Random(seed)
        self._links: dict[int, _Link] = {}
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._server: asyncio.Server | None = None

    @property
    def is_idle(self) -> bool:
        """Say if nobody is connected."""
        return not self._links

    def cut_all(self) -> int:
        """Reset every connection; tell how many there were."""
        links = tuple(self._links.values())
        for link in links:
            self._cut(link)
        return len(links)

    def cut_one(self) -> bool:
        """Reset one connection by chance; False when there is none."""
        if not self._links:
            return False
        self._cut(self._links[self._chance.choice(sorted(self._links))])
        return True

    @contextmanager
    def black_hole(self) -> Iterator[None]:
        """Swallow everything meanwhile: connections stay open and nothing passes. Afterwards what waited flows on."""
        self._flowing.clear()
        try:
            yield
        finally:
            self._flowing.set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
        self._flowing.set()
        self.cut_all()
        async with asyncio.timeout(5):
            for link in tuple(self._links.values()):
                await link.over.wait()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        number = self.accepted
        try:
            there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self._upstream_port)
        except OSError:
            _reset(writer)
            return
        budget = self._chance.randint(*self.faults.cut_after_bytes) if self.faults.cut_after_bytes else None
        link = self._links[number] = _Link(writer, there_writer, budget)
        try:
            async with asyncio.TaskGroup() as pumps:
                pumps.create_task(self._pump(link, reader, there_writer))
                pumps.create_task(self._pump(link, there_reader, writer))
        finally:
            del self._links[number]
            _reset(writer)
            _reset(there_writer)
            link.over.set()

    async def _pump(self, link: "_Link", source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        try:
            while chunk := await source.read(self.faults.chunk_bytes):
                if self.faults.delay_s is not None:
                    await asyncio.sleep(self._chance.uniform(*self.faults.delay_s))
                await self._flowing.wait()
                if link.is_used_up_by(len(chunk)):
                    self._cut(link)
                    return
                target.write(chunk)
                await target.drain()
            target.write_eof()
        except OSError:
            self._cut(link, by_us=False)

    def _cut(self, link: "_Link", *, by_us: bool = True) -> None:
        self.cuts += by_us and not link.is_cut
        link.is_cut = True
        _reset(link.here)
        _reset(link.there)


class _Link:
    """One connection through the proxy."""

    def __init__(self, here: asyncio.StreamWriter, there: asyncio.StreamWriter, budget_bytes: int | None) -> None:
        self.here = here
        self.there = there
        self.is_cut = False
        self.over = asyncio.Event()
        self._budget_bytes = budget_bytes

    def is_used_up_by(self, size_bytes: int) -> bool:
        """Take from the budget and say if it was exceeded."""
        if self._budget_bytes is None:
            return False
        self._budget_bytes -= size_bytes
        return self._budget_bytes < 0


def _reset(writer: asyncio.StreamWriter) -> None:
    """End a connection as a broken network does: at once, with RST, without what still waited."""
    raw = writer.get_extra_info("socket")
    if raw is not None and not writer.is_closing():
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT_AT_ONCE)
    writer.transport.abort()
