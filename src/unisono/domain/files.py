"""What files may be called and be, and which of them a browser may show.

A page of the server's own address must not run what a stranger uploaded. So a type is one of a list that no browser
runs, and what is not on it is kept as bytes that nobody knows; and only images, sound and video are shown, anything
else is offered for saving.
"""

from typing import Annotated, Final

from msgspec import Meta, Struct

from unisono.domain.errors import LimitReached, TooLarge
from unisono.domain.quotas import Quotas

NAME_MAX_CHARS: Final = 255
TYPE_MAX_CHARS: Final = 127
DAY_MS: Final = 86_400_000
LEAST_BYTES: Final = 4096
"""What a file counts at least: one that is empty, or lies elsewhere, has a row here all the same."""
UNKNOWN: Final = "application/octet-stream"

SHOWN: Final = frozenset(
    {
        *("image/png", "image/jpeg", "image/gif", "image/webp", "image/avif", "image/bmp", "image/heic", "image/heif"),
        *("audio/mpeg", "audio/mp4", "audio/aac", "audio/ogg", "audio/opus", "audio/wav", "audio/webm", "audio/flac"),
        *("audio/amr", "audio/x-wav", "audio/x-m4a", "audio/3gpp"),
        *("video/mp4", "video/webm", "video/ogg", "video/quicktime", "video/3gpp", "video/x-matroska"),
    }
)
"""Types that a browser may show where it is. SVG is not one of them: it is a document with scripts."""
KEPT: Final = frozenset(
    {
        *("text/plain", "text/csv", "application/json", "application/pdf", "application/rtf", "application/epub+zip"),
        *(
            "application/zip",
            "application/gzip",
            "application/x-7z-compressed",
            "application/x-tar",
            "application/vnd.rar",
        ),
        *("application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint"),
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        *("application/vnd.oasis.opendocument.text", "application/vnd.oasis.opendocument.spreadsheet"),
        "application/vnd.oasis.opendocument.presentation",
        *("application/vnd.android.package-archive", UNKNOWN),
    }
)
"""Types that are told as they were said, of files that are saved, not shown."""

# Control characters would break headers; a slash would be taken for a folder by whoever saves the file.
FileName = Annotated[
    str, Meta(min_length=1, max_length=NAME_MAX_CHARS, pattern=r"^[^\x00-\x1f\x7f-\x9f/\\]+(?![\s\S])")
]
FileType = Annotated[
    str, Meta(max_length=TYPE_MAX_CHARS, pattern=r"^[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+(?![\s\S])")
]
FileSize = Annotated[int, Meta(ge=0, le=1 << 40)]


class DayTally(Struct, frozen=True):
    """What is begun to upload on one day, or may be: so many bytes, as `counted_bytes` has them, in so many files."""

    bytes: int = 0
    files: int = 0


class DayLimits(Struct, frozen=True):
    """What may be begun on one day by an owner, and, within that, from one `source`, of files that have one."""

    owner: DayTally
    source: DayTally


def kept_type(said: str) -> str:
    """Give the type that a file has here: the one said, without parameters, or that of unknown bytes."""
    plain = said.partition(";")[0].strip().lower()
    return plain if plain in SHOWN or plain in KEPT else UNKNOWN


def is_shown(kind: str) -> bool:
    """Say if a browser may show a file of this type where it is."""
    return kind in SHOWN


def check_size(size: int, quotas: Quotas) -> None:
    """Refuse a file larger than `file_bytes`.

    Raises:
        TooLarge: Beyond the limit.
    """
    if size > quotas.file_bytes:
        raise TooLarge(what="file", limit_bytes=quotas.file_bytes, bytes=size)


def day_of(at: int) -> int:
    """Give the day of an instant, in UTC, counted from 1970 on."""
    return at // DAY_MS


def counted_bytes(size: int) -> int:
    """Give what a file of `size` bytes counts."""
    return max(size, LEAST_BYTES)


def check_day(before: DayTally, size: int, limit: DayTally) -> None:
    """Refuse a file of `size` bytes with which those of the day are more than they may be.

    Raises:
        LimitReached: Beyond the limit; exactly the limit is fine.
    """
    if (asked := before.bytes + counted_bytes(size)) > limit.bytes:
        raise LimitReached(what="bytes of files a day", limit=limit.bytes, asked=asked)
    if (asked := before.files + 1) > limit.files:
        raise LimitReached(what="files a day", limit=limit.files, asked=asked)
