"""Headers of a file's answer: which part of it is wanted, and what a browser is to do with it."""

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from aiohttp import hdrs
from msgspec import Struct

_RANGE: Final = re.compile(r"bytes=([0-9]{1,16})?-([0-9]{1,16})?")
_PLAIN: Final = re.compile(r"[^A-Za-z0-9 ._()+-]")


class Part(Struct, frozen=True):
    """So many bytes of a file from one on, counted from 0; `is_part` if that was asked for."""

    first: int
    size: int
    is_part: bool = False


def wanted(headers: Mapping[str, str], size: int, etag: str) -> Part | None:
    """Give what a request asks for of a file of `size` bytes (RFC 9110, section 14); None where there is no such part.

    Several parts at once, and what cannot be read, are answered with the whole, as the standard allows.
    """
    whole = Part(0, size)
    found = _RANGE.fullmatch(headers.get(hdrs.RANGE, "").strip())
    if found is None or headers.get(hdrs.IF_RANGE, etag) != etag:
        return whole
    first, last = (None if text is None else int(text) for text in found.groups())
    if first is None:
        # The last so many.
        count = min(last or 0, size)
        return whole if last is None else Part(size - count, count, is_part=True) if count else None
    if last is not None and last < first:
        return whole
    if first >= size:
        return None
    return Part(first, min(size - 1 if last is None else last, size - 1) - first + 1, is_part=True)


def disposition(name: str, *, is_shown: bool) -> str:
    """Say that a file is shown or saved, and under which name (RFC 6266)."""
    plain = _PLAIN.sub("_", name)
    return f"{'inline' if is_shown else 'attachment'}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
