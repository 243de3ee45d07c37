"""Limits an operator can change, on both sides of each edge."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unisono.domain.errors import Invalid, LimitReached, TooLarge
from unisono.domain.facts import Content
from unisono.domain.quotas import Quotas, check_attributes, check_content, check_member_count

SMALL = Quotas(members_per_conversation=3, message_bytes=256, attributes_bytes=64)


def content_of(size: int, filler: str = "x") -> Content:
    """Make a content whose JSON form has exactly `size` bytes."""
    empty = len(msgspec.json.encode(Content(data={"a": ""})))
    return Content(data={"a": filler * (size - empty)})


def test_a_message_of_exactly_the_limit_passes_and_one_byte_more_does_not() -> None:
    check_content(content_of(256), SMALL)
    with pytest.raises(TooLarge) as caught:
        check_content(content_of(257), SMALL)
    assert dict(caught.value.numbers) == {"what": "message", "limit_bytes": 256, "bytes": 257}


@given(st.text(max_size=300))
def test_text_alone_is_measured_as_exactly_as_anything(text: str) -> None:
    """The quick look at short texts must never let one through that is too long in JSON."""
    content = Content(text=text)
    if len(msgspec.json.encode(content)) <= SMALL.message_bytes:
        check_content(content, SMALL)
    else:
        with pytest.raises(TooLarge):
            check_content(content, SMALL)


@pytest.mark.parametrize("text", ["\x01" * 40, "\U0001f600" * 61, "x" * 245])
def test_the_longest_texts_of_each_kind_pass_and_one_character_more_does_not(text: str) -> None:
    check_content(Content(text=text), SMALL)
    with pytest.raises(TooLarge):
        check_content(Content(text=text + text[0]), SMALL)


def test_type_0_is_reserved() -> None:
    check_content(Content(type=1, text="x"), SMALL)
    with pytest.raises(Invalid):
        check_content(Content(type=0, text="x"), SMALL)


def test_a_message_says_something() -> None:
    for content in (Content(text=""), Content(attributes={}), Content(data={})):
        check_content(content, SMALL)
    with pytest.raises(Invalid):
        check_content(Content(), SMALL)


def test_attributes_of_exactly_the_limit_pass_and_one_byte_more_do_not() -> None:
    check_attributes(None, SMALL)
    check_attributes({"a": "x" * 56}, SMALL)
    with pytest.raises(TooLarge) as caught:
        check_attributes({"a": "x" * 57}, SMALL)
    assert dict(caught.value.numbers) == {"what": "attributes", "limit_bytes": 64, "bytes": 65}


def test_members_up_to_the_limit_pass_and_one_more_does_not() -> None:
    check_member_count(3, SMALL)
    with pytest.raises(LimitReached) as caught:
        check_member_count(4, SMALL)
    assert dict(caught.value.numbers) == {"what": "members", "limit": 3, "asked": 4}


@pytest.mark.parametrize(
    ("name", "lowest", "highest"),
    [
        ("members_per_conversation", 2, 100_000),
        ("message_bytes", 256, 1_048_576),
        ("attributes_bytes", 64, 1_048_576),
        ("sessions_per_user", 1, 100_000),
    ],
)
def test_each_limit_has_a_range(name: str, lowest: int, highest: int) -> None:
    for good in (lowest, highest):
        assert getattr(msgspec.convert({name: good}, Quotas), name) == good
    for bad in (lowest - 1, highest + 1):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert({name: bad}, Quotas)
