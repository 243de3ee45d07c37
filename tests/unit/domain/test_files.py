"""Types of files: those that are harmless are told, and few are shown."""

import pytest

from unisono.domain.errors import LimitReached, TooLarge
from unisono.domain.files import (
    DAY_MS,
    KEPT,
    LEAST_BYTES,
    SHOWN,
    DayTally,
    check_day,
    check_size,
    counted_bytes,
    day_of,
    is_shown,
    kept_type,
)
from unisono.domain.quotas import Quotas


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("image/png", "image/png"),
        ("IMAGE/JPEG; charset=x", "image/jpeg"),
        (" audio/mpeg ", "audio/mpeg"),
        ("application/pdf", "application/pdf"),
        ("text/html", "application/octet-stream"),
        ("image/svg+xml", "application/octet-stream"),
        ("application/xhtml+xml", "application/octet-stream"),
        ("text/javascript", "application/octet-stream"),
        ("video/x-unheard-of", "application/octet-stream"),
        ("", "application/octet-stream"),
    ],
)
def test_a_type_is_one_of_the_list_or_unknown_bytes(said: str, kept: str) -> None:
    assert kept_type(said) == kept


def test_images_sound_and_video_are_shown_and_nothing_that_a_browser_runs() -> None:
    assert is_shown("image/png")
    assert not is_shown("application/pdf")
    assert {kind.partition("/")[0] for kind in SHOWN} == {"image", "audio", "video"}
    assert not [
        kind for kind in SHOWN | KEPT if "xml" in kind.replace("openxml", "") or "html" in kind or "script" in kind
    ]


def test_a_file_may_be_as_large_as_the_limit_and_no_larger() -> None:
    check_size(5, Quotas(file_bytes=5))
    with pytest.raises(TooLarge) as refused:
        check_size(6, Quotas(file_bytes=5))
    assert refused.value.numbers == {"what": "file", "limit_bytes": 5, "bytes": 6}


def test_a_day_may_be_filled_to_its_limit_and_not_beyond() -> None:
    limit = DayTally(bytes=10_000, files=2)
    check_day(DayTally(5_000, 1), 5_000, limit)
    with pytest.raises(LimitReached) as refused:
        check_day(DayTally(5_000, 1), 5_001, limit)
    assert refused.value.numbers == {"what": "bytes of files a day", "limit": 10_000, "asked": 10_001}
    with pytest.raises(LimitReached) as refused:
        check_day(DayTally(0, 2), 0, limit)
    assert refused.value.numbers == {"what": "files a day", "limit": 2, "asked": 3}


def test_a_file_counts_something_even_if_it_is_empty() -> None:
    """Files without bytes were free, and whoever could begin one could begin a million."""
    assert [counted_bytes(size) for size in (0, LEAST_BYTES, LEAST_BYTES + 1)] == [4096, 4096, 4097]
    with pytest.raises(LimitReached):
        check_day(DayTally(LEAST_BYTES, 1), 0, DayTally(2 * LEAST_BYTES - 1, 9))


def test_a_day_begins_at_midnight() -> None:
    assert [day_of(at) for at in (0, DAY_MS - 1, DAY_MS)] == [0, 0, 1]
