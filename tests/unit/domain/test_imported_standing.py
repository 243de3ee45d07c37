"""What users were in a conversation comes along once, takes nothing from anybody, and is told where it cannot come."""

import pytest
from msgspec import structs

from tests.unit.domain.stage import ANN, BOB, CAT, DAN, EVE, NOW, ROOM, places, snapshot
from unisono.domain.conversation import Decision, Membership, Snapshot
from unisono.domain.facts import (
    ConversationEntered,
    ConversationKind,
    Fact,
    MemberChanged,
    MembersLeft,
    MembersRestricted,
)
from unisono.domain.facts import ConversationExited as Exited
from unisono.domain.ids import NO_SEQ, Instant, SendKey, Seq, UserId, conversation_stream, user_stream
from unisono.domain.imported_standing import ImportedStanding, Kept, take_standing
from unisono.domain.importing import ImportedConversation, NotTaken, TakenIn, TakenOver, Why, take_over
from unisono.domain.quotas import Quotas
from unisono.domain.roll import FOR_EVER

STREAM = conversation_stream(ROOM)
HEAD_AT = 3_000


def given(*pairs: tuple[UserId, Kept]) -> list[ImportedStanding]:
    return [ImportedStanding(user, what) for user, what in pairs]


def told(decision: Decision) -> TakenIn:
    answer = decision.answer(places(decision))
    assert isinstance(answer, TakenIn)
    return answer


def facts(decision: Decision) -> list[Fact]:
    return [draft.fact for draft in decision.drafts]


def left(user: UserId, why: Why, what: Kept) -> NotTaken:
    return NotTaken(ROOM, why, id=what, user=user)


def test_managers_and_who_may_not_speak_or_come_are_what_they_were() -> None:
    decision = take_standing(
        snapshot(ANN, BOB, CAT, DAN),
        ROOM,
        given((BOB, "manager"), (CAT, "silenced"), (DAN, "blocked"), (EVE, "blocked")),
    )
    assert facts(decision) == [
        MemberChanged(BOB, by=ANN, role="manager"),
        MembersRestricted((CAT,), by=ANN, what="silenced", is_on=True),
        MembersRestricted((DAN,), by=ANN, what="blocked", is_on=True),
        MembersLeft((DAN,), by=ANN),
        Exited(ROOM, Seq(14), ANN),
        MembersRestricted((EVE,), by=ANN, what="blocked", is_on=True),
    ]
    # The time of the conversation stands still: messages of the time between still fit behind it.
    assert {(draft.stream, draft.at) for draft in decision.drafts} == {(STREAM, HEAD_AT), (user_stream(DAN), None)}
    assert [(draft.sender, draft.key) for draft in decision.drafts if draft.key] == [
        (BOB, "lc: manager"),
        (CAT, "lc: silenced"),
        (DAN, "lc: blocked"),
        (EVE, "lc: blocked"),
    ]
    assert told(decision) == TakenIn(4, 0)


def test_what_was_brought_once_is_left_as_it_is_here_since() -> None:
    """Somebody was let speak again here: the next import of the same silences nobody."""
    before = structs.replace(
        snapshot(ANN, BOB, CAT),
        taken=frozenset({(BOB, SendKey("lc: manager")), (CAT, SendKey("lc: silenced"))}),
    )
    decision = take_standing(before, ROOM, given((BOB, "manager"), (CAT, "silenced")))
    assert (decision.drafts, told(decision)) == ((), TakenIn(0, 2))


def test_what_is_so_already_is_known_also_within_one_decision() -> None:
    before = snapshot(
        ANN,
        managers=(BOB,),
        others=(
            Membership(BOB, Seq(1), role="manager"),
            Membership(CAT, NO_SEQ, until=NO_SEQ, blocked_until=FOR_EVER),
            Membership(DAN, Seq(1), silenced_until=Instant(NOW + 1)),
        ),
    )
    decision = take_standing(
        before,
        ROOM,
        given((BOB, "manager"), (ANN, "owner"), (CAT, "blocked"), (DAN, "silenced"), (DAN, "silenced")),
    )
    # What is so already is said once more, for the keys; what ends by itself here is for ever there.
    assert facts(decision) == [
        MemberChanged(BOB, by=ANN, role="manager"),
        MembersRestricted((CAT,), by=ANN, what="blocked", is_on=True),
        MembersRestricted((DAN,), by=ANN, what="silenced", is_on=True),
    ]
    assert [draft.key for draft in decision.drafts] == ["lc: manager", "lc: blocked", "lc: silenced"]
    assert told(decision) == TakenIn(1, 4)


