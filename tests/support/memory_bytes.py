"""Bytes of files in memory."""

from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Sequence
from contextlib import asynccontextmanager

from unisono.domain.errors import NotFound, TooLarge
from unisono.domain.ids import FileId, Instant


class MemoryBytes:
    """Implements `ports.files.FileBytes`. `kept` is there, `free` is left; `tidied` tells when it was tidied up."""

    def __init__(self) -> None:
        self.kept: dict[FileId, bytes] = {}
        self.tidied: list[Instant] = []
        self.free = 1 << 50

    @asynccontextmanager
    async def receiving(self, chunks: AsyncIterable[bytes], limit_bytes: int) -> AsyncIterator["MemoryReceived"]:
        got = bytearray()
        async for chunk in chunks:
            got += chunk
            if len(got) > limit_bytes:
                raise TooLarge(what="file", limit_bytes=limit_bytes)
        yield MemoryReceived(self.kept, bytes(got))

    async def read(self, file: FileId, first: int, size: int) -> AsyncGenerator[bytes, None]:
        if file not in self.kept:
            raise NotFound()
        yield self.kept[file][first : first + size]

    async def free_bytes(self) -> int:
        return self.free

    async def remove(self, file: FileId) -> None:
        self.kept.pop(file, None)

    async def tidy(self, before: Instant) -> None:
        self.tidied.append(before)

    async def kept_in(self, folder: int, before: Instant) -> Sequence[FileId]:
        del before
        return [file for file in self.kept if int(file[:2], 16) == folder]


class MemoryReceived:
    """Implements `ports.files.Received`."""

    def __init__(self, kept: dict[FileId, bytes], content: bytes) -> None:
        self.size = len(content)
        self._kept = kept
        self._content = content

    async def keep_as(self, file: FileId) -> bool:
        return self._kept.setdefault(file, self._content) == self._content
