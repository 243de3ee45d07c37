"""Roles, what is known of a member, who may not, and who wants to be alerted."""

import pytest
from msgspec import structs

from tests.unit.domain.stage import ANN, BOB, CAT, DAN, NOW, ROOM, places, snapshot
from unisono.domain import members as m
from unisono.domain import messages, revisions
from unisono.domain.answers import Done
from unisono.domain.commands import EditMessage, React, Restrict, SendMessage, SetLevel, SetMember, TellTyping
from unisono.domain.conversation import Decision, Membership, Snapshot, Target
from unisono.domain.errors import Forbidden, Invalid, NotFound, TooLarge
from unisono.domain.facts import (
    Content,
    ConversationExited,
    LevelSet,
    MemberChanged,
    MembersLeft,
    MembersRestricted,
    MessagePlaced,
    Restriction,
    Role,
    Rules,
)
from unisono.domain.ids import Instant, Json, SendKey, Seq, UserId
from unisono.domain.quotas import Quotas
from unisono.domain.roll import FOR_EVER

LIMITS = Quotas(attributes_bytes=64)


def placed(decision: Decision) -> list[tuple[str, object]]:
    """Give what is placed, in order; the answer is always that it is so."""
    assert decision.answer(places(decision)) == Done()
    return [(draft.stream, draft.fact) for draft in decision.drafts]


def set_member(seen: Snapshot, caller: UserId, user: UserId, **change: object) -> list[tuple[str, object]]:
    return placed(m.set_member(seen, caller, SetMember(ROOM, user, **change), LIMITS))  # type: ignore[arg-type]


# -------------------------------------------------------------------------------------------------------------- roles


def test_the_owner_gives_roles() -> None:
    seen = snapshot(ANN, BOB)
    assert set_member(seen, ANN, BOB, role="manager") == [("c/room", MemberChanged(BOB, ANN, role="manager"))]
    assert set_member(seen, ANN, BOB, role="member") == []
    assert set_member(seen, ANN, BOB) == []


def test_making_another_the_owner_hands_over() -> None:
    assert set_member(snapshot(ANN, BOB), ANN, BOB, role="owner") == [
        ("c/room", MemberChanged(BOB, ANN, role="owner")),
        ("c/room", MemberChanged(ANN, ANN, role="manager")),
    ]


@pytest.mark.parametrize(("caller", "user", "role"), [(BOB, CAT, "manager"), (BOB, BOB, "owner"), (ANN, ANN, "member")])
def test_nobody_else_gives_roles_and_an_owner_does_not_resign(caller: UserId, user: UserId, role: Role) -> None:
    with pytest.raises(Forbidden):
        set_member(snapshot(ANN, BOB, CAT, managers=(BOB,)), caller, user, role=role)


def test_there_are_no_roles_in_a_direct_conversation() -> None:
    seen = snapshot(ANN, BOB, of="direct")
    with pytest.raises(Forbidden):
        set_member(seen, ANN, BOB, role="owner")
    assert set_member(seen, ANN, ANN, attributes={"a": 1}) != []
    with pytest.raises(Forbidden):
        set_member(seen, ANN, BOB, attributes={"a": 1})


@pytest.mark.parametrize("user", [CAT, DAN])
def test_only_members_have_a_role(user: UserId) -> None:
    with pytest.raises(NotFound):
        set_member(snapshot(ANN, BOB, former=(CAT,)), ANN, user, role="manager")


# --------------------------------------------------------------------------------------------------------- attributes


def test_a_member_says_what_is_known_of_them() -> None:
    seen = snapshot(ANN, BOB)
    nick: dict[str, Json] = {"nick": "B."}
    assert set_member(seen, BOB, BOB, attributes=nick) == [("c/room", MemberChanged(BOB, BOB, attributes=nick))]
    assert set_member(seen, BOB, BOB, attributes={}) == []
    known = snapshot(ANN, others=(Membership(BOB, Seq(1), attributes=nick),))
    assert set_member(known, BOB, BOB, attributes=nick) == []
    assert set_member(known, BOB, BOB, attributes={}) == [("c/room", MemberChanged(BOB, BOB, attributes={}))]


def test_attributes_of_members_have_a_limit() -> None:
    set_member(snapshot(ANN), ANN, ANN, attributes={"a": "x" * 56})
    with pytest.raises(TooLarge):
        set_member(snapshot(ANN), ANN, ANN, attributes={"a": "x" * 57})


def test_those_above_a_member_may_say_it_too() -> None:
    seen = snapshot(ANN, BOB, CAT, DAN, managers=(BOB, DAN))
    for caller, user in ((ANN, BOB), (ANN, CAT), (BOB, CAT)):
        assert set_member(seen, caller, user, attributes={"a": 1}) != []
    for caller, user in ((BOB, ANN), (BOB, DAN), (CAT, ANN), (CAT, BOB)):
        with pytest.raises(Forbidden):
            set_member(seen, caller, user, attributes={"a": 1})


# ----------------------------------------------------------------------------------------------------------- restrict


def restrict(
    seen: Snapshot, caller: UserId, *users: UserId, what: Restriction = "silenced", **more: object
) -> list[tuple[str, object]]:
    return placed(m.restrict(seen, caller, Restrict(ROOM, users, what, **more)))  # type: ignore[arg-type]