def test_a_conversation_has_one_owner() -> None:
    decision = take_standing(snapshot(ANN, BOB, CAT), ROOM, given((BOB, "owner"), (BOB, "manager")))
    changed = MemberChanged(BOB, by=ANN, role="manager")
    assert facts(decision) == [changed, changed]
    assert [draft.key for draft in decision.drafts] == ["lc: owner", "lc: manager"]
    assert told(decision) == TakenIn(1, 1, (left(BOB, "second_owner", "owner"),))
    # Its creator has left it: somebody else owned it there.
    alone = take_standing(
        snapshot(BOB, CAT, former=(ANN,)), ROOM, given((CAT, "owner"), (CAT, "manager"), (BOB, "owner"))
    )
    owner = MemberChanged(CAT, by=ANN, role="owner")
    assert facts(alone) == [owner, owner, MemberChanged(BOB, by=ANN, role="manager")]
    assert told(alone) == TakenIn(2, 1, (left(BOB, "second_owner", "owner"),))


def test_who_handed_a_conversation_on_here_does_not_get_it_back() -> None:
    here = snapshot(
        ANN,
        BOB,
        others=(Membership(ANN, Seq(1), role="member"), Membership(BOB, Seq(1), role="owner")),
    )
    decision = take_standing(here, ROOM, given((ANN, "owner"), (BOB, "owner")))
    assert facts(decision) == [MemberChanged(BOB, by=ANN, role="owner")]
    assert told(decision) == TakenIn(0, 2)


def test_who_is_sent_away_has_no_role_any_more() -> None:
    decision = take_standing(snapshot(ANN, BOB), ROOM, given((BOB, "blocked"), (BOB, "manager"), (BOB, "blocked")))
    assert told(decision) == TakenIn(1, 1, (left(BOB, "role_of_stranger", "manager"),))


@pytest.mark.parametrize(
    ("before", "user", "what", "why"),
    [
        (snapshot(ANN, BOB), EVE, "manager", "role_of_stranger"),
        (snapshot(ANN, former=(BOB,)), BOB, "manager", "role_of_stranger"),
        (snapshot(ANN, BOB), ANN, "blocked", "owner_restricted"),
        (snapshot(of="room"), ANN, "silenced", "owner_restricted"),
        (snapshot(of="service"), BOB, "blocked", "kind_without"),
        (snapshot(of="service"), BOB, "manager", "kind_without"),
        (snapshot(ANN, BOB), CAT, "subscriber", "kind_without"),
        (Snapshot(now=NOW), BOB, "manager", "conversation_unknown"),
        (snapshot(), BOB, "manager", "conversation_over"),
    ],
)
def test_what_cannot_be_is_told(before: Snapshot, user: UserId, what: Kept, why: Why) -> None:
    decision = take_standing(before, ROOM, given((user, what)))
    assert (decision.drafts, told(decision)) == ((), TakenIn(0, 0, (left(user, why, what),)))


def test_who_was_erased_here_is_nothing_any_more() -> None:
    decision = take_standing(snapshot(ANN, BOB), ROOM, given((BOB, "manager")), erased={BOB})
    assert (decision.drafts, told(decision).not_taken) == ((), (left(BOB, "user_erased", "manager"),))


def test_people_are_kept_out_of_rooms() -> None:
    decision = take_standing(snapshot(of="room"), ROOM, given((BOB, "blocked"), (CAT, "silenced")))
    assert [fact.users for fact in facts(decision) if isinstance(fact, MembersRestricted)] == [(BOB,), (CAT,)]
    assert len(decision.drafts) == 2


def test_subscribers_come_but_nobody_who_ever_was_one_here() -> None:
    before = snapshot(BOB, former=(CAT,), of="service")
    decision = take_standing(
        before, ROOM, given((BOB, "subscriber"), (CAT, "subscriber"), (DAN, "subscriber"), (DAN, "subscriber"))
    )
    assert [(draft.stream, draft.fact, draft.key) for draft in decision.drafts] == [
        (user_stream(DAN), ConversationEntered(ROOM, Seq(10), ANN), None)
    ]
    assert told(decision) == TakenIn(1, 3)


@pytest.mark.parametrize("of", ["group", "service"])
def test_a_later_export_brings_nobody_back_who_is_blocked_here(of: ConversationKind) -> None:
    """Who was blocked after the first import came back with the second one, which had them in `m`."""
    blocked = Membership(CAT, Seq(1), until=Seq(6), blocked_until=FOR_EVER)
    was_blocked = Membership(DAN, Seq(1), until=Seq(6), blocked_until=Instant(NOW - 1))
    before = snapshot(ANN, BOB, others=(blocked, was_blocked), of=of)
    record = ImportedConversation(
        ROOM,
        of,  # type: ignore[arg-type]  # no direct ones here
        ANN,
        Instant(1_000),
        Instant(2_500),
        (ANN, BOB, CAT, DAN),
        name="tea",
        attributes={"colour": "green"},
    )
    decision = take_over(before, record, Quotas())
    answer = decision.answer(places(decision))
    assert isinstance(answer, TakenOver)
    assert answer.not_taken == (NotTaken(ROOM, "blocked_here", user=CAT),)
    entered = [draft.stream for draft in decision.drafts if isinstance(draft.fact, ConversationEntered)]
    assert entered == [user_stream(DAN)]
