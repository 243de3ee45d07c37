"""Who subscribes to what the operator says, and what is said there."""

from collections.abc import Callable

import pytest
from msgspec import structs

from tests.unit.domain.stage import ANN, BOB, CAT, NOW, ROOM, group, places, snapshot
from tests.unit.domain.test_membership import KEY, LIMITS, NEW, creation, facts
from unisono.domain import announcing as a
from unisono.domain import membership as m
from unisono.domain import subscribing as s
from unisono.domain.answers import ConversationView, Membership, Placed
from unisono.domain.commands import CreateConversation
from unisono.domain.conversation import Conversation, Decision, Snapshot
from unisono.domain.errors import Forbidden, Invalid, NotFound, TooLarge
from unisono.domain.facts import (
    Content,
    ConversationCreated,
    ConversationEntered,
    ConversationExited,
    ConversationMade,
    Joining,
    MessagePlaced,
)
from unisono.domain.ids import OPERATOR, Epoch, Instant, Seq, user_stream
from unisono.domain.placement import Place

SAID = Content(text="We move tonight.")


def service(*subscribers: str, joining: Joining = "open", **more: object) -> Snapshot:
    """Make what a decision sees of a conversation of the operator's, in Ann's name."""
    return snapshot(*subscribers, of="service", joining=joining, **more)  # type: ignore[arg-type]


def talk(seen: Snapshot) -> Conversation:
    """Give the conversation that is there."""
    assert seen.conversation is not None
    return seen.conversation


def answered(decision: Decision) -> Membership:
    """Give the answer to who came or went: it names nobody."""
    answer = decision.answer(places(decision))
    assert isinstance(answer, Membership)
    assert answer == Membership(ROOM, ())
    return answer


def test_who_subscribes_is_told_and_nobody_else_is() -> None:
    decision = m.join(service(BOB), CAT, LIMITS)
    assert facts(decision) == {"u/cat": ConversationEntered(conversation=ROOM, seq=Seq(10), by=CAT)}
    answered(decision)
    assert m.join(service(BOB), BOB, LIMITS).drafts == ()


def test_more_than_a_group_may_have_subscribe() -> None:
    crowded = service(BOB)
    crowded = structs.replace(crowded, conversation=structs.replace(talk(crowded), member_count=1_000_000))
    assert m.join(crowded, CAT, LIMITS).drafts


def test_nobody_subscribes_uninvited_to_what_is_closed() -> None:
    with pytest.raises(NotFound):
        m.join(service(joining="invited"), CAT, LIMITS)
    decision = s.admit(service(joining="invited"), CAT)
    assert facts(decision) == {"u/cat": ConversationEntered(conversation=ROOM, seq=Seq(10), by=ANN)}


def test_who_quits_sees_up_to_there_and_quits_once() -> None:
    decision = m.quit_(service(BOB), BOB)
    assert facts(decision) == {"u/bob": ConversationExited(conversation=ROOM, seq=Seq(10), by=BOB)}
    answered(decision)
    assert m.quit_(service(former=(BOB,)), BOB).drafts == ()
    dismissed = s.dismiss(service(BOB), BOB)
    assert facts(dismissed) == {"u/bob": ConversationExited(conversation=ROOM, seq=Seq(10), by=ANN)}
    assert s.dismiss(service(), CAT).drafts == ()


@pytest.mark.parametrize(("first_at", "since"), [(999, 1), (1_000, 10), (NOW, 10)])
def test_what_is_for_all_is_seen_from_its_beginning_by_who_was_known_before(first_at: int, since: int) -> None:
    decision = s.enroll(service(BOB), CAT, first_at=Instant(first_at))
    assert facts(decision) == {"u/cat": ConversationEntered(conversation=ROOM, seq=Seq(since), by=ANN)}


def test_who_subscribes_or_has_quit_is_not_enrolled() -> None:
    seen = service(BOB, former=(CAT,))
    assert [s.enroll(seen, user, first_at=NOW).drafts for user in (BOB, CAT)] == [(), ()]


def test_the_operator_alone_creates_such_a_conversation() -> None:
    with pytest.raises(Forbidden):
        creation(CreateConversation(key=KEY, of="service"))
    decision = a.found(Snapshot(now=NOW), a.Founding(KEY, ANN, "all", "invited", "News", {"a": 1}), NEW, LIMITS)
    assert facts(decision) == {
        "c/new": ConversationCreated(
            by=ANN, of="service", members=(), name="News", attributes={"a": 1}, audience="all"
        ),
        "u/ann": ConversationMade(NEW, "service"),
    }
    view = decision.answer(places(decision, first=1))
    assert isinstance(view, ConversationView)
    assert (view.conversation, view.of, view.is_new, view.role, view.count) == (NEW, "service", True, None, 0)


def test_its_key_gives_it_back_and_nothing_else() -> None:
    earlier = Place(user_stream(ANN), Epoch(1), Seq(1), NOW)
    seen = structs.replace(service(), earlier=earlier)
    again = a.found(seen, a.Founding(KEY, ANN), NEW, LIMITS)
    view = again.answer(())
    assert isinstance(view, ConversationView)
    assert (again.drafts, view.conversation, view.is_new) == ((), ROOM, False)
    for other in (structs.replace(seen, conversation=group(ANN)), structs.replace(seen, conversation=None)):
        with pytest.raises(NotFound):
            a.found(other, a.Founding(KEY, ANN), NEW, LIMITS)


def test_its_attributes_have_the_limit_of_all() -> None:
    with pytest.raises(TooLarge):
        a.found(Snapshot(now=NOW), a.Founding(KEY, ANN, attributes={"a": "x" * 99}), NEW, LIMITS)


def test_an_announcement_has_its_place_in_the_name_of_the_conversation() -> None:
    decision = a.announce(service(BOB), a.Announcement(KEY, SAID, {"alert": "Hi!"}), LIMITS)
    (draft,) = decision.drafts
    assert draft.fact == MessagePlaced(ANN, KEY, SAID, push={"alert": "Hi!"})
    assert (draft.stream, draft.sender, draft.key) == ("c/room", OPERATOR, KEY)
    assert decision.answer(places(decision)) == Placed(draft.stream, Epoch(1), Seq(11), NOW)
    earlier = Place(draft.stream, Epoch(1), Seq(7), NOW, is_repeat=True)
    repeated = a.announce(structs.replace(service(BOB), earlier=earlier), a.Announcement(KEY, SAID), LIMITS)
    assert (repeated.drafts, repeated.answer(())) == ((), Placed(draft.stream, Epoch(1), Seq(7), NOW))


def test_the_operator_says_nothing_where_users_talk_nor_what_messages_cannot_say() -> None:
    refused: tuple[tuple[type[Exception], Callable[[], Decision]], ...] = (
        (Forbidden, lambda: a.announce(snapshot(ANN, BOB), a.Announcement(KEY, SAID), LIMITS)),
        (NotFound, lambda: a.announce(Snapshot(now=NOW), a.Announcement(KEY, SAID), LIMITS)),
        (Invalid, lambda: a.announce(service(), a.Announcement(KEY, Content()), LIMITS)),
        (TooLarge, lambda: a.announce(service(), a.Announcement(KEY, SAID, {"a": "x" * 9999}), LIMITS)),
        (Forbidden, lambda: s.enroll(snapshot(ANN), BOB, first_at=NOW)),
        (Forbidden, lambda: s.admit(snapshot(ANN), BOB)),
        (Forbidden, lambda: s.dismiss(snapshot(ANN, BOB), BOB)),
    )
    for fault, decide in refused:
        with pytest.raises(fault):
            decide()
