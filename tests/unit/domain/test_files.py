"""Types of files: those that are harmless are told, and few are shown."""

import pytest

from unisono.domain.errors import LimitReached, TooLarge
from unisono.domain.files import KEPT, SHOWN, DayQuota, check_day, check_size, is_shown, kept_type
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
    check_day(3, 2, DayQuota(since=0, limit_bytes=5))
    with pytest.raises(LimitReached) as refused:
        check_day(3, 3, DayQuota(since=0, limit_bytes=5))
    assert (refused.value.numbers["limit"], refused.value.numbers["asked"]) == (5, 6)
