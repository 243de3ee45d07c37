"""Who is here: one link for a session, that with the highest fence."""

from tests.support.recording import RecordingLink
from tests.unit.app.stage import ALICE, BOB, attached
from unisono.app.audience import Audience
from unisono.domain.ids import SessionId

LAPTOP, PHONE = SessionId("laptop"), SessionId("phone")


def test_a_user_has_a_link_for_each_session() -> None:
    audience, laptop, phone = Audience(), RecordingLink(), RecordingLink()
    assert audience.add(attached(ALICE, laptop, session="laptop")) is None
    assert audience.add(attached(ALICE, phone, session="phone")) is None
    assert list(audience.links_of(ALICE)) == [laptop, phone]
    assert list(audience.links_of(BOB)) == []
    assert len(audience) == 2
    assert {each.session for each in audience} == {"laptop", "phone"}


def test_a_later_link_of_a_session_takes_the_place_of_the_earlier_one() -> None:
    audience, older, newer = Audience(), RecordingLink(), RecordingLink()
    first = attached(ALICE, older, session="laptop", fence=1)
    audience.add(first)
    assert audience.add(attached(ALICE, newer, session="laptop", fence=2)) is first
    assert list(audience.links_of(ALICE)) == [newer]
    assert len(audience) == 1


def test_of_two_links_with_one_fence_the_later_stays() -> None:
    audience, older, newer = Audience(), RecordingLink(), RecordingLink()
    first = attached(ALICE, older, fence=1)
    audience.add(first)
    assert audience.add(attached(ALICE, newer, fence=1)) is first
    assert list(audience.links_of(ALICE)) == [newer]


def test_a_link_with_a_lower_fence_comes_too_late() -> None:
    audience, holder, late = Audience(), RecordingLink(), RecordingLink()
    audience.add(attached(ALICE, holder, fence=5))
    loser = attached(ALICE, late, fence=4)
    assert audience.add(loser) is loser
    assert list(audience.links_of(ALICE)) == [holder]


def test_a_link_that_was_replaced_takes_nobody_along_when_it_goes() -> None:
    audience, older, newer = Audience(), RecordingLink(), RecordingLink()
    audience.add(attached(ALICE, older, session="laptop", fence=1))
    audience.add(attached(ALICE, newer, session="laptop", fence=2))
    assert audience.remove(LAPTOP, older) is None
    assert list(audience.links_of(ALICE)) == [newer]


def test_who_goes_is_given_back_once() -> None:
    audience, link = Audience(), RecordingLink()
    its = attached(ALICE, link, session="laptop")
    audience.add(its)
    assert audience.find(LAPTOP) is its
    assert audience.remove(LAPTOP, link) is its
    assert audience.remove(LAPTOP, link) is None
    assert audience.find(LAPTOP) is None
    assert list(audience.links_of(ALICE)) == []


def test_nobody_who_was_never_here_can_go() -> None:
    assert Audience().remove(PHONE, RecordingLink()) is None


def test_links_can_come_and_go_while_one_walks_over_all() -> None:
    audience = Audience()
    for user in (ALICE, BOB):
        audience.add(attached(user, RecordingLink()))
    for each in audience:
        audience.remove(each.session, each.link)
    assert len(audience) == 0
