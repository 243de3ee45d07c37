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


class DayQuota(Struct, frozen=True):
    """How many bytes the files may have that one user began to upload since an instant `since`."""

    since: int
    limit_bytes: int


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


def check_day(before_bytes: int, size: int, quota: DayQuota) -> None:
    """Refuse a file with which the user's of the day have more bytes than they may.

    Raises:
        LimitReached: Beyond the limit; exactly the limit is fine.
    """
    if before_bytes + size > quota.limit_bytes:
        raise LimitReached(what="bytes of files a day", limit=quota.limit_bytes, asked=before_bytes + size)
