"""How facts change who is on the roll, and as what."""

import pytest

from tests.unit.domain.stage import ANN, BOB, NOW
from unisono.domain import roll
from unisono.domain.answers import MemberView
from unisono.domain.commands import Roll
from unisono.domain.conversation import Membership
from unisono.domain.facts import ConversationCreated, MemberChanged, MembersRestricted
from unisono.domain.ids import Instant, Seq

AT = Seq(7)
FULL = Membership(
    BOB,
    Seq(2),
    Seq(5),
    role="manager",
    attributes={"nick": "B."},
    level="none",
    blocked_until=Instant(NOW),
    silenced_until=Instant(NOW + 1),
)


def test_the_creator_owns_what_can_be_owned() -> None:
    group = ConversationCreated(by=ANN, of="group", members=(ANN, BOB))
    direct = ConversationCreated(by=ANN, of="direct", members=(ANN, BOB))
    assert [roll.founded(group, user, AT).role for user in (ANN, BOB)] == ["owner", "member"]
    assert [roll.founded(direct, user, AT).role for user in (ANN, BOB)] == ["member", "member"]


def test_who_leaves_keeps_their_read_mark_and_restrictions_alone() -> None:
    gone = roll.left(FULL, AT)
    assert gone == Membership(BOB, Seq(2), Seq(5), AT, blocked_until=Instant(NOW), silenced_until=Instant(NOW + 1))
    again = roll.joined(gone, BOB, Seq(9))
    assert again == Membership(BOB, Seq(9), Seq(5), blocked_until=Instant(NOW), silenced_until=Instant(NOW + 1))
    assert roll.joined(None, BOB, AT) == Membership(BOB, AT)


def test_a_change_leaves_what_it_does_not_name() -> None:
    assert roll.changed(FULL, MemberChanged(BOB, ANN, role="member")).attributes == {"nick": "B."}
    assert roll.changed(FULL, MemberChanged(BOB, ANN, attributes={"a": 1})).attributes == {"a": 1}
    emptied = roll.changed(FULL, MemberChanged(BOB, ANN, attributes={}))
    assert (emptied.role, emptied.attributes) == ("manager", None)


def test_a_stranger_may_be_restricted_and_is_no_member_by_that() -> None:
    fact = MembersRestricted((BOB,), ANN, "blocked", is_on=True)
    place = roll.restricted(None, BOB, fact)
    assert (place.blocked_until, place.silenced_until) == (roll.FOR_EVER, None)
    assert not place.is_member
    assert not place.was_member
    ended = roll.restricted(place, BOB, MembersRestricted((BOB,), ANN, "blocked", is_on=False))
    assert ended == roll.stranger(BOB)
    timed = roll.restricted(None, BOB, MembersRestricted((BOB,), ANN, "silenced", is_on=True, until=Instant(9)))
    assert (timed.blocked_until, timed.silenced_until) == (None, 9)


def test_who_speaks_is_known_and_a_member_counts_what_they_said() -> None:
    assert roll.heard(FULL, BOB).own == FULL.own + 1
    assert roll.heard(None, BOB) == roll.stranger(BOB)
    gone = roll.left(FULL, AT)
    assert roll.heard(gone, BOB) == gone


@pytest.mark.parametrize(("who", "is_on"), [("members", True), ("muted", True), ("blocked", False), ("silenced", True)])
def test_everybody_is_on_the_lists_they_belong_on(who: Roll, is_on: bool) -> None:
    assert roll.is_on(FULL, who, Instant(NOW)) == is_on


def test_who_left_is_on_no_list_but_those_of_the_restricted() -> None:
    gone = roll.left(FULL, AT)
    assert [who for who in ("members", "muted", "blocked", "silenced") if roll.is_on(gone, who, Instant(0))] == [
        "blocked",
        "silenced",
    ]
    assert not roll.is_on(roll.stranger(BOB), "members", NOW)
    assert not roll.is_on(Membership(BOB, AT), "muted", NOW)


def test_a_list_shows_until_when_only_of_the_restricted() -> None:
    assert roll.shown(FULL, "members") == MemberView(BOB, "manager", {"nick": "B."}, delivered=Seq(5), read=Seq(5))
    assert roll.shown(FULL, "silenced").until == NOW + 1
    assert roll.shown(Membership(BOB, AT, silenced_until=roll.FOR_EVER), "silenced") == MemberView(BOB)


def test_the_list_of_members_shows_how_far_each_has_come() -> None:
    came = Membership(BOB, AT, read=Seq(3), delivered=Seq(5))
    assert roll.shown(came, "members") == MemberView(BOB, delivered=Seq(5), read=Seq(3))
    assert roll.shown(Membership(BOB, AT, read=Seq(6), delivered=Seq(5)), "members").delivered == 6
    assert roll.shown(came, "muted") == MemberView(BOB)
