"""How long what is said is kept, and when a page of history lacks what is not."""

import msgspec
import pytest

from unisono.domain.conversation import Membership
from unisono.domain.facts import Content, MessagePlaced
from unisono.domain.ids import Instant, SendKey, Seq, UserId
from unisono.domain.placement import Head, next_head
from unisono.domain.retention import Retention, agreed_time, kept_since, lacks_older

DAY_MS = 86_400_000
TRIMMED = Head(seq=Seq(20), messages=15, trimmed=Seq(9), gone=6)


def test_kinds_without_a_number_are_kept_for_ever() -> None:
    assert Retention().by_kind() == {}
    chosen = Retention(direct_days=1, group_days=2.5, room_days=5, temporary_days=3, service_days=4)
    assert chosen.by_kind() == {"direct": 1, "group": 2.5, "thread": 2.5, "room": 5, "temporary": 3, "service": 4}
    assert Retention(group_days=7).by_kind() == {"group": 7, "thread": 7}


@pytest.mark.parametrize("days", ["0", "0.9", "36501", '"a"'])
def test_no_less_than_a_day_and_no_more_than_a_hundred_years(days: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(f'{{"group_days": {days}}}', type=Retention)


def test_days_are_counted_back_from_now() -> None:
    assert kept_since(1.5, Instant(10 * DAY_MS)) == Instant(8 * DAY_MS + DAY_MS // 2)


def test_of_two_clocks_that_agree_the_earlier_one_counts_and_others_do_not() -> None:
    hour = 3_600_000
    for ahead in (0, 1, hour):
        assert (
            agreed_time(Instant(hour), Instant(hour + ahead))
            == agreed_time(Instant(hour + ahead), Instant(hour))
            == hour
        )
    assert agreed_time(Instant(hour), Instant(2 * hour + 1)) is None
    assert agreed_time(Instant(2 * hour + 1), Instant(hour)) is None


@pytest.mark.parametrize(
    ("head", "after", "is_newest", "has_more", "lacks"),
    [
        (TRIMMED, 0, True, False, True),
        (TRIMMED, 0, True, True, False),
        (TRIMMED, 0, False, True, True),
        (TRIMMED, 8, False, False, True),
        (TRIMMED, 9, False, False, False),
        (TRIMMED, 12, True, False, False),
        (Head(seq=Seq(20), messages=15), 0, True, False, False),
        (Head(seq=Seq(20), messages=15, trimmed=Seq(1)), 0, True, False, False),
    ],
)
def test_a_page_that_reaches_what_is_gone_lacks_it(
    head: Head, after: int, *, is_newest: bool, has_more: bool, lacks: bool
) -> None:
    assert lacks_older(head, Seq(after), is_newest=is_newest, has_more=has_more) == lacks


def test_a_trimmed_stream_stays_so_as_it_goes_on() -> None:
    said = next_head(TRIMMED, Instant(5), MessagePlaced(UserId("ann"), SendKey("k"), Content(text="hi")))
    assert (said.trimmed, said.gone, said.messages, said.oldest) == (9, 6, 16, 10)


def test_nobody_has_anything_unread_of_what_is_gone() -> None:
    assert Membership(UserId("ann"), Seq(1)).unread(TRIMMED) == 9
    assert Membership(UserId("ann"), Seq(1), passed=10, own=2).unread(TRIMMED) == 3
