"""Files for messages: uploaded first, then told of."""

import asyncio
import io
import mimetypes
import os
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, ClassVar, Final
from urllib.parse import urljoin, urlsplit, urlunsplit

from unisono_sdk.answers import Done
from unisono_sdk.bodies import Attachment
from unisono_sdk.commands import Command
from unisono_sdk.desk import ask
from unisono_sdk.errors import InvalidArgument, LinkDown, Unavailable
from unisono_sdk.founding import Founding
from unisono_sdk.options import Options
from unisono_sdk.putting import put
from unisono_sdk.upload import Upload

UNKNOWN: Final = "application/octet-stream"
HTTP: Final = {"ws": "http", "wss": "https"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestUpload(Command):
    """Ask where to put a file."""

    op: ClassVar[str] = "upload"
    name: str
    size: int
    type: str = UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveFile(Command):
    """Remove a file of mine."""

    op: ClassVar[str] = "remove_file"
    file: str


class Uploading(Founding):
    """The side of a `Client` that uploads files."""

    _options: Options

    async def upload(
        self,
        content: str | os.PathLike[str] | bytes,
        *,
        name: str | None = None,
        mime: str | None = None,
        width: int | None = None,
        height: int | None = None,
        duration: float | None = None,
    ) -> Attachment:
        """Upload a file, and give what an `Image`, `Audio`, `Video` or `File` says of it.

        Whoever has the link in it can read the file. One that the connection was lost for is sent again, a few times.

        Args:
            content: A path, or the bytes themselves.
            name: How it is called; the file's own name unless told. Bytes need one.
            mime: Its type, by its name unless told. What the server does not know becomes application/octet-stream.
            width: In pixels, and so is `height`; nobody measures them by itself.
            height: See `width`.
            duration: In seconds.

        Raises:
            Unacceptable: Larger than the server takes, or a name with a slash or control characters.
            LimitReached: More than the server takes from me in a day.
            InvalidArgument: Bytes without a name.
            OSError: The file cannot be read.
        """
        called = name if name is not None or isinstance(content, bytes) else Path(content).name
        if not called:
            raise InvalidArgument("bytes need a name")
        mime = mime or mimetypes.guess_type(called)[0] or UNKNOWN
        source = await asyncio.to_thread(_open, content)
        with closing(source):
            size = source.seek(0, os.SEEK_END)
            place = await ask(self._counter, RequestUpload(name=called, size=size, type=mime), Upload)
            await self._put(urljoin(_base(self._options.url), place.put), source, size)
        return Attachment(
            url=urljoin(_base(self._options.url), place.url),
            name=called,
            mime=place.type,
            size=size,
            width=width,
            height=height,
            duration=duration,
            id=place.file,
        )

    async def remove_file(self, file: str) -> None:
        """Remove a file of mine by its id (`Attachment.id`). Messages that tell of it stay, their link leads nowhere.

        Raises:
            NotFound: I have no such file.
        """
        await ask(self._counter, RemoveFile(file=file), Done)

    async def _put(self, url: str, source: BinaryIO, size: int) -> None:
        options, attempt = self._options, 0
        while True:
            source.seek(0)
            try:
                await asyncio.to_thread(
                    put, url, source, size, proxy=options.proxy, patience_s=options.limits.request_s
                )
            except (LinkDown, Unavailable):
                attempt += 1
                if attempt > options.limits.send_repeats:
                    raise
                await options.clock.sleep(options.backoff.delay_ms(attempt - 1, options.chance()) / 1000)
            else:
                return


def _open(content: str | os.PathLike[str] | bytes) -> BinaryIO:
    return io.BytesIO(content) if isinstance(content, bytes) else Path(content).open("rb")


def _base(url: str) -> str:
    """Give the address of a server's files, of that of its WebSockets."""
    parts = urlsplit(url)
    return urlunsplit((HTTP[parts.scheme], parts.netloc, "/", "", ""))