def test_silencing_is_told_with_its_end() -> None:
    seen = snapshot(ANN, BOB)
    assert restrict(seen, ANN, BOB, CAT, BOB, for_s=60) == [
        ("c/room", MembersRestricted((BOB, CAT), ANN, "silenced", is_on=True, until=Instant(NOW + 60_000)))
    ]
    assert restrict(seen, ANN, BOB) == [("c/room", MembersRestricted((BOB,), ANN, "silenced", is_on=True))]


def test_blocking_makes_members_leave() -> None:
    assert restrict(snapshot(ANN, BOB), ANN, BOB, CAT, what="blocked") == [
        ("c/room", MembersRestricted((BOB, CAT), ANN, "blocked", is_on=True)),
        ("c/room", MembersLeft((BOB,), ANN)),
        ("u/bob", ConversationExited(ROOM, Seq(12), ANN)),
    ]
    assert [stream for stream, _ in restrict(snapshot(ANN), ANN, CAT, what="blocked")] == ["c/room"]


def restricted(until: int | None) -> Snapshot:
    """Show Bob silenced and blocked until an instant."""
    at = None if until is None else Instant(until)
    return snapshot(ANN, others=(Membership(BOB, Seq(1), blocked_until=at, silenced_until=at),))


@pytest.mark.parametrize("what", ["blocked", "silenced"])
def test_what_is_so_already_leaves_no_fact(what: Restriction) -> None:
    assert restrict(restricted(FOR_EVER), ANN, BOB, what=what) == []
    assert restrict(restricted(NOW + 60_000), ANN, BOB, what=what, for_s=60) == []
    assert restrict(restricted(NOW + 60_000), ANN, BOB, what=what) != []
    assert restrict(restricted(None), ANN, BOB, what=what, on=False) == []
    assert restrict(restricted(NOW), ANN, BOB, what=what, on=False) == []
    lifted = [("c/room", MembersRestricted((BOB,), ANN, what, is_on=False))]
    assert restrict(restricted(NOW + 1), ANN, BOB, what=what, on=False) == lifted


def test_only_a_restriction_lasts() -> None:
    with pytest.raises(Invalid):
        restrict(restricted(FOR_EVER), ANN, BOB, on=False, for_s=60)


def test_nobody_restricts_those_above_or_beside_them() -> None:
    seen = snapshot(ANN, BOB, CAT, DAN, managers=(BOB, CAT))
    assert restrict(seen, BOB, DAN) != []
    for caller, user in ((BOB, ANN), (BOB, CAT), (BOB, BOB), (ANN, ANN), (DAN, CAT)):
        with pytest.raises(Forbidden):
            restrict(seen, caller, user)


def test_the_creator_of_a_room_restricts_there() -> None:
    seen = structs.replace(snapshot(of="room", joining="open"), memberships={})
    assert restrict(seen, ANN, BOB, what="blocked") == [
        ("c/room", MembersRestricted((BOB,), ANN, "blocked", is_on=True))
    ]
    with pytest.raises(NotFound):
        restrict(seen, BOB, CAT)


def speak(seen: Snapshot) -> None:
    messages.send(seen, BOB, SendMessage(ROOM, SendKey("k"), Content(text="x")), LIMITS)


def test_who_is_silenced_does_not_speak_until_it_is_over() -> None:
    seen = restricted(NOW + 1)
    for refused in (
        lambda: speak(seen),
        lambda: messages.typing(seen, BOB, TellTyping(ROOM)),
        lambda: revisions.edit(seen, BOB, EditMessage(ROOM, Seq(3), Content(text="x")), LIMITS),
        lambda: revisions.react(seen, BOB, React(ROOM, Seq(3), "+"), LIMITS),
    ):
        with pytest.raises(Forbidden) as caught:
            refused()
        assert caught.value.numbers == {"reason": "silenced", "until": NOW + 1}
    speak(restricted(NOW))
    speak(restricted(None))


def said(seen: Snapshot) -> Snapshot:
    """Let Bob have said something at seq 3."""
    message = MessagePlaced(sender=BOB, key=SendKey("k"), content=Content(text="hello"))
    return structs.replace(seen, target=Target(Seq(3), NOW, message))


def test_calling_everybody_takes_the_role_that_the_rules_ask_for() -> None:
    seen = snapshot(ANN, BOB, rules=Rules(mention_all="manager"))
    command = SendMessage(ROOM, SendKey("k"), Content(text="x"), mention_all=True)
    with pytest.raises(Forbidden) as refused:
        messages.send(seen, BOB, command, LIMITS)
    assert refused.value.numbers["least"] == "manager"
    with pytest.raises(Forbidden):
        revisions.edit(said(seen), BOB, EditMessage(ROOM, Seq(3), Content(text="x"), mention_all=True), LIMITS)
    assert len(messages.send(seen, ANN, command, LIMITS).drafts) == 1
    assert len(messages.send(snapshot(ANN, BOB, of="direct"), BOB, command, LIMITS).drafts) == 1


# -------------------------------------------------------------------------------------------------------------- level


@pytest.mark.rows("L184", "L186")
def test_a_member_says_of_what_they_want_to_be_alerted() -> None:
    seen = snapshot(ANN, BOB)
    assert placed(m.set_level(seen, BOB, SetLevel(ROOM, "none"))) == [("u/bob", LevelSet(ROOM, "none"))]
    assert placed(m.set_level(seen, BOB, SetLevel(ROOM, "all"))) == []
    with pytest.raises(NotFound):
        m.set_level(seen, CAT, SetLevel(ROOM, "none"))
