"""What may be asked about files."""

from unisono.domain.commands.base import Command
from unisono.domain.files import UNKNOWN, FileName, FileSize, FileType
from unisono.domain.ids import FileIdIn


class RequestUpload(Command, frozen=True, tag="upload"):
    """Ask where to put a file of up to `size` bytes, so that messages can tell of it.

    A `type` that is not on the list of those known is kept as `application/octet-stream`.
    """

    name: FileName
    size: FileSize
    type: FileType = UNKNOWN


class RemoveFile(Command, frozen=True, tag="remove_file"):
    """Remove a file of mine. Messages that tell of it stay; the link in them leads nowhere."""

    file: FileIdIn
