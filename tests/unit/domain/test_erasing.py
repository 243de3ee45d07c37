"""A user who is erased leaves everywhere, and what facts say of them is emptied."""

import pytest
from msgspec import structs

from tests.unit.domain.stage import ANN, BOB, CAT, EVE, ROOM, places, snapshot
from unisono.domain.answers import Done
from unisono.domain.conversation import Decision, Snapshot, Target
from unisono.domain.erasing import leave, scrubbed, take_off
from unisono.domain.facts import (
    Content,
    ConversationExited,
    ConversationKind,
    Fact,
    Label,
    MemberChanged,
    MembersLeft,
    MessagePlaced,
    MessageReacted,
    SessionEnded,
    SessionOpened,
)
from unisono.domain.ids import DeviceId, Instant, Platform, SendKey, Seq, SessionId, Tag, user_stream

WEB = Platform("web")
PHONE = Label(WEB, "Ann's phone", "1.2")
MESSAGE = MessagePlaced(BOB, SendKey("k"), Content(text="hello"))
NOWHERE = structs.replace(snapshot(ANN), conversation=None, memberships={})


def facts(decision: Decision) -> list[Fact]:
    assert decision.answer(places(decision)) == Done() or decision.drafts[0].stream == user_stream(ANN)
    return [draft.fact for draft in decision.drafts]


@pytest.mark.parametrize("of", ["direct", "temporary"])
def test_they_leave_by_themselves_also_where_members_are_fixed(of: ConversationKind) -> None:
    left, exited = facts(leave(snapshot(ANN, BOB, of=of), ANN))
    assert left == MembersLeft((ANN,), by=ANN)
    assert exited == ConversationExited(ROOM, Seq(11), by=ANN)


def test_somebody_else_owns_what_they_owned() -> None:
    assert MemberChanged(CAT, by=ANN, role="owner") in facts(leave(snapshot(ANN, BOB, CAT, managers=(CAT,)), ANN))


def test_they_subscribe_to_nothing() -> None:
    assert facts(leave(snapshot(ANN, of="service"), ANN)) == [ConversationExited(ROOM, Seq(10), by=ANN)]


@pytest.mark.parametrize("seen", [snapshot(BOB), snapshot(BOB, former=(ANN,)), NOWHERE])
def test_who_is_gone_is_left_alone(seen: Snapshot) -> None:
    assert facts(leave(seen, ANN)) == []


def test_their_reactions_go_wherever_they_are_by_now() -> None:
    target = Target(Seq(4), Instant(1), MESSAGE, {"👍": frozenset((ANN, EVE))})
    seen = structs.replace(snapshot(BOB, former=(ANN,)), target=target)
    assert facts(take_off(seen, ANN, "👍")) == [MessageReacted(Seq(4), ANN, "👍", is_on=False)]
    for gone in (structs.replace(seen, target=None), structs.replace(seen, conversation=None)):
        assert facts(take_off(gone, ANN, "👍")) == []
    assert facts(take_off(seen, ANN, "🎉")) == facts(take_off(seen, BOB, "👍")) == []


@pytest.mark.parametrize(
    ("fact", "left"),
    [
        (
            MemberChanged(ANN, by=BOB, role="manager", attributes={"nick": "Annie"}),
            MemberChanged(ANN, by=BOB, role="manager", attributes={}),
        ),
        (
            SessionOpened(SessionId("s"), DeviceId("d"), PHONE, Tag("t")),
            SessionOpened(SessionId("s"), DeviceId("d"), Label(WEB)),
        ),
        (
            SessionEnded(SessionId("s"), DeviceId("d"), "displaced", PHONE),
            SessionEnded(SessionId("s"), DeviceId("d"), "displaced", Label(WEB)),
        ),
        (
            SessionEnded(SessionId("s"), DeviceId("d"), "closed", why="lost by Ann"),
            SessionEnded(SessionId("s"), DeviceId("d"), "closed"),
        ),
    ],
)
def test_what_facts_say_of_them_is_emptied(fact: Fact, left: Fact) -> None:
    assert scrubbed(fact) == left
    assert scrubbed(left) == left


@pytest.mark.parametrize(
    "fact", [MemberChanged(ANN, by=ANN, role="owner"), SessionEnded(SessionId("s"), DeviceId("d"), "closed"), MESSAGE]
)
def test_what_says_nothing_of_them_stays(fact: Fact) -> None:
    assert scrubbed(fact) is fact
